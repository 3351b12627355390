"""One SQLite file per workspace, shared by editors and command lines: opening, locks, damage.

The file lies in the user's state folder or the editor's storage path, never in the repository. It
is in WAL mode, so readers never wait; writers take turns and wait for each other. A file of a newer
Linewise is refused untouched, a damaged one is set aside and begun anew: all of it can be computed
again.
"""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from pathlib import Path

from filelock import FileLock

from linewise.errors import LinewiseError

APPLICATION_ID = 0x4C4E5753
"""What marks an SQLite file as ours: "LNWS"."""
_BUSY_SECONDS = 5.0
_PATIENCE_SECONDS = 600.0
_COMPANIONS = ("-wal", "-shm")
_LOCKED = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL})
_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_NO_ROOM = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR})
_NOT_USABLE = frozenset(
    {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH, sqlite3.SQLITE_CANTOPEN}
)


class DatabaseError(LinewiseError):
    """The database cannot be used; the message says what to do."""


class NewerDatabaseError(DatabaseError):
    """A newer Linewise wrote the database."""


class DamagedDatabaseError(DatabaseError):
    """What is in the file is not what was written to it."""


class GoneError(DatabaseError):
    """What a row was to refer to was deleted meanwhile, by another process: begin again."""


class DiskFullError(DatabaseError):
    """Nothing more can be written; what was committed is safe."""


class Database:
    """An open database. Used from one thread; processes open one each."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._connection = connection

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Run a transaction that may write: all of the block is kept, or nothing.

        Raises
        ------
        DatabaseError
            If the disk is full, the file is damaged or not writable.
        """
        with self._transaction("IMMEDIATE") as rows:
            yield rows

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Run a block on one state of the database, whatever is written meanwhile.

        It may write to temporary tables, which are the connection's own.
        """
        with self._transaction("DEFERRED") as rows:
            yield rows

    def problems(self) -> list[str]:
        """Read the whole file and return what SQLite finds wrong with it."""
        try:
            found = self._connection.execute("PRAGMA integrity_check").fetchall()
            dangling = self._connection.execute("PRAGMA foreign_key_check").fetchall()
        except sqlite3.DatabaseError as error:
            return [str(error)]
        wrong = [row[0] for row in found if row[0] != "ok"]
        return wrong + [
            f"{row[0]}: row {row[1]} points to a {row[2]} that is gone" for row in dangling
        ]

    def shrink(self) -> None:
        """Give the space of what was deleted back to the system."""
        with self._translated():
            self._patiently(lambda: self._connection.execute("VACUUM"))
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    @property
    def size(self) -> int:
        """Bytes on disk, with what is not yet folded into the main file."""
        places = (self.path, *(self.path.with_name(self.path.name + each) for each in _COMPANIONS))
        return sum(place.stat().st_size for place in places if place.exists())

    def close(self) -> None:
        """Close it; the last one to do so folds the log into the main file."""
        self._connection.close()

    @contextmanager
    def _transaction(self, kind: str) -> Iterator[sqlite3.Connection]:
        with self._translated():
            self._patiently(lambda: self._connection.execute(f"BEGIN {kind}"))
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                # What failed may have rolled back already.
                with suppress(sqlite3.Error):
                    self._connection.execute("ROLLBACK")
                raise

    def _patiently(self, work: Callable[[], object]) -> None:
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while True:
            try:
                work()
            except sqlite3.OperationalError as error:
                if _code(error) not in _LOCKED or time.monotonic() > deadline:
                    raise
            else:
                return

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            raise _translated(error, self.path) from error


def open_database(path: Path, said: Callable[[str], None]) -> Database:
    """Open the database at ``path``, making it and its folder if need be.

    ``said`` hears what a person should know: that a damaged file was set aside, and where.

    Raises
    ------
    NewerDatabaseError
        If a newer Linewise wrote it; it is left as it is.
    DatabaseError
        If it cannot be opened or made.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Making, migrating and setting aside are for one process at a time.
        with FileLock(f"{path}.lock"):
            try:
                return _opened(path)
            except DamagedDatabaseError:
                aside = _set_aside(path)
                said(
                    f"the statistics in {path} were damaged; they were moved to {aside.name} and "
                    "are begun anew: scan again"
                )
                return _opened(path)
    except OSError as error:
        raise DatabaseError(
            f"{path.parent}: cannot be written to ({error.strerror}); choose another folder with "
            "LINEWISE_STATE_DIR"
        ) from error


