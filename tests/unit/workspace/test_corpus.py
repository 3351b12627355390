"""Corpora: partitions that are always the same, read once, in whole or not at all."""

import os
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from attrs import evolve
from corpus_runs import CHOICE, METHOD, TINY, VOCABULARY, content, corpus, load, scan
from scan_runs import PROJECT, READER, write
from scan_runs import scan as scan_folder

from linewise.errors import LinewiseError
from linewise.rationale.statistics.counts import Cells
from linewise.settings import Settings
from linewise.workspace.corpus.merge import (
    files_of,
    merged,
    read_totals,
    totals_of,
    write_totals,
)
from linewise.workspace.corpus.output import CorpusOutput, Identity
from linewise.workspace.corpus.plan import partitions
from linewise.workspace.scan.line_statistics import stored_files
from linewise.workspace.scan.scan import Instruments
from linewise.workspace.scan.store import Store
from linewise.workspace.scan.totals import totals_by
from linewise.workspace.scan.walk import Globs


@pytest.fixture
def loading(installed, tiny_probe):
    """What loads the tiny model and its probe."""
    installed("llama")
    return partial(load, os.environ["LINEWISE_CACHE_DIR"], str(tiny_probe))


@pytest.fixture
def folder(tmp_path):
    return corpus(tmp_path / "corpus")


def parquet(path, rows, **options):
    pq.write_table(pa.Table.from_pylist(rows), path, **options)
    return path


def outcomes(out, planned):
    return merged(CorpusOutput(out).outcome(each.name) for each in planned)


def test_every_file_is_in_one_partition_and_always_in_the_same(folder):
    planned = partitions([folder], Globs(), print, files=2)
    names = [item.path for each in planned for item in each.items]
    assert sorted(names) == sorted(path.name for path in folder.iterdir())
    assert planned == partitions([folder], Globs(), print, files=2)
    assert max(len(each.items) for each in planned) < len(names)
    one = partitions([folder], Globs(include=("m1.py",)), print)
    assert [item.path for each in one for item in each.items] == ["m1.py"]


def test_a_new_file_changes_one_partition(folder):
    before = {each.name: each.key for each in partitions([folder], Globs(), print, files=2)}
    (folder / "new.py").write_text("x = 1\n")
    after = {each.name: each.key for each in partitions([folder], Globs(), print, files=2)}
    assert len(after.items() - before.items()) == 1


def test_a_corpus_says_what_a_scan_of_the_folder_says(tmp_path, state, later, loading):
    root = tmp_path / "project"
    write(root, PROJECT)
    instruments = loading()
    scan_folder(root, lambda: instruments, method=METHOD)
    with Store.open(root, print) as store:
        reader, method = store.reader_id(READER), store.method_id(METHOD)
        whole = totals_by(
            store, reader, method, METHOD.schema, within=b"", part_of=lambda _: "."
        )["."]  # fmt: skip
        with store.database.reading() as rows:
            stored = list(stored_files(rows, reader, b""))

    planned, _ = scan(tmp_path / "out", [root], lambda: instruments)
    output, names = CorpusOutput(tmp_path / "out"), [each.name for each in planned]
    found = totals_of(output, names, METHOD.schema)
    for cells in Cells:
        for side in ("sums", "control"):
            mine, theirs = (getattr(each, side).cells[cells] for each in (found, whole))
            assert (mine.sum(axis=0) == theirs.sum(axis=0)).all()
    files = {each.path: each for each in files_of(output, names, READER.statements)}
    for each in stored:
        if len(each.lines):
            assert (files[f"project/{each.path}"].lines == each.lines).all()
            assert files[f"project/{each.path}"].units == [tuple(unit) for unit in each.units]


def test_what_is_there_is_not_read_again(tmp_path, folder, loading):
    out = tmp_path / "out"
    planned, read = scan(out, [folder], loading)
    assert len(read) == len(planned) > 2
    before = content(out)

    def unloadable():
        raise AssertionError("nothing is to be read")

    assert scan(out, [folder], unloadable)[1] == []
    (folder / "m3.py").write_text("x = 1\n")
    _, read = scan(out, [folder], loading)
    assert len(read) == 1
    (folder / "m3.py").unlink()
    corpus(folder)
    scan(out, [folder], loading)
    units = {name: pq.read_table(out / "units" / name) for name in content(out)}
    assert units.keys() == before.keys()
    damaged = next((out / "units").iterdir())
    damaged.write_bytes(b"cut off")
    assert len(scan(out, [folder], loading)[1]) == 1
    assert all(pq.read_table(out / "units" / name).equals(units[name]) for name in units)


