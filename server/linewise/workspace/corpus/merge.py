"""The partitions of a corpus put together: sums of integers, so in any order the same."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from attrs import field, frozen

from linewise.errors import LinewiseError
from linewise.rationale.statistics.counts import Counted, Schema, TallyError
from linewise.rationale.statistics.tally import Tally, total
from linewise.workspace.corpus.output import CorpusOutput
from linewise.workspace.corpus.partition import Outcome, Row
from linewise.workspace.scan.line_statistics import FileLines
from linewise.workspace.scan.records import LINE
from linewise.workspace.scan.totals import Totals

TOTALS = "totals.npz"
_AT_ONCE = 32
_SIDES = ("sums", "control")
_LINE_COLUMNS = (
    *("repository", "path", "unit", "kind", "name", "first_line", "last_line"),
    *("lines", "logits", "statements", "calibrated"),
)


@frozen
class Merged:
    """What came of all partitions; ``problems`` as in `Outcome`."""

    files: int
    lines: int
    units: int
    explained: int
    tokens: int
    problems: tuple[tuple[str, str, str], ...] = field(repr=False)


def merged(outcomes: Iterable[Outcome]) -> Merged:
    """Add up what came of partitions."""
    found = list(outcomes)
    sums = {
        name: sum(getattr(each, name) for each in found)
        for name in ("files", "lines", "units", "explained", "tokens")
    }
    return Merged(**sums, problems=tuple(sorted(p for each in found for p in each.problems)))


def totals_of(output: CorpusOutput, names: Sequence[str], schema: Schema) -> Totals:
    """Return the rationales of the partitions called ``names``; files are resampled as wholes."""
    whole, waiting = Totals.empty(schema), iter(names)
    while portion := list(islice(waiting, _AT_ONCE)):
        parts = [_totals(output, name, schema) for name in portion]
        whole = Totals(
            *(total(schema, (getattr(each, side) for each in (whole, *parts))) for side in _SIDES)
        )
    return whole


def write_totals(totals: Totals, folder: Path) -> None:
    """Write `TOTALS` into a folder: arrays of integers, for `read_totals` and for numpy."""
    arrays = {
        f"{side}.{name}": array
        for side in _SIDES
        for name, array in getattr(totals, side).as_arrays().items()
    }
    partial = folder / f".{TOTALS}.partial"
    with partial.open("wb") as file:
        np.savez_compressed(file, **arrays)
    partial.replace(folder / TOTALS)


def read_totals(folder: Path) -> Totals:
    """Return what `write_totals` wrote.

    Raises
    ------
    LinewiseError
        If there is nothing, or it is damaged.
    """
    try:
        with np.load(folder / TOTALS, allow_pickle=False) as arrays:
            sides: list[dict[str, Any]] = [
                {
                    name.removeprefix(f"{side}."): arrays[name]
                    for name in arrays.files
                    if name.startswith(f"{side}.")
                }
                for side in _SIDES
            ]
        return Totals(*(Tally.from_arrays(each) for each in sides))
    except (OSError, ValueError, KeyError, TallyError) as error:
        raise LinewiseError(
            f"{folder / TOTALS} cannot be read ({error}); run the scan again: it only merges"
        ) from error


def files_of(
    output: CorpusOutput, names: Sequence[str], statements: Sequence[str]
) -> Iterator[FileLines]:
    """Yield the files of partitions with their lines, one at a time, for `line_statistics`."""
    place = {name: number for number, name in enumerate(statements)}
    for name in names:
        units: list[Row] = []
        for row in output.rows(name, _LINE_COLUMNS):
            if units and row["unit"] == 0:
                yield _file(units, place)
                units = []
            units.append(row)
        if units:
            yield _file(units, place)


def _totals(output: CorpusOutput, name: str, schema: Schema) -> Totals:
    rows = list(output.rows(name, ("repository", "path", "sums", "control_sums")))
    sides = []
    for column in ("sums", "control_sums"):
        parts = (
            (f"{row['repository']}/{row['path']}", Counted.from_bytes(row[column]))
            for row in rows
            if row[column] is not None
        )
        sides.append(Tally.gathered(schema, parts))
    return Totals(*sides)


def _file(units: Sequence[Row], place: dict[str, int]) -> FileLines:
    counts = [len(each["lines"]) for each in units]
    rows = np.empty(sum(counts), LINE)
    rows["line"] = np.array([line - 1 for each in units for line in each["lines"]], np.int64)
    rows["unit"] = np.repeat([each["unit"] for each in units], counts)
    rows["logit"] = [logit for each in units for logit in each["logits"]]
    rows["statement"] = [place[kind] for each in units for kind in each["statements"]]
    rows["known"] = [known for each in units for known in each["calibrated"]]
    return FileLines(
        f"{units[0]['repository']}/{units[0]['path']}",
        units[-1]["last_line"],
        rows,
        [
            (each["kind"], each["name"], each["first_line"] - 1, each["last_line"] - 1)
            for each in units
        ],
    )