def set_damaged_aside(database: Database, said: Callable[[str], None]) -> Database:
    """Close a database that turned out to be damaged, set it aside and return a new one."""
    database.close()
    with FileLock(f"{database.path}.lock"):
        # Another process may have done so already.
        if not _is_intact(database.path):
            aside = _set_aside(database.path)
            said(f"{database.path} was damaged and moved to {aside.name}")
    return open_database(database.path, said)


@cache
def migrations() -> tuple[str, ...]:
    """Return the scripts that lead from an empty file to the schema in use, in order."""
    folder = files(__package__).joinpath("migrations")
    names = sorted(each.name for each in folder.iterdir() if re.fullmatch(r"\d{4}\.sql", each.name))
    return tuple(folder.joinpath(name).read_text("utf-8") for name in names)


def _opened(path: Path) -> Database:
    try:
        connection = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None)
        try:
            _prepare(connection, path)
        except BaseException:
            connection.close()
            raise
    except sqlite3.DatabaseError as error:
        raise _translated(error, path) from error
    return Database(path, connection)


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    version = _number(connection, "user_version")
    known = len(migrations())
    tables = _number(connection, "schema_version")
    if tables and _number(connection, "application_id") != APPLICATION_ID:
        raise DamagedDatabaseError(f"{path}: not a database of Linewise")
    if version > known:
        raise NewerDatabaseError(
            f"{path}: written by a newer Linewise (schema {version}, this one knows {known}); "
            "update Linewise, or choose another folder with LINEWISE_STATE_DIR"
        )
    connection.execute("PRAGMA journal_mode=WAL").fetchall()
    # A killed process loses nothing; a power cut may lose the last transactions, no more.
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute("PRAGMA foreign_keys=ON")
    for number in range(version, known):
        # A script has statements of its own between BEGIN and COMMIT: whole or not at all.
        connection.executescript(
            f"BEGIN IMMEDIATE; {migrations()[number]}"
            f"PRAGMA application_id={APPLICATION_ID}; PRAGMA user_version={number + 1}; COMMIT;"
        )


def _number(connection: sqlite3.Connection, pragma: str) -> int:
    return int(connection.execute(f"PRAGMA {pragma}").fetchone()[0])


def _is_intact(path: Path) -> bool:
    if not path.exists():
        return True
    try:
        with closing(sqlite3.connect(path, timeout=_BUSY_SECONDS)) as connection:
            return [row[0] for row in connection.execute("PRAGMA quick_check(1)")] == ["ok"]
    except sqlite3.DatabaseError as error:
        return _code(error) not in _DAMAGED


def _set_aside(path: Path) -> Path:
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
    aside = path.with_name(f"{path.name}.damaged-{stamp}")
    path.replace(aside)
    for companion in _COMPANIONS:
        with suppress(FileNotFoundError):
            path.with_name(path.name + companion).replace(aside.with_name(aside.name + companion))
    return aside


def _code(error: sqlite3.Error) -> int:
    """Return the primary result code; extended ones have more in the higher bytes."""
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF


def _translated(error: sqlite3.DatabaseError, path: Path) -> Exception:
    code = _code(error)
    if code in _DAMAGED:
        return DamagedDatabaseError(f"{path}: damaged ({error}); run `linewise db check`")
    if code in _NO_ROOM:
        return DiskFullError(
            f"{path}: cannot be written ({error}): the disk is probably full. What was stored so "
            "far is safe; free some space and run this again"
        )
    if code == sqlite3.SQLITE_CONSTRAINT:
        return GoneError(f"{path}: changed by another process meanwhile ({error}); run this again")
    if code in _NOT_USABLE:
        return DatabaseError(
            f"{path}: cannot be opened or written ({error}); change its permissions or choose "
            "another folder with LINEWISE_STATE_DIR"
        )
    if code in _LOCKED:
        return DatabaseError(
            f"{path}: another process has kept it for {_PATIENCE_SECONDS / 60:.0f} minutes; end "
            "that process and run this again"
        )
    return error
