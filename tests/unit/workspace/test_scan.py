"""Scans: the probabilities of the product, each unit read once, whatever happens meanwhile."""

import os
import random
import signal
import subprocess
import time
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from git_repository import Repository
from scan_runs import (
    PROJECT,
    READER,
    ask,
    begun,
    content,
    function,
    instruments,
    scan,
    unloadable,
    write,
)

from linewise.analysis import line_features
from linewise.engine import Engine
from linewise.files import IN_EDITOR, ON_COMMAND_LINE, Skipped, decode_source
from linewise.probe.runtime import Probe
from linewise.settings import Settings
from linewise.workspace.scan.database import DiskFullError
from linewise.workspace.scan.location import path_of
from linewise.workspace.scan.records import LINE
from linewise.workspace.scan.scan import Scan
from linewise.workspace.scan.store import Store
from linewise.workspace.scan.walk import Globs

pytestmark = pytest.mark.usefixtures("later")


@pytest.fixture
def root(tmp_path, state):
    root = tmp_path / "project"
    write(root, PROJECT)
    return root


@pytest.fixture
def load(engine):
    return instruments(engine)


def lines_of(root, path):
    with Store.open(root, print) as store, store.database.reading() as rows:
        blob = rows.execute(
            "SELECT lines FROM readings JOIN files ON file = files.id WHERE path = ?",
            (path.encode(),),
        ).fetchone()[0]
    return np.frombuffer(blob, LINE)


def problems(root):
    with Store.open(root, print) as store, store.database.reading() as rows:
        return dict(rows.execute("SELECT path, problem FROM files WHERE problem IS NOT NULL"))


def paths(root):
    return [row[0].decode() for row in content(root)[0]]


def finish(running):
    while not running.finished:
        running.step()


def test_lines_have_the_logits_that_checking_gives_them(root, load, engine):
    scan(root, load)
    for path, text in PROJECT.items():
        found, expected = lines_of(root, path), engine.score(text).lines
        assert found["line"].tolist() == [score.line for score in expected]
        read = engine.manifest.calibration.line(found["logit"])
        assert read == pytest.approx([score.probability for score in expected], abs=1e-6)


def test_lines_know_their_unit_and_statement(root, load):
    scan(root, load)
    found = lines_of(root, "a.py")
    kinds = [READER.statements[each] for each in found["statement"]]
    assert kinds == [
        *("import", "definition", "assignment", "return"),
        *("definition", "conditional", "return", "return"),
    ]
    assert found["unit"].tolist() == [0, 1, 1, 1, 2, 2, 2, 2]
    units = [row[1:6] for row in content(root)[1] if row[0] == b"a.py"]
    assert units == [
        (0, "module", "<module>", 0, 1),
        (1, "function", "first", 4, 6),
        (2, "function", "second", 9, 12),
    ]


def test_what_did_not_change_needs_no_model(root, load):
    first = scan(root, load)
    assert (first.files, first.pending, first.units_read) == (4, 4, 7)
    characters = sum(len(text) for text in PROJECT.values())
    assert characters / 2 < first.tokens_read < 3 * characters  # with headers, a token each
    before = content(root)
    again = scan(root, unloadable)
    assert (again.files, again.pending, again.done) == (4, 0, 0)
    assert content(root) == before


def test_an_edit_costs_the_unit_it_touches(root, load, tiny_model):
    scan(root, load)
    passes = tiny_model.passes
    write(root, {"a.py": PROJECT["a.py"].replace("x + 1", "x + 2")})
    progress = scan(root, load)
    assert (progress.pending, progress.units_read, progress.units_known) == (1, 1, 2)
    assert tiny_model.passes == passes + 1
    write(root, {"a.py": PROJECT["a.py"]})
    assert scan(root, load).units_read == 0


def test_renamed_copied_and_deleted_files_cost_no_pass(root, load, tiny_model):
    scan(root, load)
    passes, before = tiny_model.passes, lines_of(root, "a.py").tolist()
    (root / "a.py").rename(root / "pkg" / "moved.py")
    write(root, {"copy.py": PROJECT["pkg/c.py"]})
    (root / "pkg" / "b.py").unlink()
    progress = scan(root, unloadable)
    assert progress.forgotten == 2
    assert tiny_model.passes == passes
    assert paths(root) == ["copy.py", "pkg/__init__.py", "pkg/c.py", "pkg/moved.py"]
    assert lines_of(root, "pkg/moved.py").tolist() == before


