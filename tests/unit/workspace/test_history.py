"""History read through git: every commit's line changes, whatever the repository holds."""

import subprocess

import pytest
from git_repository import BEGIN, DAY, Repository, lines
from hypothesis import given, settings
from hypothesis import strategies as st

from linewise.workspace import git
from linewise.workspace.history import Hunk, ignored_commits, read_history
from linewise.workspace.lives import Fate, Tracker


def history(repository):
    return list(read_history(repository.root))


def test_what_a_commit_changed(repository):
    sha = repository.commit(2, {"first.py": "begin = 2\nmore = 3\n", "notes.txt": "x"})
    first, second = history(repository)
    assert (first.parents, second.parents) == (0, 1)
    assert (second.sha, second.time) == (sha, BEGIN + 2 * DAY)
    (change,) = second.changes
    assert (change.old_path, change.new_path) == ("first.py", "first.py")
    assert change.hunks == (Hunk(0, (b"begin = 1",), 0, (b"begin = 2", b"more = 3")),)
    content = git.read_blob(repository.root, change.blob)
    assert content == b"begin = 2\nmore = 3\n"
    assert second.size == 2


def test_renames_deletions_and_empty_files(repository):
    repository.commit(1, {"a.py": lines(*range(9)), "empty.py": ""})
    repository.git("mv", "a.py", "b.py")
    repository.commit(2, {"b.py": lines(*range(8), 100)})
    repository.commit(3, remove=["b.py", "empty.py"])
    *_, renamed, deleted = history(repository)
    (change,) = renamed.changes
    assert (change.old_path, change.new_path) == ("a.py", "b.py")
    assert len(change.hunks) == 1
    (gone,) = (change for change in deleted.changes if change.old_path)
    assert gone.new_path is None
    assert len(gone.hunks[0].removed) == 9


@pytest.mark.parametrize(
    "name", ["a b.py", 'quo"te.py', "tab\tname.py", "ünï.py", "back\\slash.py"]
)
def test_names_that_git_writes_in_quotes(repository, name):
    repository.commit(1, {name: "x = 1\n"})
    (change,) = history(repository)[-1].changes
    assert change.new_path == name


def test_content_that_is_not_text(repository):
    repository.commit(1, {"latin.py": b"# \xe9\nx = '\xff'\n", "nul.py": b"x\0y\n"})
    changes = {change.new_path: change for change in history(repository)[-1].changes}
    assert changes["latin.py"].hunks[0].added == (b"# \xe9", b"x = '\xff'")
    assert not any(change.hunks for name, change in changes.items() if name != "latin.py")


def test_lines_that_look_like_a_diff(repository):
    strange = b"x = '''\n--- a/b.py\n+++ b/b.py\n@@ -1 +1 @@\ndiff --git a/x b/x\n'''\n-1\n+1"
    repository.commit(1, {"a.py": strange})
    repository.commit(2, {"a.py": strange + b"\n\\ No newline\n"})
    before, after = history(repository)[-2:]
    assert before.changes[0].hunks[0].added == tuple(strange.split(b"\n"))
    assert after.changes[0].hunks[-1].added[-1] == b"\\ No newline"


def test_a_merge_is_one_commit_with_two_parents(repository):
    repository.git("checkout", "--quiet", "-b", "side")
    repository.commit(1, {"side.py": lines(1)})
    repository.git("checkout", "--quiet", "main")
    repository.commit(2, {"main.py": lines(2)})
    repository.git("merge", "--quiet", "--no-ff", "-m", "m", "side", days=3)
    *_, merge = history(repository)
    assert merge.parents == 2
    assert [change.new_path for change in merge.changes] == ["side.py"]
    assert len(history(repository)) == 3


def test_time_never_runs_backwards(repository):
    repository.commit(9, {"a.py": "x = 1\n"})
    repository.commit(4, {"a.py": "x = 2\n"})
    times = [commit.time for commit in history(repository)]
    assert times == [BEGIN, BEGIN + 9 * DAY, BEGIN + 9 * DAY]


def test_commits_to_ignore(repository):
    assert ignored_commits(repository.root) == frozenset()
    sha = repository.commit(1, {"a.py": "x = 1\n"})
    repository.commit(2, {".git-blame-ignore-revs": f"# black\n{sha} # why\nnonsense\n"})
    assert ignored_commits(repository.root) == {sha}


def test_a_repository_cannot_make_git_run_a_program(repository, tmp_path):
    trap = tmp_path / "ran"
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\ntouch {trap}\n")
    program.chmod(0o755)
    for key in ("core.fsmonitor", "diff.external", "diff.x.textconv", "gpg.program"):
        repository.git("config", key, str(program))
    repository.git("config", "log.showSignature", "true")
    repository.commit(1, {".gitattributes": "*.py diff=x\n", "a.py": "x = 1\n"})
    trap.unlink(missing_ok=True)
    assert len(history(repository)) == 2
    assert not trap.exists()


def test_no_repository_and_no_commit(tmp_path):
    with pytest.raises(git.GitError, match="rev-parse"):
        list(read_history(tmp_path))
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    with pytest.raises(git.GitError):
        list(read_history(tmp_path))


def test_the_root_is_found_without_a_process(repository, monkeypatch, tmp_path):
    inside = repository.root / "deep" / "er"
    inside.mkdir(parents=True)
    monkeypatch.setattr(subprocess, "Popen", None)
    assert git.find_root(inside / "new.py") == repository.root
    assert git.find_root(tmp_path) is None


@settings(max_examples=15)
@given(st.lists(st.lists(st.sampled_from("abcdef"), max_size=8), min_size=1, max_size=6))
def test_files_have_their_true_length_whatever_is_done_to_them(tmp_path_factory, versions):
    repository = Repository(tmp_path_factory.mktemp("repository"))
    for day, version in enumerate(versions):
        repository.commit(day, {"a.py": "".join(f"{line}\n" for line in version)})
    tracker = Tracker()
    for commit in read_history(repository.root):
        tracker.follow(commit)
    assert tracker.length("a.py") == len(versions[-1])
    assert all((life.end is None) == (life.fate is Fate.ALIVE) for life in tracker.lives)
