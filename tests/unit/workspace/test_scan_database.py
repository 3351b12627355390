"""The database: shared by processes, refused if newer, begun anew if damaged, safe if full."""

import os
import resource
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing, suppress

import pytest

from linewise.workspace.scan.database import (
    APPLICATION_ID,
    DamagedDatabaseError,
    DatabaseError,
    DiskFullError,
    NewerDatabaseError,
    migrations,
    open_database,
    set_damaged_aside,
)

WRITER = """
import sys
from pathlib import Path
from linewise.workspace.scan.database import open_database

path, name, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
database = open_database(path, lambda text: print(text, file=sys.stderr))
for number in range(count):
    with database.writing() as rows:
        rows.execute("INSERT INTO readers VALUES (NULL, ?, ?, '', '[]')",
                     (name * 500, f"{name} {number}"))
    print(number, flush=True)
"""


def unheard(text):
    raise AssertionError(text)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "state" / "statistics.sqlite"


@pytest.fixture
def said():
    return []


def add_reader(database, name="model"):
    with database.writing() as rows:
        rows.execute("INSERT INTO readers VALUES (NULL, ?, ?, '', '[]')", (name, name))


def readers(database):
    with database.reading() as rows:
        return [row[0] for row in rows.execute("SELECT identity FROM readers ORDER BY id")]


def writer(path, name, count, **options):
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path), name, str(count)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


def test_a_new_database_is_marked_and_in_wal_mode(path):
    open_database(path, unheard).close()
    with closing(sqlite3.connect(path)) as plain:
        pragmas = [
            plain.execute(f"PRAGMA {each}").fetchone()[0]
            for each in ("application_id", "user_version", "journal_mode")
        ]
    assert pragmas == [APPLICATION_ID, len(migrations()), "wal"]


@pytest.mark.parametrize("version", range(1, len(migrations()) + 1))
def test_an_older_database_is_brought_up_to_date_with_all_it_holds(path, version):
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as plain:
        for script in migrations()[:version]:
            plain.executescript(script)
        plain.execute(f"PRAGMA application_id={APPLICATION_ID}")
        plain.execute(f"PRAGMA user_version={version}")
        plain.execute("INSERT INTO readers VALUES (NULL, 'm', 'kept', '', '[]')")
        plain.commit()
    with closing(open_database(path, unheard)) as database:
        assert readers(database) == ["kept"]
        assert database.problems() == []
    with closing(sqlite3.connect(path)) as plain:
        migrated = {row[0] for row in plain.execute("SELECT sql FROM sqlite_schema")}
    fresh = path.with_name("fresh.sqlite")
    open_database(fresh, unheard).close()
    with closing(sqlite3.connect(fresh)) as plain:
        assert migrated == {row[0] for row in plain.execute("SELECT sql FROM sqlite_schema")}


def test_a_newer_database_is_refused_and_left_as_it_is(path):
    open_database(path, unheard).close()
    with closing(sqlite3.connect(path)) as plain:
        plain.execute("CREATE TABLE of_tomorrow (x)")
        plain.execute(f"PRAGMA user_version={len(migrations()) + 1}")
    before = path.read_bytes()
    with pytest.raises(NewerDatabaseError, match="update Linewise"):
        open_database(path, unheard)
    assert path.read_bytes() == before


def damage_with_garbage(path):
    path.write_bytes(b"not a database" * 1000)


def damage_the_header(path):
    path.write_bytes(b"\0" * 100 + path.read_bytes()[100:])


def damage_the_schema(path):
    data = path.read_bytes()
    path.write_bytes(data[:100] + b"\xff" * 1000 + data[1100:])


def make_it_foreign(path):
    path.unlink()
    with closing(sqlite3.connect(path)) as plain:
        plain.execute("CREATE TABLE bookmarks (url)")


