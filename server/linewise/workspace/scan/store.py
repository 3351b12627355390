"""The store: files, units and rationales of a workspace, each written as a whole or not at all.

What a reader made of a unit is kept under the hash of what it was shown, so it is computed once,
whatever becomes of the files that hold it. A file's own rows are replaced in one transaction:
nothing is counted twice, and a process that is killed loses only what it had in hand.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from types import TracebackType

import numpy as np
from attrs import asdict, astuple

from linewise.analysis.units import UnitKind
from linewise.workspace.scan.basis import Basis
from linewise.workspace.scan.database import Database, DatabaseError, open_database
from linewise.workspace.scan.entry import Entry
from linewise.workspace.scan.location import path_of
from linewise.workspace.scan.records import (
    HEAD,
    LINE,
    KnownUnit,
    Method,
    Placement,
    Reader,
    Reading,
    Rows,
    UnitRationale,
)

_PORTION = 500
"""Rows that are written or asked for at once."""
_SPARE_UNITS = 10_000
"""How many units that stand in no file any more are kept: branches are switched back and forth."""

_SURVEY = """
CREATE TEMP TABLE IF NOT EXISTS found (
  path BLOB PRIMARY KEY, size INTEGER, modified INTEGER, changed INTEGER, inode INTEGER,
  most_lines INTEGER, most_bytes INTEGER, refusal TEXT, facts TEXT
) WITHOUT ROWID;
CREATE TEMP TABLE IF NOT EXISTS pending (path BLOB PRIMARY KEY) WITHOUT ROWID;
DELETE FROM found;
DELETE FROM pending;
"""
_IS_CURRENT = """
files.settled AND files.size = found.size AND files.modified = found.modified
AND files.changed = found.changed AND files.inode = found.inode
AND ((files.problem IS NOT NULL AND files.basis = found.refusal) OR (
  readings.content = files.content AND readings.basis = found.facts
  AND readings.length <= found.most_lines AND files.size <= found.most_bytes AND NOT EXISTS (
    SELECT 1 FROM placements LEFT JOIN rationales
    ON rationales.unit = placements.unit AND rationales.method = :method
    WHERE :method IS NOT NULL AND placements.reading = readings.id AND rationales.unit IS NULL
  )
))
"""
READ = "readings.file = files.id AND readings.content = files.content"
"""Joins readings with their files, but those that another reader has found changed since."""
_FOUND = """
found LEFT JOIN files ON files.path = found.path
LEFT JOIN readings ON readings.file = files.id AND readings.reader = :reader
"""


class NothingScannedError(DatabaseError):
    """There is no store of the workspace."""


class Store:
    """The store of one workspace. Used from one thread; closed by ``with``."""

    def __init__(self, database: Database) -> None:
        self.database = database

    @classmethod
    def open(cls, root: Path, said: Callable[[str], None], folder: Path | None = None) -> Store:
        """Open the store of the workspace at ``root``, making it if need be.

        ``folder`` is the editor's storage path; without one it is the user's state folder.
        ``said`` hears what a person should know.

        Raises
        ------
        DatabaseError
            As `open_database`.
        """
        return cls(open_database(path_of(root, folder), said))

    @classmethod
    def open_existing(
        cls, root: Path, said: Callable[[str], None], folder: Path | None = None
    ) -> Store:
        """Open the store of a workspace that was scanned before.

        Raises
        ------
        DatabaseError
            As `open`, and if nothing was scanned there.
        """
        if not path_of(root, folder).exists():
            raise NothingScannedError(
                f"nothing was scanned in {root} yet; run `linewise scan {root}`"
            )
        return cls.open(root, said, folder)

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close it."""
        self.database.close()

    def reader_id(self, reader: Reader) -> int:
        """Return the id of a reader, which it gets when first asked for."""
        with self.database.writing() as rows:
            rows.execute(
                "INSERT OR IGNORE INTO readers (model, identity, probe, statements) "
                "VALUES (?, ?, ?, ?)",
                reader.row(),
            )
            return _one(
                rows,
                "SELECT id FROM readers WHERE identity = ? AND probe = ? AND statements = ?",
                reader.row()[1:],
            )

    def method_id(self, method: Method) -> int:
        """Return the id of a method, which it gets when first asked for."""
        with self.database.writing() as rows:
            rows.execute(
                "INSERT OR IGNORE INTO methods (name, target, options, schema) VALUES (?, ?, ?, ?)",
                method.row(),
            )
            return _one(
                rows,
                "SELECT id FROM methods "
                "WHERE name = ? AND target = ? AND options = ? AND schema = ?",
                method.row(),
            )

    def survey(
        self, entries: Iterable[tuple[Entry, Basis]], reader: int, method: int | None
    ) -> tuple[int, int]:
        """Take in what is there now; return how many files that is, and how many need reading.

        A file needs reading if it changed, or if the reader has not read it on this basis, or one
        of its units has no rationale by ``method`` yet. The lists are kept on disk, not in memory.
        """
        # These tables are the connection's own: nobody waits for the walk.
        with self.database.reading() as rows:
            for statement in _SURVEY.split(";"):
                rows.execute(statement)
        waiting = iter(entries)
        while portion := list(islice(waiting, _PORTION)):
            with self.database.reading() as rows:
                # Of an unmerged file, git lists every stage.
                rows.executemany(
                    "INSERT OR IGNORE INTO found VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    ((*astuple(entry), *astuple(basis)) for entry, basis in portion),
                )
        with self.database.reading() as rows:
            rows.execute(
                f"INSERT INTO pending SELECT found.path FROM {_FOUND} "  # noqa: S608
                f"WHERE NOT coalesce(({_IS_CURRENT}), 0)",
                {"reader": reader, "method": method},
            )
            return (
                _one(rows, "SELECT count(*) FROM found"),
                _one(rows, "SELECT count(*) FROM pending"),
            )

    def pending(self) -> Iterator[bytes]:
        """Yield the paths that `survey` found to need reading, in order."""
        after = b""
        while True:
            with self.database.reading() as rows:
                row = rows.execute(
                    "SELECT path FROM pending WHERE path > ? ORDER BY path LIMIT 1", (after,)
                ).fetchone()
            if row is None:
                return
            after = row[0]
            yield after

    def is_current(self, entry: Entry, basis: Basis, reader: int, method: int | None) -> bool:
        """Whether a file need not be read: another process may have done so since the survey."""
        with self.database.reading() as rows:
            found = "(SELECT :path path, :size size, :modified modified, :changed changed, "
            found += ":inode inode, :most_lines most_lines, :most_bytes most_bytes, "
            found += f":refusal refusal, :facts facts) {_FOUND}"
            given = {"reader": reader, "method": method, **asdict(entry), **asdict(basis)}
            query = f"SELECT coalesce(({_IS_CURRENT}), 0) FROM {found}"  # noqa: S608
            return bool(_one(rows, query, given))

    def known(self, reader: int, keys: Sequence[bytes]) -> dict[bytes, KnownUnit]:
        """Return what the reader made of those of the units it has read, by key."""
        found: dict[bytes, KnownUnit] = {}
        with self.database.reading() as rows:
            for begin in range(0, len(keys), _PORTION):
                portion = keys[begin : begin + _PORTION]
                query = (
                    "SELECT key, id, tokens, heads FROM units "  # noqa: S608
                    f"WHERE reader = ? AND key IN ({','.join('?' * len(portion))})"
                )
                for key, number, tokens, heads in rows.execute(query, (reader, *portion)):
                    found[key] = KnownUnit(number, tokens, np.frombuffer(heads, HEAD))
        return found

    def keep_units(self, reader: int, units: Sequence[tuple[bytes, int, Rows]]) -> None:
        """Keep what the reader made of units: key, number of tokens, array of `HEAD`."""
        with self.database.writing() as rows:
            # Another process may have been first; it found the same.
            rows.executemany(
                "INSERT OR IGNORE INTO units (reader, key, tokens, heads) VALUES (?, ?, ?, ?)",
                ((reader, key, tokens, heads.tobytes()) for key, tokens, heads in units),
            )

    def keep_reading(
        self, entry: Entry, basis: Basis, settled: bool, reader: int, reading: Reading
    ) -> None:
        """Keep a file as a reader has read it on this basis, instead of what was kept of it.

        ``settled`` says that the file cannot have changed since without its entry telling so.
        """
        with self.database.writing() as rows:
            file = _keep_file(rows, entry, settled, reading.content)
            _replace_reading(rows, file, reader, reading, basis.facts)

    def keep_problem(self, entry: Entry, basis: Basis, settled: bool, problem: str) -> None:
        """Keep why a file could not be read as Python on this basis."""
        with self.database.writing() as rows:
            file = _keep_file(rows, entry, settled, None, problem=problem, basis=basis.refusal)
            rows.execute("DELETE FROM readings WHERE file = ?", (file,))

    def problems(self) -> Iterator[tuple[bytes, str]]:
        """Yield the files of the survey that could not be read, by path, and why."""
        after = b""
        while True:
            with self.database.reading() as rows:
                portion = rows.execute(
                    "SELECT path, problem FROM files JOIN found USING (path) "
                    "WHERE problem IS NOT NULL AND path > ? ORDER BY path LIMIT ?",
                    (after, _PORTION),
                ).fetchall()
            if not portion:
                return
            yield from portion
            after = portion[-1][0]

    def same_content(self, reader: int, content: bytes, basis: Basis) -> Reading | None:
        """Return how the reader has read a file of this content, under whatever name."""
        with self.database.reading() as rows:
            row = rows.execute(
                f"SELECT readings.id, length, lines FROM files JOIN readings ON {READ} "  # noqa: S608
                "WHERE files.content = ? AND readings.reader = ? AND readings.basis = ? LIMIT 1",
                (content, reader, basis.facts),
            ).fetchone()
            return None if row is None else _reading(rows, content, *row)

    def unexplained(self, reading: Reading, method: int) -> set[int]:
        """Return the units of a reading that have no rationale by that method yet."""
        units = sorted({each.unit for each in reading.placements})
        known: set[int] = set()
        with self.database.reading() as rows:
            for begin in range(0, len(units), _PORTION):
                portion = units[begin : begin + _PORTION]
                query = (
                    "SELECT unit FROM rationales "  # noqa: S608
                    f"WHERE method = ? AND unit IN ({','.join('?' * len(portion))})"
                )
                known |= {row[0] for row in rows.execute(query, (method, *portion))}
        return set(units) - known

    def keep_rationale(self, unit: int, method: int, rationale: UnitRationale | None) -> None:
        """Keep a unit's rationale, or that it has none."""
        blobs = (
            (None, None)
            if rationale is None
            else (rationale.sums.to_bytes(), rationale.control.to_bytes())
        )
        with self.database.writing() as rows:
            rows.execute(
                "INSERT OR IGNORE INTO rationales (unit, method, sums, control) "
                "VALUES (?, ?, ?, ?)",
                (unit, method, *blobs),
            )
            if rationale is not None and rationale.repetitions:
                weights = json.dumps([dict(each) for each in rationale.repetitions])
                rows.execute(
                    "INSERT OR IGNORE INTO repetitions (unit, method, weights) VALUES (?, ?, ?)",
                    (unit, method, weights),
                )

    def forget_missing(self, within: bytes, spared: Callable[[bytes], bool]) -> int:
        """Forget the files below ``within`` (``b""`` or ends with a slash) the survey missed.

        But those that are ``spared``. Returns how many there were. What was made of their units is
        kept for a while.
        """
        with self.database.reading() as rows:
            missed = rows.execute(
                "SELECT id, path FROM files WHERE substr(path, 1, ?) = ? AND path NOT IN "
                "(SELECT path FROM found)",
                (len(within), within),
            ).fetchall()
        forgotten = [(number, path) for number, path in missed if not spared(path)]
        with self.database.writing() as rows:
            gone = rows.executemany(
                "DELETE FROM files WHERE id = ? AND path = ?", forgotten
            ).rowcount
            spare = _one(rows, f"SELECT count(*) FROM units WHERE {_SPARE}")  # noqa: S608
            if spare > _SPARE_UNITS:
                rows.execute(f"DELETE FROM units WHERE {_SPARE}")  # noqa: S608
            return gone

    def counts(self) -> dict[str, int]:
        """Return how many files, units and rationales there are."""
        with self.database.reading() as rows:
            return {
                name: _one(rows, f"SELECT count(*) FROM {name}")  # noqa: S608
                for name in ("files", "units", "rationales")
            }

    def prune(self) -> int:
        """Forget the units that stand in no file; return how many there were."""
        with self.database.writing() as rows:
            return rows.execute(f"DELETE FROM units WHERE {_SPARE}").rowcount  # noqa: S608


