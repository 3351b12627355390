"""Rationales added up: by file in the store, by folder and altogether from there.

All sums are integers (`rationale.statistics.tally`), so neither the order of files nor how often a
scan was interrupted changes a bit of what they say.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from itertools import islice

from attrs import frozen

from linewise.rationale.statistics.counts import Counted, Schema
from linewise.rationale.statistics.tally import Tally
from linewise.workspace.scan.store import READ, Store

_PORTION = 500


@frozen(eq=False)
class Totals:
    """The rationales of many units, and those of random ones of their sizes."""

    sums: Tally
    control: Tally

    @classmethod
    def empty(cls, schema: Schema) -> Totals:
        """Return those of no unit."""
        return cls(Tally.empty(schema), Tally.empty(schema))

    def merge(self, other: Totals) -> Totals:
        """Return those of the units of both."""
        return Totals(self.sums.merge(other.sums), self.control.merge(other.control))

    def without(self, part: Totals) -> Totals:
        """Return those of the units that are not in ``part``."""
        return Totals(self.sums.without(part.sums), self.control.without(part.control))


def add_up_files(store: Store, reader: int, method: int) -> int:
    """Add up the rationales of files where that was not done since they changed; count these."""
    with store.database.reading() as rows:
        stale = rows.execute(
            "SELECT readings.id, count(*) AS explained FROM readings "
            "JOIN placements ON placements.reading = readings.id "
            "JOIN rationales ON rationales.unit = placements.unit AND rationales.method = :method "
            "WHERE readings.reader = :reader GROUP BY readings.id "
            "HAVING explained IS NOT (SELECT totals.explained FROM totals "
            "WHERE totals.reading = readings.id AND totals.method = :method)",
            {"reader": reader, "method": method},
        ).fetchall()
    waiting = iter(stale)
    while portion := list(islice(waiting, _PORTION)):
        with store.database.writing() as rows:
            for reading, explained in portion:
                blobs = rows.execute(
                    "SELECT sums, control FROM placements "
                    "JOIN rationales ON rationales.unit = placements.unit "
                    "WHERE placements.reading = ? AND rationales.method = ? AND sums IS NOT NULL",
                    (reading, method),
                ).fetchall()
                sums, control = (
                    Counted.merged(Counted.from_bytes(row[side]) for row in blobs).to_bytes()
                    for side in (0, 1)
                )
                # Another process may have replaced the reading since it was listed.
                rows.execute(
                    "INSERT OR REPLACE INTO totals (reading, method, explained, sums, control) "
                    "SELECT id, ?, ?, ?, ? FROM readings WHERE id = ?",
                    (method, explained, sums, control, reading),
                )
    return len(stale)


def totals_by(
    store: Store,
    reader: int,
    method: int,
    schema: Schema,
    *,
    within: bytes,
    part_of: Callable[[str], str],
) -> dict[str, Totals]:
    """Return the totals of the files below ``within`` by part, which ``part_of`` says of a path."""
    add_up_files(store, reader, method)
    found: dict[str, Totals] = {}
    waiting = _files(store, reader, method, within)
    while portion := list(islice(waiting, _PORTION)):
        for name in dict.fromkeys(part_of(path) for path, *_ in portion):
            mine = [each for each in portion if part_of(each[0]) == name]
            totals = Totals(
                Tally.gathered(schema, ((path, sums) for path, sums, _ in mine)),
                Tally.gathered(schema, ((path, control) for path, _, control in mine)),
            )
            found[name] = found[name].merge(totals) if name in found else totals
    return found


def _files(
    store: Store, reader: int, method: int, within: bytes
) -> Iterator[tuple[str, Counted, Counted]]:
    with store.database.reading() as rows:
        query = (
            f"SELECT path, sums, control FROM files JOIN readings ON {READ} "  # noqa: S608
            "JOIN totals ON totals.reading = readings.id "
            "WHERE readings.reader = ? AND method = ? AND substr(path, 1, ?) = ? ORDER BY path"
        )
        for path, sums, control in rows.execute(query, (reader, method, len(within), within)):
            yield os.fsdecode(path), Counted.from_bytes(sums), Counted.from_bytes(control)