def test_scanning_a_folder_leaves_the_others_alone(root, load):
    scan(root, load)
    (root / "a.py").unlink()
    (root / "pkg" / "c.py").unlink()
    assert scan(root, load, folder=root / "pkg").forgotten == 1
    assert paths(root) == ["a.py", "pkg/__init__.py", "pkg/b.py"]


def test_interrupted_steps_compute_nothing_twice(root, engine, load, tiny_model, probe_folder):
    scan(root, load)
    whole, passes = content(root), tiny_model.passes
    path_of(root).unlink()
    answers = iter([])
    state = random.Random(0)
    scan(
        root,
        instruments(Engine(tiny_model, Probe(probe_folder))),
        interrupted=lambda: next(answers, state.random() < 0.5),
    )
    assert content(root) == whole
    assert tiny_model.passes == 2 * passes


def test_two_that_scan_at_once_share_the_work(root, load, tiny_model):
    with Store.open(root, print) as one, Store.open(root, print) as other:
        scans = [Scan(store, ask(root), load, print) for store in (one, other)]
        while not all(each.finished for each in scans):
            for each in scans:
                if not each.finished:
                    each.step()
    assert tiny_model.passes == 7
    shared = content(root)
    path_of(root).unlink()
    scan(root, load)
    assert content(root) == shared


def test_a_unit_that_another_process_forgets_is_read_again(root, load, monkeypatch):
    keep, forgets = Store.keep_reading, [True]

    def keep_reading(self, *arguments):
        if forgets:
            forgets.pop()
            with Store.open(root, print) as other:
                other.prune()
        keep(self, *arguments)

    monkeypatch.setattr(Store, "keep_reading", keep_reading)
    scan(root, load)
    assert not forgets
    assert paths(root) == sorted(PROJECT)
    assert problems(root) == {}


def test_files_that_cannot_be_read_are_named_and_left_alone(root, load):
    write(
        root,
        {
            "binary.py": b"x = 1\0\n",
            "latin.py": b"x = '\xe9'\n",
            "long.py": "x = 1\n" * 10_001,
            "broken.py": "def (:\n  retur\n",
        },
    )
    os.mkfifo(root / "pipe.py")
    with (root / "huge.py").open("wb") as file:
        file.truncate(2 << 30)
    (root / "loop").symlink_to(root, target_is_directory=True)
    (root / "link.py").symlink_to(root / "a.py")
    (root / "dangling.py").symlink_to(root / "nowhere")
    progress = scan(root, load)
    assert {path: reason.split(" ")[0] for path, reason in problems(root).items()} == {
        b"binary.py": "binary",
        b"latin.py": "not",
        b"long.py": "10,001",
        b"huge.py": "larger",
    }
    assert progress.problems == 4
    assert b"broken.py" in {row[0] for row in content(root)[1]}
    assert scan(root, unloadable).pending == 0


@pytest.mark.parametrize("advice", [ON_COMMAND_LINE, IN_EDITOR])
def test_files_are_read_and_counted_as_by_every_other_reader(tmp_path, state, load, advice):
    root, settings = tmp_path / "project", Settings(max_file_lines=4)
    files = {
        f"{count}-{name}-{last}.py": (end.join(["x = 1"] * count) + end * last).encode()
        for count in (3, 4, 5)
        for name, end in (("lf", "\n"), ("cr", "\r"), ("crlf", "\r\n"))
        for last in (False, True)
    } | {
        "cookie-line-3.py": b"x = 1\ry = 2\r# coding: klingon\r",
        "cookie-line-2.py": b"\r# coding: cp1252\rx = '\xe9'\r",
        "cp037.py": b"# coding: cp037\nx = 1\n",
        "utf16.py": b"# coding: utf-16\nx = 1\n\n",
        "mark.py": "\ufeffx = 1\n".encode(),
        "contradiction.py": "\ufeff# coding: latin-1\nx = 1\n".encode(),
    }
    write(root, files)
    scan(root, load, settings=settings, advice=advice)
    read = {name: decode_source(data, settings, advice) for name, data in files.items()}
    expected = {
        name.encode(): each.reason for name, each in read.items() if isinstance(each, Skipped)
    }
    assert problems(root) == expected
    assert len(expected) == 6 + 3
    with Store.open(root, print) as store, store.database.reading() as rows:
        lengths = dict(
            rows.execute("SELECT path, length FROM readings JOIN files ON file = files.id")
        )
    counted = {os.fsdecode(path): length for path, length in lengths.items() if b"-" in path}
    assert counted == {name: 4 if name[0] == "4" else 3 for name in counted}