_SPARE = "NOT EXISTS (SELECT 1 FROM placements WHERE placements.unit = units.id)"


def _one(rows: sqlite3.Connection, query: str, given: object = ()) -> int:
    return int(rows.execute(query, given).fetchone()[0])  # type: ignore[arg-type]


def _keep_file(
    rows: sqlite3.Connection,
    entry: Entry,
    settled: bool,
    content: bytes | None,
    *,
    problem: str | None = None,
    basis: str | None = None,
) -> int:
    return _one(
        rows,
        "INSERT INTO files (path, size, modified, changed, inode, settled, content, problem, "
        "basis) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (path) DO UPDATE SET "
        "size = excluded.size, modified = excluded.modified, changed = excluded.changed, "
        "inode = excluded.inode, settled = excluded.settled, content = excluded.content, "
        "problem = excluded.problem, basis = excluded.basis RETURNING id",
        (*astuple(entry), settled, content, problem, basis),
    )


def _reading(
    rows: sqlite3.Connection, content: bytes, number: int, length: int, lines: bytes
) -> Reading:
    found = rows.execute(
        "SELECT unit, kind, name, first_line, last_line FROM placements "
        "WHERE reading = ? ORDER BY ordinal",
        (number,),
    )
    placements = tuple(
        Placement(unit, UnitKind(kind), name, first, last)
        for unit, kind, name, first, last in found
    )
    return Reading(content, length, np.frombuffer(lines, LINE), placements)


def _replace_reading(
    rows: sqlite3.Connection, file: int, reader: int, reading: Reading, basis: str
) -> None:
    rows.execute("DELETE FROM readings WHERE file = ? AND reader = ?", (file, reader))
    number = _one(
        rows,
        "INSERT INTO readings (file, reader, content, length, lines, basis) "
        "VALUES (?, ?, ?, ?, ?, ?) RETURNING id",
        (file, reader, reading.content, reading.length, reading.lines.tobytes(), basis),
    )
    rows.executemany(
        "INSERT INTO placements (reading, ordinal, unit, kind, name, first_line, last_line) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            (number, ordinal, each.unit, each.kind, each.name, each.first_line, each.last_line)
            for ordinal, each in enumerate(reading.placements)
        ),
    )
