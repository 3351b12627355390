"""What a corpus consists of, and how it is cut into partitions that are read independently.

A corpus is a folder of code or a Parquet file of it (columns ``path``, ``content`` and perhaps
``repository``). A folder's files are dealt to partitions by a hash of their path, so that a new
file changes one partition and not all of them; a Parquet file is cut where its rows lie, since
reading rows from all over it would read it many times.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import cattrs
from attrs import field, frozen

from linewise.errors import LinewiseError
from linewise.results import Omission
from linewise.workspace.scan.walk import Globs, entry_of, python_files

if TYPE_CHECKING:
    from pyarrow.parquet import ParquetFile

FILES = 64
"""About how many files a partition has: what a kill can cost a worker."""
PARQUET = ".parquet"
_TEXTS = ("string", "large_string", "string_view")


@frozen
class Item:
    """A file of a corpus. ``stamp`` differs once it was changed; ``row`` is its place, or -1."""

    path: str
    stamp: str
    repository: str
    row: int = -1


@frozen(slots=False)
class Partition:
    """Files that are read together; ``source`` is the folder or Parquet file they lie in.

    ``group`` is their row group, -1 in a folder.
    """

    name: str
    source: str
    group: int
    items: tuple[Item, ...] = field(repr=False)

    @cached_property
    def key(self) -> str:
        """What changes with any of its files."""
        plain = json.dumps([self.source, *(cattrs.unstructure(each) for each in self.items)])
        return hashlib.sha256(plain.encode()).hexdigest()


def label_of(corpus: Path) -> str:
    """Return what the names of a corpus's partitions have before their dot: its own per path."""
    digest = hashlib.sha256(os.fsencode(corpus)).hexdigest()[:8]
    return f"{re.sub(r'[^A-Za-z0-9]+', '-', corpus.stem).strip('-') or 'corpus'}-{digest}"


def partitions(
    corpora: Sequence[Path],
    globs: Globs,
    said: Callable[[str], None],
    omit: Callable[[Omission], None] = lambda _: None,
    *,
    files: int = FILES,
) -> tuple[Partition, ...]:
    """Cut corpora (absolute paths) into partitions of about ``files`` files, always the same way.

    ``said`` hears of Parquet files that cannot be read, the others are; ``omit`` of what is not
    looked at of folders (`walk.python_files`).

    Raises
    ------
    LinewiseError
        If there is nothing to read, or pyarrow is missing.
    """
    found: list[Partition] = []
    for corpus in dict.fromkeys(corpora):
        if corpus.suffix != PARQUET:
            found += _of_folder(corpus, globs, files, omit)
            continue
        try:
            found += _of_parquet(corpus, globs, files)
        except (OSError, ValueError) as error:
            said(f"{corpus} is left out: it cannot be read as Parquet ({_first_line(error)})")
    if not found:
        raise LinewiseError("there is no Python file (a path that ends in .py) in what was named")
    return tuple(found)


def open_parquet(path: Path) -> ParquetFile:
    """Open a Parquet file.

    Raises
    ------
    LinewiseError
        If pyarrow is missing.
    OSError, ValueError
        If it cannot be read.
    """
    try:
        from pyarrow.parquet import ParquetFile
    except ImportError:
        raise LinewiseError(
            "corpora are read and written with pyarrow: `pip install pyarrow`"
        ) from None
    return ParquetFile(path)


def _of_folder(
    folder: Path, globs: Globs, files: int, omit: Callable[[Omission], None]
) -> list[Partition]:
    found = {}

    def wants(path: Path) -> bool:
        return globs.allow(path.relative_to(folder).as_posix())

    for path in python_files(folder, wants, omit):
        if (entry := entry_of(folder, path)) is not None:
            stamp = f"{entry.size} {entry.modified}"
            name = os.fsdecode(entry.path)
            found[name] = Item(name, stamp, folder.name)
    # A power of two, so that a few files more or less leave most partitions as they are.
    count = 1 << max(0, (len(found) - 1) // files).bit_length()
    dealt: dict[int, list[Item]] = {}
    for name in sorted(found):
        digest = hashlib.sha256(os.fsencode(name)).digest()
        dealt.setdefault(int.from_bytes(digest[:8]) % count, []).append(found[name])
    label = label_of(folder)
    return [
        Partition(f"{label}.{number:05d}-of-{count:05d}", str(folder), -1, tuple(dealt[number]))
        for number in sorted(dealt)
    ]


def _of_parquet(path: Path, globs: Globs, files: int) -> Iterator[Partition]:
    opened = open_parquet(path)
    names = set(opened.schema_arrow.names)
    if missing := {"path", "content"} - names:
        raise ValueError(f"it has no column {' nor '.join(sorted(missing))}")
    for name in ("path", "repository"):
        if name in names and str(opened.schema_arrow.field(name).type) not in _TEXTS:
            raise ValueError(f"its column {name} holds no text")
    columns = ["path", *({"repository"} & names)]
    status, label = path.stat(), label_of(path)
    stamp = f"{status.st_size} {status.st_mtime_ns}"
    wanted = _matching(globs)
    for group in range(opened.num_row_groups):
        begin = 0
        for batch in opened.iter_batches(files, row_groups=[group], columns=columns):
            rows = batch.to_pylist()
            items = tuple(
                Item(
                    row["path"] or f"row {begin + place} of group {group}",
                    stamp,
                    row.get("repository") or path.stem,
                    begin + place,
                )
                for place, row in enumerate(rows)
                if wanted(row["path"])
            )
            if items:
                yield Partition(f"{label}.{group:05d}-{begin:08d}", str(path), group, items)
            begin += len(rows)


def _matching(globs: Globs) -> Callable[[str | None], bool]:
    def matching(path: str | None) -> bool:
        if not path:
            return True  # it is named when it cannot be read
        return path.endswith(".py") and globs.allow(path)

    return matching


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
