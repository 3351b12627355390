"""What is reviewed and ignored: kept outside the repository, shared by processes, never lost."""

import json
import subprocess
import sys

import pytest
from attrs import evolve
from filelock import FileLock

from linewise.analysis.suppression import Decisions
from linewise.errors import LinewiseError
from linewise.workspace import store
from linewise.workspace.decisions import DecisionStore, Place, place_of


def review(*prints):
    return lambda known: evolve(known, reviewed=known.reviewed | set(prints))


def test_a_place_is_relative_to_the_repository_or_the_folder(repository, tmp_path):
    path = repository.root / "src" / "a.py"
    assert place_of(path) == Place(repository.root, "src/a.py")
    assert place_of(tmp_path / "lone" / "a.py") == Place(tmp_path / "lone", "a.py")


def test_decisions_are_kept_and_read_by_others(state, tmp_path):
    first, second = DecisionStore(tmp_path), DecisionStore(tmp_path)
    assert second.of("a.py") == Decisions()
    first.change("a.py", review("1", "2"))
    first.change("b.py", lambda known: evolve(known, whole_file=True))
    assert second.of("a.py") == Decisions(reviewed=frozenset({"1", "2"}))
    assert second.of("b.py").whole_file
    second.change("a.py", lambda _: Decisions())
    assert first.of("a.py") == Decisions()
    (kept,) = state.rglob("decisions.json")
    assert list(json.loads(kept.read_text())["files"]) == ["b.py"]
    assert list(tmp_path.glob("*.json")) == []


def test_what_is_no_file_is_decided_in_memory(state):
    kept = DecisionStore(None)
    kept.change("untitled:1", review("1"))
    assert kept.of("untitled:1").reviewed == {"1"}
    assert not state.exists()


@pytest.mark.parametrize("content", ["{", "[]", '{"version": 9}', '{"version": 1, "files": 3}', ""])
def test_what_cannot_be_read_is_said_and_never_overwritten(state, tmp_path, content):
    path = store.folder_of(tmp_path) / "decisions.json"
    path.parent.mkdir(parents=True)
    path.write_text(content)
    kept = DecisionStore(tmp_path)
    assert kept.of("a.py") == Decisions()
    assert kept.problem.startswith(f"{path} cannot be read")
    with pytest.raises(LinewiseError, match="move the file away"):
        kept.change("a.py", review("1"))
    assert path.read_text() == content
    path.unlink()
    kept.change("a.py", review("1"))
    assert kept.problem is None


def test_a_busy_or_unwritable_store_is_said(state, tmp_path):
    kept = DecisionStore(tmp_path)
    kept.change("a.py", review("1"))
    path = store.folder_of(tmp_path) / "decisions.json"
    with (
        FileLock(f"{path}.lock"),
        pytest.raises(LinewiseError, match="another Linewise"),
    ):
        kept.change("a.py", review("2"))
    blocked = DecisionStore(tmp_path / "other")
    store.folder_of(tmp_path / "other").write_text("in the way")
    with pytest.raises(LinewiseError, match="LINEWISE_STATE_DIR"):
        blocked.change("a.py", review("1"))


DECIDE = """
import sys
from pathlib import Path
from attrs import evolve
from linewise.errors import LinewiseError
from linewise.workspace.decisions import DecisionStore

kept = DecisionStore(Path(sys.argv[1]))
for number in range(20):
    new = {f"{sys.argv[2]}-{number}"}
    while True:
        try:
            kept.change("a.py", lambda known: evolve(known, reviewed=known.reviewed | new))
            break
        except LinewiseError as error:
            if "try again" not in str(error):
                raise
"""


def test_processes_that_decide_at_once_lose_nothing(state, tmp_path):
    command = [sys.executable, "-c", DECIDE, str(tmp_path)]
    workers = [subprocess.Popen([*command, str(number)]) for number in range(3)]
    assert [worker.wait(120) for worker in workers] == [0, 0, 0]
    assert len(DecisionStore(tmp_path).of("a.py").reviewed) == 60