@pytest.mark.parametrize(
    "damage", [damage_with_garbage, damage_the_header, damage_the_schema, make_it_foreign]
)
def test_a_damaged_database_is_set_aside_and_begun_anew(path, said, damage):
    open_database(path, unheard).close()
    damage(path)
    damaged = path.read_bytes()
    with closing(open_database(path, said.append)) as database:
        assert readers(database) == []
        add_reader(database)
        assert database.problems() == []
    (aside,) = path.parent.glob("*.damaged-*")
    assert aside.read_bytes() == damaged
    assert len(said) == 1
    assert aside.name in said[0]


def test_damage_that_shows_later_is_noticed_and_set_aside(path, said):
    with closing(open_database(path, unheard)) as database:
        for number in range(200):
            add_reader(database, f"{number}" * 200)
    data = bytearray(path.read_bytes())
    data[-40_000:-4_000] = os.urandom(36_000)
    path.write_bytes(data)
    database = open_database(path, unheard)
    with pytest.raises(DamagedDatabaseError, match="db check"):
        readers(database)
    assert database.problems() != []
    with closing(set_damaged_aside(database, said.append)) as anew:
        assert readers(anew) == []
        # Another process that noticed the same does not set the new one aside.
        add_reader(anew)
    with closing(set_damaged_aside(open_database(path, unheard), unheard)) as again:
        assert readers(again) == ["model"]
    assert len(said) == 1


def test_a_place_that_cannot_be_written_to_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DatabaseError, match="LINEWISE_STATE_DIR"):
        open_database(tmp_path / "file" / "state" / "statistics.sqlite", unheard)
    (tmp_path / "statistics.sqlite").mkdir()
    with pytest.raises(DatabaseError, match="LINEWISE_STATE_DIR"):
        open_database(tmp_path / "statistics.sqlite", unheard)


def test_a_block_that_fails_leaves_nothing(path):
    with closing(open_database(path, unheard)) as database:
        with suppress(KeyboardInterrupt), database.writing() as rows:
            rows.execute("INSERT INTO readers VALUES (NULL, 'm', 'half', '', '[]')")
            raise KeyboardInterrupt
        add_reader(database, "whole")
        assert readers(database) == ["whole"]


def test_processes_that_write_at_once_wait_for_each_other(path):
    processes = [writer(path, name, 40) for name in "abcdef"]
    outcomes = [process.communicate(timeout=300) for process in processes]
    assert [error for _, error in outcomes] == [""] * 6
    with closing(open_database(path, unheard)) as database:
        expected = {f"{name} {number}" for name in "abcdef" for number in range(40)}
        assert set(readers(database)) == expected
        assert database.problems() == []


def test_what_was_committed_survives_a_kill(path):
    confirmed = set()
    for attempt in range(8):
        process = writer(path, f"run{attempt}", 10_000)
        seen = [process.stdout.readline().strip() for _ in range(1 + 3 * attempt)]
        process.send_signal(signal.SIGKILL)
        seen += process.stdout.read().split()
        assert process.stderr.read() == ""
        assert process.wait(60) == -signal.SIGKILL
        confirmed |= {f"run{attempt} {each}" for each in seen}
    with closing(open_database(path, unheard)) as database:
        assert database.problems() == []
        assert confirmed <= set(readers(database))
        # One more per run may have been committed and not yet confirmed.
        assert len(readers(database)) <= len(confirmed) + 8


def test_a_full_disk_is_said_and_loses_nothing(path):
    def little_room():
        resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))

    process = writer(path, "model", 10_000, preexec_fn=little_room)
    confirmed, errors = process.communicate(timeout=300)
    assert process.returncode == 1
    assert "DiskFullError" in errors
    assert "free some space" in errors
    with closing(open_database(path, unheard)) as database:
        assert database.problems() == []
        expected = [f"model {number}" for number in confirmed.split()]
        assert expected
        assert readers(database) == expected


def test_a_database_with_no_room_left_still_answers(path):
    with closing(open_database(path, unheard)) as database:
        add_reader(database, "before")
        with database.reading() as rows:
            pages = rows.execute("PRAGMA page_count").fetchone()[0]
            rows.execute(f"PRAGMA max_page_count={pages}")
        with pytest.raises(DiskFullError):
            add_reader(database, "much" * 10_000)
        assert readers(database)[0] == "before"
        assert database.problems() == []