def test_a_scan_that_stops_loses_no_partition_and_goes_on(tmp_path, folder, loading):
    def stop(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        scan(tmp_path / "out", [folder], loading, heard=stop)
    planned, read = scan(tmp_path / "out", [folder], loading)
    assert len(read) == len(planned) - 1
    scan(tmp_path / "whole", [folder], loading)
    assert content(tmp_path / "out") == content(tmp_path / "whole")


def test_partitions_as_they_were_cut_before_go(tmp_path, folder, loading):
    scan(tmp_path / "out", [folder], loading)
    planned, _ = scan(tmp_path / "out", [corpus(folder, 40)], loading)
    assert content(tmp_path / "out").keys() == {f"{each.name}.parquet" for each in planned}


def test_a_folder_of_another_corpus_model_or_method_is_refused(tmp_path, folder, loading):
    out = tmp_path / "out"
    scan(out, [folder], loading)
    other = corpus(tmp_path / "other")
    with pytest.raises(LinewiseError, match="holds another corpus"):
        scan(out, [other], loading)
    scan(out, [folder, other], loading)
    for identity in (
        Identity(evolve(TINY, identity="1" * 64), METHOD, Settings()),
        Identity(TINY, None, Settings()),
        Identity(TINY, METHOD, Settings(max_file_lines=10)),
    ):
        refused = pytest.raises(LinewiseError, match="another model")
        with refused, CorpusOutput(out).driven(identity):
            pass
    with CorpusOutput(out).driven(Identity(TINY, METHOD, Settings())):
        refused = pytest.raises(LinewiseError, match="another scan is writing")
        with refused, CorpusOutput(out).driven(Identity(TINY, METHOD, Settings())):
            pass


def test_rows_of_parquet_are_files(tmp_path, folder, loading):
    rows = [
        {"path": path.name, "content": path.read_text(), "repository": "corpus"}
        for path in sorted(folder.iterdir())
    ]
    planned, _ = scan(tmp_path / "out", [parquet(tmp_path / "all.parquet", rows)], loading)
    folders, _ = scan(tmp_path / "folders", [folder], loading)
    found, expected = (
        totals_of(CorpusOutput(out), [each.name for each in names], METHOD.schema)
        for out, names in ((tmp_path / "out", planned), (tmp_path / "folders", folders))
    )
    assert found.sums == expected.sums
    assert found.control == expected.control


def test_what_is_malformed_is_skipped_and_named(tmp_path, loading):
    rows = [
        {"path": "good.py", "content": b"x = 1\n"},
        {"path": "binary.py", "content": b"x\0y"},
        {"path": "latin.py", "content": b"x = '\xe9'\n"},
        {"path": None, "content": b"x = 1\n"},
        {"path": "nothing.py", "content": None},
        {"path": "notes.txt", "content": b"no Python"},
        {"path": "broken.py", "content": b"def f(:\n  return ((\n"},
        {"path": "cut.py", "content": b"y = 2\n"},
    ]
    good = parquet(tmp_path / "good.parquet", rows, row_group_size=4)
    damaged = tmp_path / "damaged.parquet"
    damaged.write_bytes(good.read_bytes()[:-20])
    columns = parquet(tmp_path / "columns.parquet", [{"name": "a.py", "content": b""}])
    said = []
    planned, _ = scan(tmp_path / "out", [damaged, columns, good], loading, said=said.append)
    assert ["damaged.parquet" in said[0], "no column path" in said[1]] == [True, True]
    found = outcomes(tmp_path / "out", planned)
    assert found.files == 3
    assert {path: reason for _, path, reason in found.problems} == {
        "binary.py": "binary (a NUL byte in line 1)",
        "latin.py": "not UTF-8 (byte 0xe9 in line 1): save it as UTF-8 or declare its encoding "
        "in line 1",
        "row 3 of group 0": "the row has no path",
        "nothing.py": "the row's content is no text",
    }


def test_pages_that_are_damaged_cost_their_rows_only(tmp_path, loading):
    rows = [
        {"path": f"f{n}.py", "content": f"x{n} = {n}\n" * 12, "repository": "a"} for n in range(8)
    ]
    path = parquet(tmp_path / "c.parquet", rows, row_group_size=4, compression="zstd")
    place = pq.ParquetFile(path).metadata.row_group(1).column(1).data_page_offset
    data = bytearray(path.read_bytes())
    data[place : place + 40] = bytes(40)
    path.write_bytes(data)
    planned, _ = scan(tmp_path / "out", [path], loading)
    found = outcomes(tmp_path / "out", planned)
    assert found.files == 4
    assert sorted(name for _, name, _ in found.problems) == [f"f{n}.py" for n in range(4, 8)]
    assert all("Parquet file cannot be read" in reason for *_, reason in found.problems)


def test_nothing_to_read_is_said(tmp_path, loading):
    (tmp_path / "empty").mkdir()
    with pytest.raises(LinewiseError, match="no Python file"):
        scan(tmp_path / "out", [tmp_path / "empty"], loading)


def test_totals_are_written_and_read(tmp_path, folder, loading):
    planned, _ = scan(tmp_path / "out", [folder], loading)
    names = [each.name for each in planned]
    found = totals_of(CorpusOutput(tmp_path / "out"), names, METHOD.schema)
    write_totals(found, tmp_path)
    again = read_totals(tmp_path)
    assert (again.sums, again.control) == (found.sums, found.control)
    backwards = totals_of(CorpusOutput(tmp_path / "out"), names[::-1], METHOD.schema)
    assert (backwards.sums, backwards.control) == (found.sums, found.control)
    (tmp_path / "totals.npz").write_bytes(b"no arrays")
    with pytest.raises(LinewiseError, match="only merges"):
        read_totals(tmp_path)


def test_a_model_without_a_probe_is_explained_and_not_scored(tmp_path, folder, loading):
    instruments = loading()
    unscored = Instruments(instruments.tokenizer, None, instruments.rationalizer)
    planned, _ = scan(tmp_path / "out", [folder], lambda: unscored)
    found = outcomes(tmp_path / "out", planned)
    assert found.explained == found.units
    assert not np.concatenate(
        [each.lines for each in files_of(CorpusOutput(tmp_path / "out"), [planned[0].name], ())]
    ).size


def test_the_choice_fits_the_tiny_model():
    assert CHOICE.places == METHOD.options["places"]
    assert METHOD.schema.vocabulary == VOCABULARY
