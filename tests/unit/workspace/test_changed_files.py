"""Which files changed since a revision, and renamed, missing and unmerged ones."""

import os
import subprocess

import pytest

from linewise.analysis.lines import LineTable
from linewise.workspace.changes import Changes, changed_files, unmerged
from linewise.workspace.git import GitError

TEXT = "".join(f"value_{number} = compute({number})\n" for number in range(12))


def changed(repository, revision="HEAD"):
    files = sorted(path for path in repository.root.rglob("*.py"))
    found = changed_files(repository.root, revision, files)
    return [path.relative_to(repository.root).as_posix() for path in found]


def lines(changes, name, text, revision="HEAD"):
    return changes.lines(name, LineTable(text), revision)


def test_edited_staged_new_and_deleted_files(repository):
    repository.commit(1, {"a.py": TEXT, "b.py": TEXT, "c.py": TEXT, "d.py": TEXT, "e.py": TEXT})
    repository.write("a.py", TEXT + "more = 1\n")
    repository.write("b.py", TEXT + "more = 1\n")
    repository.git("add", "b.py")
    (repository.root / "c.py").unlink()
    os.utime(repository.root / "d.py")  # touched, not changed
    repository.write("new/ä b.py", TEXT)
    assert changed(repository) == ["a.py", "b.py", "new/ä b.py"]
    assert changed(repository, "HEAD~1") == ["a.py", "b.py", "d.py", "e.py", "new/ä b.py"]


def test_what_cannot_be_read_is_left_to_whoever_reads_it(repository):
    repository.commit(1, {"a.py": TEXT})
    os.mkfifo(repository.root / "pipe.py")
    (repository.root / "a.py").unlink()
    (repository.root / "a.py").mkdir()
    assert changed(repository) == ["a.py", "pipe.py"]


def test_no_programs_of_the_repository_are_run(repository, tmp_path):
    repository.commit(1, {"a.py": TEXT, ".gitattributes": "*.py filter=trap diff=trap\n"})
    for key in ("filter.trap.clean", "filter.trap.smudge", "diff.trap.textconv"):
        repository.git("config", key, f"touch {tmp_path}/sprung; cat")
    repository.write("a.py", TEXT + "more = 1\n")
    assert changed(repository) == ["a.py"]
    assert lines(Changes(repository.root), "a.py", TEXT + "more = 1\n") == {12}
    assert lines(Changes(repository.root), "new.py", TEXT) == set(range(13))
    assert not (tmp_path / "sprung").exists()


def test_a_renamed_file_is_compared_with_what_it_was(repository):
    repository.commit(1, {"a.py": TEXT})
    changes = Changes(repository.root)
    assert lines(changes, "b.py", TEXT) == set(range(13))
    version = changes.version("HEAD")
    repository.git("mv", "a.py", "b.py")
    assert changes.version("HEAD") != version
    assert lines(changes, "b.py", TEXT) == frozenset()
    assert lines(changes, "b.py", TEXT.replace("(3)", "(33)")) == {3}
    assert lines(changes, "c.py", TEXT) == set(range(13))
    assert changes.problem is None
    assert changed(repository) == ["b.py"]


def test_a_partial_clone_says_what_it_lacks(repository, tmp_path):
    repository.git("config", "uploadpack.allowFilter", "true")
    repository.commit(1, {"a.py": TEXT})
    clone = tmp_path / "clone"
    source = f"file://{repository.root}"
    command = ["git", "clone", "--quiet", "--no-checkout", "--filter=blob:none", source, str(clone)]
    subprocess.run(command, check=True)
    changes = Changes(clone)
    assert lines(changes, "a.py", TEXT) == set(range(13))
    assert "a.py at" in changes.problem
    assert "is not in this partial clone" in changes.problem


def test_conflicts_are_named(repository):
    repository.commit(1, {"a.py": "a = 1\n"})
    repository.git("checkout", "--quiet", "-b", "topic")
    repository.commit(2, {"a.py": "a = 2\n"})
    repository.git("checkout", "--quiet", "main")
    repository.commit(3, {"a.py": "a = 3\n"})
    assert unmerged(repository.root) == []
    with pytest.raises(subprocess.CalledProcessError):
        repository.git("rebase", "topic")
    assert unmerged(repository.root) == ["a.py"]
    assert changed(repository) == ["a.py"]


def test_an_unknown_revision(repository):
    with pytest.raises(GitError, match="'nowhere' names no commit"):
        changed(repository, "nowhere")
