"""`linewise db`, and the store as tables."""

import csv

import numpy as np
import pyarrow.parquet
import pytest
from attrs import evolve
from scan_rows import BASIS, METHOD, READER, entry, rationale, reading
from typer.testing import CliRunner

from linewise.commands.db import app
from linewise.errors import LinewiseError
from linewise.rationale.statistics.counts import QUANTUM, Cells
from linewise.workspace.scan.export import store_tables, write_table
from linewise.workspace.scan.formats import TableFormat
from linewise.workspace.scan.location import path_of
from linewise.workspace.scan.store import NothingScannedError, Store


@pytest.fixture
def root(tmp_path, state):
    root = tmp_path / "project"
    root.mkdir()
    with Store.open(root, print) as store:
        reader, method = store.reader_id(READER), store.method_id(METHOD)
        kept = reading(store, reader, "one", "f", "g")
        kept = evolve(kept, lines=kept.lines.copy())
        kept.lines["statement"] = [0, 1, 0, 1]
        store.keep_reading(evolve(entry("a"), path=b"caf\xe9.py"), BASIS, True, reader, kept)
        store.keep_problem(entry("b.py"), BASIS, True, "binary")
        store.keep_rationale(kept.placements[0].unit, method, rationale(3))
        store.keep_rationale(kept.placements[1].unit, method, None)
    return root


def run(*arguments):
    return CliRunner().invoke(app, [*map(str, arguments)], catch_exceptions=False)


def rows_of(path):
    with path.open(encoding="utf-8", errors="surrogateescape", newline="") as file:
        return list(csv.reader(file))


def test_tables_hold_what_the_store_holds(root, tmp_path):
    result = run("export", tmp_path / "tables", root)
    assert result.exit_code == 0
    files, units, lines, rationales = (
        rows_of(tmp_path / "tables" / f"{name}.csv")
        for name in ("files", "units", "lines", "rationales")
    )
    assert files[1:] == [["b.py", "100", "binary"], ["caf\udce9.py", "100", ""]]
    assert [row[1:8] for row in units[1:]] == [
        ["tiny", "0", "function", "f", "1", "2", "12"],
        ["tiny", "1", "function", "g", "3", "4", "12"],
    ]
    assert [row[1:] for row in lines[1:]] == [
        ["tiny", "1", "0", "0.0", "definition", "True"],
        ["tiny", "2", "0", "0.25", "return", "True"],
        ["tiny", "3", "1", "0.5", "definition", "True"],
        ["tiny", "4", "1", "0.75", "return", "True"],
    ]
    found = {tuple(row[5:7]): [float(each) for each in row[7:]] for row in rationales[1:]}
    expected = rationale(3).sums.cells
    pairs = dict(zip(*(each.tolist() for each in expected[Cells.PAIRS]), strict=True))
    signed = [
        dict(zip(*(each.tolist() for each in expected[cells]), strict=True))
        for cells in (Cells.POSITIVE, Cells.NEGATIVE)
    ]
    assert found == {
        ("ab"[pair // 2], "ab"[pair % 2]): [
            count,
            *(side.get(pair, 0) * QUANTUM for side in signed),
        ]
        for pair, count in pairs.items()
    }


def test_parquet_and_csv_say_the_same(root, tmp_path):
    with Store.open_existing(root, print) as store:
        for table in store_tables(store):
            plain = rows_of(write_table(table, tmp_path, TableFormat.CSV))
            columns = pyarrow.parquet.read_table(write_table(table, tmp_path, TableFormat.PARQUET))
            assert columns.column_names == plain[0]
            assert [
                ["" if value is None else str(value).replace("\ufffd", "\udce9") for value in row]
                for row in zip(*columns.to_pydict().values(), strict=True)
            ] == plain[1:]


def test_a_folder_that_is_a_file_is_named(root, tmp_path):
    (tmp_path / "file").write_text("")
    with Store.open_existing(root, print) as store, pytest.raises(LinewiseError, match="file"):
        write_table(store_tables(store)[0], tmp_path / "file", TableFormat.CSV)


def test_check_says_where_it_is_and_what_it_holds(root):
    result = run("check", root)
    assert result.exit_code == 0
    assert "integrity  ok" in " ".join(result.stdout.split("\n")).replace("   ", "  ")
    for name, count in (("files", 2), ("units", 2), ("rationales", 2)):
        assert any(line.split() == [name, str(count)] for line in result.stdout.splitlines())


def test_check_sets_aside_what_is_damaged(root):
    path = path_of(root)
    with Store.open_existing(root, print) as store:
        reader = store.reader_id(READER)
        for number in range(300):
            kept = reading(store, reader, f"text {number}", f"unit {number}")
            store.keep_reading(entry(f"{number}.py"), BASIS, True, reader, kept)
    data = bytearray(path.read_bytes())
    data[20_000:-4_000] = np.random.default_rng(0).bytes(len(data) - 24_000)
    path.write_bytes(data)
    with pytest.raises(LinewiseError, match="linewise scan"):
        run("check", root)
    assert len(list(path.parent.glob("*.damaged-*"))) >= 1
    assert run("check", root).exit_code == 0


def test_vacuum_gives_space_back(root):
    with Store.open_existing(root, print) as store:
        reader = store.reader_id(READER)
        for number in range(2000):
            reading(store, reader, "one", f"unit {number}")
        before = store.database.size
    result = run("vacuum", root)
    assert result.stdout.startswith("2,000 units forgotten")
    with Store.open_existing(root, print) as store:
        assert store.counts() == {"files": 2, "units": 2, "rationales": 2}
        assert store.database.size < before / 3


def test_a_workspace_that_was_never_scanned_is_no_crash(tmp_path, state):
    with pytest.raises(NothingScannedError, match="linewise scan"):
        run("check", tmp_path)
    assert not state.exists()