def test_a_folder_that_cannot_be_listed_is_named(root, load, monkeypatch):
    real = os.scandir

    def scandir(path):
        if os.fspath(path).endswith("pkg"):
            raise PermissionError(13, "Permission denied", os.fspath(path))
        return real(path)

    # Tests may run as root, whom no permission bit stops.
    monkeypatch.setattr(os, "scandir", scandir)
    scan(root, load)
    assert problems(root) == {b"pkg": "a folder that cannot be listed"}


def test_files_that_vanish_or_change_meanwhile(root, load):
    with Store.open(root, print) as store:
        running = Scan(store, ask(root), load, print)
        (root / "a.py").unlink()
        write(root, {"pkg/c.py": "x = 1\n"})
        while not running.finished:
            running.step()
    assert lines_of(root, "pkg/c.py")["line"].tolist() == [0]
    scan(root, load)
    assert paths(root) == ["pkg/__init__.py", "pkg/b.py", "pkg/c.py"]


def test_a_file_that_breaks_the_model_costs_the_others_nothing(root, load, tiny_model):
    write(root, {"b.py": "crash = 1\n"})
    real = tiny_model.hidden_states

    def hidden_states(ids):
        if "crash" in "".join(map(chr, ids)):
            raise RuntimeError("no")
        return real(ids)

    tiny_model.hidden_states = hidden_states
    scan(root, load)
    assert problems(root) == {b"b.py": "could not be scored (RuntimeError: no); please report this"}
    tiny_model.hidden_states = real
    assert scan(root, load).pending == 1
    assert problems(root) == {}


def test_a_clock_that_goes_back_costs_reading_but_no_pass(root, load, monkeypatch, tiny_model):
    monkeypatch.setattr(time, "time_ns", lambda: 10**18)
    scan(root, load)
    passes, before = tiny_model.passes, content(root)
    # By this clock the files were written in the future, so their times prove nothing.
    assert scan(root, load).pending == 4
    assert tiny_model.passes == passes
    assert content(root) == before


def test_a_damaged_store_is_begun_anew_in_the_middle_of_a_scan(root, load):
    said = []
    write(root, {f"more/{n}.py": function(f"f{n}", f"return {n}") for n in range(100)})
    scan(root, load)
    expected = content(root)
    write(root, {"a.py": PROJECT["a.py"]})
    with Store.open(root, print) as store:
        running = Scan(store, ask(root), load, said.append)
        path = path_of(root)
        data = bytearray(path.read_bytes())
        data[8_192:] = np.random.default_rng(0).bytes(len(data) - 8_192)
        path.write_bytes(data)
        with store.database.reading() as rows:
            rows.execute("PRAGMA shrink_memory")  # SQLite remembers what it has read
        while not running.finished:
            running.step()
        assert running.progress.done == 104
    assert content(root) == expected
    assert len(said) == 1
    assert "damaged" in said[0]


def test_a_disk_that_fills_up_ends_the_scan_and_the_next_one_goes_on(root, load, tmp_path):
    write(root, {f"more/{n:03}.py": function(f"f{n}", f"return {n}") for n in range(200)})
    with Store.open(root, print) as store:
        running = Scan(store, ask(root), load, print)
        with store.database.reading() as rows:
            pages = rows.execute("PRAGMA page_count").fetchone()[0]
            rows.execute(f"PRAGMA max_page_count = {pages + 12}").fetchone()
        with pytest.raises(DiskFullError, match="free some space"):
            finish(running)
    with Store.open(root, print) as store:
        assert store.database.problems() == []
        running = Scan(store, ask(root), load, print)
        assert 0 < running.progress.pending < 204
        finish(running)
    filled = content(root)
    path_of(root).unlink()
    scan(root, load)
    assert content(root) == filled


def test_a_file_that_may_not_be_read_is_named_and_tried_again(root, load, monkeypatch):
    real = Path.open

    def refuse(self, *arguments, **options):
        if self.name == "a.py":
            raise PermissionError(13, "Permission denied", str(self))
        return real(self, *arguments, **options)

    # Tests may run as root, whom no permission bit stops.
    with monkeypatch.context() as context:
        context.setattr(Path, "open", refuse)
        scan(root, load)
    assert problems(root) == {b"a.py": "permission denied"}
    (root / "a.py").chmod(0o600)
    scan(root, load)
    assert problems(root) == {}


