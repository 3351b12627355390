"""Reading one partition: its files, their units, and what the model says of each.

What it yields depends on the files and the model alone, not on where or how often it runs.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from attrs import define, field, frozen

from linewise.analysis.lines import count_lines
from linewise.errors import LinewiseError
from linewise.files import Skipped, Source, decode_source, decoded_source, read_source
from linewise.rationale.explain_text import ExplainedText
from linewise.settings import Settings
from linewise.workspace.corpus.plan import Item, Partition, open_parquet
from linewise.workspace.scan.records import HEAD, LINE, Rows, UnitRationale
from linewise.workspace.scan.scan import Instruments
from linewise.workspace.scan.scoring import ShownUnit, line_rows, read_units, shown_units

Row = dict[str, Any]
"""A unit, by the columns of `output.SCHEMA`."""


@define
class Outcome:
    """What came of a partition.

    ``problems`` are (repository, path, reason) of files that could not be read. ``tokens`` counts
    those of the units' inputs. When it ``began`` and ``ended``, in seconds since 1970, is not
    stored.
    """

    name: str
    key: str
    files: int = 0
    lines: int = 0
    units: int = 0
    explained: int = 0
    tokens: int = 0
    problems: list[tuple[str, str, str]] = field(factory=list)
    began: float = 0.0
    ended: float = 0.0


@frozen(eq=False)
class _Unit:
    """What is known of a unit: it may stand in many files."""

    heads: Rows
    rationale: UnitRationale | None


def read_partition(
    partition: Partition, instruments: Instruments, settings: Settings, statements: Sequence[str]
) -> tuple[Outcome, list[Row]]:
    """Read all files of a partition and return what came of it, and a row per unit.

    ``statements`` names the kinds of statements, as in `Reader`. A file that cannot be read is one
    of the outcome's problems.

    Raises
    ------
    LinewiseError
        If the model fails.
    """
    outcome, rows = Outcome(partition.name, partition.key, began=time.time()), []
    known: dict[bytes, _Unit] = {}
    for item, source in _sources(partition, settings):
        try:
            if isinstance(source, Skipped):
                raise _UnreadError(source.reason)
            text = ExplainedText(source.text, names=settings.names)
            found = list(_rows(item, text, instruments, statements, known))
        except _UnreadError as error:
            outcome.problems.append((item.repository, item.path, str(error)))
            continue
        except LinewiseError:
            raise
        except Exception as error:  # noqa: BLE001 - one file must not cost the others their result
            reason = f"could not be scored ({type(error).__name__}: {error}); please report this"
            outcome.problems.append((item.repository, item.path, reason))
            continue
        rows += found
        outcome.files += 1
        outcome.lines += count_lines(text.text)
        outcome.units += len(found)
        outcome.explained += sum(row["sums"] is not None for row in found)
        outcome.tokens += sum(row["tokens"] for row in found)
    outcome.ended = time.time()
    return outcome, rows


class _UnreadError(Exception):
    """A file is none that can be scored."""


def _sources(partition: Partition, settings: Settings) -> Iterator[tuple[Item, Source | Skipped]]:
    if partition.group < 0:
        for item in partition.items:
            yield item, read_source(Path(partition.source, item.path), settings)
        return
    try:
        contents = _contents(partition)
    except (OSError, ValueError) as error:
        for item in partition.items:
            yield item, Skipped(f"its Parquet file cannot be read ({error})".partition("\n")[0])
        return
    for item, (path, content) in zip(partition.items, contents, strict=True):
        yield item, _decoded(path, content, settings)


def _contents(partition: Partition) -> list[tuple[Any, Any]]:
    """Return paths and contents of the rows, as far as the file still says the same."""
    first, last = partition.items[0].row, partition.items[-1].row
    found: dict[int, tuple[Any, Any]] = {}
    at = 0
    opened = open_parquet(Path(partition.source))
    columns = ["path", "content"]
    for batch in opened.iter_batches(256, row_groups=[partition.group], columns=columns):
        if at + len(batch) > first:
            rows = batch.to_pydict()
            pairs = zip(rows["path"], rows["content"], strict=True)
            found |= {at + place: pair for place, pair in enumerate(pairs)}
        at += len(batch)
        if at > last:
            break
    return [found[item.row] for item in partition.items]


def _decoded(path: Any, content: Any, settings: Settings) -> Source | Skipped:
    if not path:
        return Skipped("the row has no path")
    if isinstance(content, bytes):
        return decode_source(content, settings)
    if isinstance(content, str):
        return decoded_source(content, settings)
    return Skipped("the row's content is no text")


def _rows(
    item: Item,
    text: ExplainedText,
    instruments: Instruments,
    statements: Sequence[str],
    known: dict[bytes, _Unit],
) -> Iterator[Row]:
    shown = shown_units(text, instruments.tokenizer)
    _read(text, shown, instruments, known)
    units = [known[each.key] for each in shown]
    lines = np.empty(0, LINE)
    if instruments.engine is not None:
        lines = line_rows(instruments.engine, text, shown, [each.heads for each in units])
    for ordinal, (each, unit) in enumerate(zip(shown, units, strict=True)):
        own = lines[lines["unit"] == ordinal]
        rationale = unit.rationale
        yield {
            "repository": item.repository,
            "path": item.path,
            "unit": ordinal,
            "kind": str(each.unit.kind),
            "name": each.unit.name,
            "first_line": each.unit.first_line + 1,
            "last_line": each.unit.last_line + 1,
            "tokens": each.tokens,
            "key": each.key,
            "lines": (own["line"].astype(np.int64) + 1).tolist(),
            "logits": own["logit"].tolist(),
            "statements": [statements[kind] for kind in own["statement"].tolist()],
            "calibrated": own["known"].astype(bool).tolist(),
            **_rationale(rationale, instruments),
        }


def _read(
    text: ExplainedText,
    shown: Sequence[ShownUnit],
    instruments: Instruments,
    known: dict[bytes, _Unit],
) -> None:
    """Make known what is not: score units, then explain each."""
    unread = list({each.key: each for each in shown if each.key not in known}.values())
    heads: dict[bytes, Rows] = {each.key: np.empty(0, HEAD) for each in unread}
    if instruments.engine is not None:
        for portion in read_units(instruments.engine, text, unread, _never):
            heads |= {each.key: rows for each, rows in portion}
    for each in unread:
        rationale = None
        if instruments.rationalizer is not None:
            rationale = instruments.rationalizer.explain(text, each, heads[each.key], _never)
        known[each.key] = _Unit(heads[each.key], rationale)


def _rationale(found: UnitRationale | None, instruments: Instruments) -> Row:
    if found is None or instruments.rationalizer is None:
        return {"rationale": None, "control": None, "sums": None, "control_sums": None}
    schema = instruments.rationalizer.method.schema
    names = ("target", "category", "tokens", "positive", "negative")
    return {
        "rationale": [dict(zip(names, row, strict=True)) for row in found.sums.pairs(schema)],
        "control": [dict(zip(names, row, strict=True)) for row in found.control.pairs(schema)],
        "sums": found.sums.to_bytes(),
        "control_sums": found.control.to_bytes(),
    }


def _never() -> bool:
    return False


def plain(outcome: Outcome) -> str:
    """Return what is stored of an outcome: all but how long it took."""
    fields = ("name", "key", "files", "lines", "units", "explained", "tokens", "problems")
    return json.dumps({name: getattr(outcome, name) for name in fields}, sort_keys=True)


Heard = Callable[[Outcome], None]
"""Told about each partition once it is stored."""
