"""Where a corpus's partitions lie: one Parquet file each, there in whole or not at all.

``units/NAME.parquet`` has a row per unit, and in its metadata what came of the partition. A file is
written under another name and renamed, so it may be written twice, by two workers, without harm.
``corpus.json`` says what all of them were made by; it is never another after the first one.
"""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import cattrs
from attrs import frozen
from filelock import FileLock, Timeout

from linewise.analysis.lines import without_surrogates
from linewise.errors import LinewiseError
from linewise.settings import Settings
from linewise.workspace.corpus.partition import Outcome, Row, plain
from linewise.workspace.corpus.plan import PARQUET, Partition, open_parquet
from linewise.workspace.scan.records import Method, Reader

VERSION = 1
"""Of what lies in the folder; another one is refused."""
_METADATA = b"linewise"


@frozen
class Identity:
    """What partitions must share to lie in one folder: who read them, how, within which limits."""

    reader: Reader
    method: Method | None
    settings: Settings

    def plain(self) -> dict[str, Any]:
        """Return it as JSON."""
        # Absent where there are none: folders from before there was the setting stay theirs.
        named = {"builtins": sorted(names)} if (names := self.settings.names) else {}
        return {
            "version": VERSION,
            "reader": cattrs.unstructure(self.reader),
            "method": None if self.method is None else cattrs.unstructure(self.method),
            "max_file_lines": self.settings.max_file_lines,
            "max_file_bytes": self.settings.max_file_bytes,
            **named,
        }


class CorpusOutput:
    """The output folder of a scan. One process drives it; any number of workers write to it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._units = folder / "units"

    @contextmanager
    def driven(self, identity: Identity) -> Iterator[None]:
        """Make the folder this process's to drive, and check that it is of the same identity.

        Raises
        ------
        LinewiseError
            If it cannot be written, another process drives it, or it holds something else.
        """
        try:
            self._units.mkdir(parents=True, exist_ok=True)
            with FileLock(self.folder / ".lock").acquire(blocking=False):
                self._identify(identity)
                for left in self._units.glob(".*.partial"):
                    left.unlink(missing_ok=True)
                yield
        except Timeout:
            raise LinewiseError(
                f"another scan is writing to {self.folder}: wait for it, or choose another folder"
            ) from None
        except OSError as error:
            raise LinewiseError(
                f"{self.folder}: cannot be written ({error.strerror or error}); what is there is "
                "complete, and the same command goes on from it"
            ) from error

    def pending(self, planned: Sequence[Partition]) -> list[Partition]:
        """Return the partitions that are not stored yet, or of which a file has changed.

        What is left of other partitions of the same corpora, as they were cut before, is deleted.

        Raises
        ------
        LinewiseError
            If there are partitions of other corpora.
        """
        labels = {each.name.partition(".")[0] for each in planned}
        names = {each.name for each in planned}
        stored = {path.stem: path for path in self._units.glob(f"[!.]*{PARQUET}")}
        if strange := {name.partition(".")[0] for name in stored} - labels:
            raise LinewiseError(
                f"{self.folder} holds another corpus ({', '.join(sorted(strange))}): name it too, "
                "or choose another folder"
            )
        for name in stored.keys() - names:
            stored[name].unlink(missing_ok=True)
        return [each for each in planned if not self._is_done(each)]

    def store(self, outcome: Outcome, rows: Iterable[Row]) -> None:
        """Store a partition, in whole or not at all; what was stored of it before is replaced.

        Raises
        ------
        OSError
            If it cannot be written.
        """
        import pyarrow as pa
        import pyarrow.parquet as pq

        schema = _schema()
        columns: dict[str, list[Any]] = {name: [] for name in schema.names}
        for row in rows:
            for name, values in columns.items():
                value = row[name]
                values.append(without_surrogates(value) if isinstance(value, str) else value)
        table = pa.table(columns, schema=schema).replace_schema_metadata(
            {_METADATA: plain(outcome).encode()}
        )
        partial = self._units / f".{outcome.name}.{uuid.uuid4().hex}.partial"
        try:
            with partial.open("wb") as file:
                pq.write_table(table, file, compression="zstd")
                file.flush()
                os.fsync(file.fileno())
            partial.replace(self._path(outcome.name))
        finally:
            with suppress(OSError):
                partial.unlink(missing_ok=True)

    def outcome(self, name: str) -> Outcome | None:
        """Return what came of a partition, None if it is not stored or cannot be read."""
        try:
            metadata = open_parquet(self._path(name)).schema_arrow.metadata or {}
            raw = json.loads(metadata[_METADATA])
            return Outcome(**{**raw, "problems": [tuple(each) for each in raw["problems"]]})
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def rows(self, name: str, columns: Sequence[str]) -> Iterator[Row]:
        """Yield some columns of a stored partition's units, in order of files and lines."""
        for batch in open_parquet(self._path(name)).iter_batches(1024, columns=list(columns)):
            yield from batch.to_pylist()

    def _identify(self, identity: Identity) -> None:
        path, wanted = self.folder / "corpus.json", identity.plain()
        if not path.exists():
            partial = path.with_name(f".{path.name}.partial")
            partial.write_text(json.dumps(wanted, indent=1) + "\n", "utf-8")
            partial.replace(path)
            return
        try:
            found = json.loads(path.read_text("utf-8"))
        except ValueError:
            found = None
        if found != json.loads(json.dumps(wanted)):
            raise LinewiseError(
                f"{self.folder} holds a scan by another model, method, limit or version of "
                "Linewise: choose another folder"
            )

    def _is_done(self, partition: Partition) -> bool:
        found = self.outcome(partition.name)
        return found is not None and found.key == partition.key

    def _path(self, name: str) -> Path:
        return self._units / f"{name}{PARQUET}"


def _schema() -> Any:
    import pyarrow as pa

    pair = pa.struct(
        [
            ("target", pa.string()),
            ("category", pa.string()),
            ("tokens", pa.int64()),
            ("positive", pa.float64()),
            ("negative", pa.float64()),
        ]
    )
    return pa.schema(
        [
            ("repository", pa.string()),
            ("path", pa.string()),
            ("unit", pa.int32()),
            ("kind", pa.string()),
            ("name", pa.string()),
            ("first_line", pa.int32()),
            ("last_line", pa.int32()),
            ("tokens", pa.int32()),
            ("key", pa.binary(32)),
            ("lines", pa.list_(pa.int32())),
            ("logits", pa.list_(pa.float32())),
            ("statements", pa.list_(pa.string())),
            ("calibrated", pa.list_(pa.bool_())),
            ("rationale", pa.list_(pair)),
            ("control", pa.list_(pair)),
            ("sums", pa.binary()),
            ("control_sums", pa.binary()),
        ]
    )