def test_git_decides_what_is_looked_at(root, load):
    repository = Repository(root)
    repository.write(".gitignore", "/pkg/\n")
    repository.commit(0)
    write(root, {"new.py": "x = 1\n", "b_test.py": "x = 2\n"})
    scan(root, load)
    assert paths(root) == ["a.py", "b_test.py", "new.py"]
    # What one run alone leaves out is neither read by it nor forgotten.
    assert scan(root, unloadable, globs=Globs(exclude=("*_test.py",))).files == 2
    assert scan(root, unloadable, globs=Globs(include=("/pkg/", "n*.py"))).files == 1
    assert paths(root) == ["a.py", "b_test.py", "new.py"]
    scan(root, unloadable, settings=Settings(exclude=("*_test.py",)))
    assert paths(root) == ["a.py", "new.py"]


def test_a_repository_in_the_middle_of_a_rebase(root, load):
    repository = Repository(root)
    repository.commit(0)
    repository.git("checkout", "--quiet", "-b", "other")
    repository.commit(1, {"pkg/c.py": "OTHER = 1\n"})
    repository.git("checkout", "--quiet", "main")
    repository.commit(2, {"pkg/c.py": "MAIN = 1\n"})
    with pytest.raises(subprocess.CalledProcessError):
        repository.git("rebase", "other")
    assert b"<<<<<<<" in (root / "pkg" / "c.py").read_bytes()
    progress = scan(root, load)
    assert progress.files == 4
    assert paths(root) == sorted(PROJECT)


def test_a_shallow_clone_and_a_submodule(root, load, tmp_path):
    repository = Repository(root)
    repository.commit(0)
    repository.commit(1, {"a.py": "x = 1\n"})
    outer = Repository(tmp_path / "outer")
    outer.git("clone", "--quiet", "--depth=1", f"file://{root}", str(tmp_path / "shallow"))
    outer.git("-c", "protocol.file.allow=always", "submodule", "add", "--quiet", str(root), "inner")
    outer.commit(1, {"o.py": "x = 1\n"})
    assert scan(tmp_path / "shallow", load).done == 4
    assert scan(outer.root, load).done == 1
    assert scan(outer.root / "inner", load).done == 4


def test_an_empty_folder(tmp_path, state):
    (tmp_path / "empty").mkdir()
    progress = scan(tmp_path / "empty", unloadable)
    assert (progress.files, progress.done) == (0, 0)


def test_memory_does_not_grow_with_the_number_of_files(
    tmp_path, state, tiny_model, probe_folder, monkeypatch
):
    # What an engine keeps is bounded, but by more than these files have; so are lines' looks.
    monkeypatch.setattr("linewise.engine.REMEMBERED_TEXTS", 8)
    monkeypatch.setattr(line_features, "_remembered_look", line_features._look)
    load = instruments(Engine(tiny_model, Probe(probe_folder), cached_tokens=100))

    def peak(count):
        root = tmp_path / f"{count}"
        write(root, {f"{n:04}.py": function(f"f{n}", f"return {n}") for n in range(count)})
        tracemalloc.start()
        scan(root, load)
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    peak(5)  # what is made once and kept
    few, many = peak(40), peak(400)
    assert many < few * 1.3 + 200_000


def test_fifty_kills_change_nothing(tmp_path, state, load):
    files = {
        f"{n}.py": "\n\n".join(function(f"f{n}_{k}", f"return {n} + {k}") for k in range(6))
        for n in range(12)
    }
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    for root in (whole, killed):
        write(root, files)
    began = time.monotonic()
    os.waitpid(begun(whole, load), 0)
    lasts = time.monotonic() - began
    chance = random.Random(0)
    partly, left = 0, len(files)
    for _ in range(50):
        child = begun(killed, load)
        time.sleep(chance.random() * lasts / 4)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        with Store.open(killed, print) as store:
            assert store.database.problems() == []
            now = Scan(store, ask(killed), unloadable, print).progress.pending
        assert now <= left
        partly += 0 < now < len(files)
        left = now
        if not now:
            path_of(killed).unlink()
            left = len(files)
    assert partly > 10
    scan(killed, load)
    assert content(killed) == content(whole)
