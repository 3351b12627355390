"""The scores of a file's lines as a scan stored them, read by a calibration: no model is asked."""

from __future__ import annotations

import os
from collections.abc import Iterator
from sqlite3 import Connection

import numpy as np
from attrs import field, frozen

from linewise.probe.manifest import Calibration
from linewise.results import LineScore
from linewise.workspace.scan.records import LINE, Rows
from linewise.workspace.scan.store import READ, Store


@frozen(eq=False)
class StoredFile:
    """A file as it was scanned: its path below the root, what it said, and its array of `LINE`.

    ``length`` counts all of its lines.
    """

    path: str
    content: bytes
    length: int
    reading: int
    lines: Rows = field(repr=False)


def stored_files(store: Store, reader: int, within: bytes) -> Iterator[StoredFile]:
    """Yield the files below ``within`` that the reader has read as they are now, by path.

    Each is read by itself, so that nobody waits and nothing is held.
    """
    after = within
    while True:
        with store.database.reading() as rows:
            row = rows.execute(
                "SELECT path, files.content, length, readings.id, lines FROM files "  # noqa: S608
                f"JOIN readings ON {READ} "
                "WHERE path > ? AND substr(path, 1, ?) = ? AND reader = ? ORDER BY path LIMIT 1",
                (after, len(within), within, reader),
            ).fetchone()
        if row is None:
            return
        after, content, length, number, lines = row
        yield StoredFile(os.fsdecode(after), content, length, number, np.frombuffer(lines, LINE))


def line_scores(store: Store, file: StoredFile, calibration: Calibration) -> tuple[LineScore, ...]:
    """Return what `Engine.score` says of the file's lines, in line order."""
    with store.database.reading() as rows:
        units = _units(rows, file.reading)
    values = calibration.line(file.lines["logit"])
    ranks = np.empty(len(values), int)
    ranks[np.argsort(-values, kind="stable")] = np.arange(1, len(values) + 1)
    fitted_here = calibration.source == "workspace"
    return tuple(
        LineScore(
            int(row["line"]),
            float(value),
            int(rank),
            units.get(int(row["unit"]), ""),
            fitted_here or bool(row["known"]),
        )
        for row, value, rank in zip(file.lines, values, ranks, strict=True)
    )


def _units(rows: Connection, reading: int) -> dict[int, str]:
    found = rows.execute("SELECT ordinal, name FROM placements WHERE reading = ?", (reading,))
    return dict(found.fetchall())
