"""What is advised in clones that lack something: each command, run as it stands, is enough."""

import re
import subprocess

import pytest
from git_repository import Repository

from linewise.workspace.git import GitError
from linewise.workspace.history import read_history
from linewise.workspace.revisions import parse, resolve


@pytest.fixture
def upstream(tmp_path):
    made = Repository(tmp_path / "upstream")
    made.git("config", "uploadpack.allowFilter", "true")
    made.commit(0, {"a.py": "a = 1\n"})
    made.commit(1, {"a.py": "a = 2\n"})
    made.git("tag", "v1")
    made.git("checkout", "--quiet", "-b", "topic/one")
    made.commit(2, {"a.py": "a = 3\n"})
    made.commit(3, {"a.py": "a = 4\n"})
    made.git("checkout", "--quiet", "main")
    made.commit(4, {"b.py": "b = 1\n"})
    return made


def clone(upstream, place, *options):
    source = f"file://{upstream.root}"
    subprocess.run(["git", "clone", "--quiet", *options, source, str(place)], check=True)
    return place


def follow(message, root):
    """Run every command of a message."""
    commands = re.findall("`([^`]+)`", message)
    assert commands
    for each in commands:
        subprocess.run(each, shell=True, cwd=root, check=True, capture_output=True)


@pytest.mark.parametrize("dots", ["", "..."])
@pytest.mark.parametrize(
    "name",
    ["origin/main", "main", "v1", "HEAD~1", "refs/tags/v1", "{id}", "{short}", "origin/main~1"],
)
def test_what_is_advised_in_a_shallow_clone_of_one_branch(upstream, tmp_path, name, dots):
    asked = upstream.git("rev-parse", "main~1").decode().strip()
    root = clone(upstream, tmp_path / "clone", "--depth=1", "--branch=topic/one")
    revision = name.format(id=asked, short=asked[:10]) + dots
    with pytest.raises(GitError, match="clone is shallow") as raised:
        resolve(root, revision)
    follow(str(raised.value), root)
    assert len(resolve(root, revision)) == 40


@pytest.mark.parametrize("name", ["origin/main", "main", "v1"])
def test_what_is_advised_in_a_clone_of_one_branch(upstream, tmp_path, name):
    root = clone(upstream, tmp_path / "clone", "--single-branch", "--branch=topic/one", "--no-tags")
    with pytest.raises(GitError, match="is not misspelled") as raised:
        resolve(root, f"{name}...")
    follow(str(raised.value), root)
    assert resolve(root, f"{name}...") == upstream.git("rev-parse", "v1").decode().strip()


def test_a_branch_that_only_the_remote_has(upstream, tmp_path):
    root = clone(upstream, tmp_path / "clone")
    with pytest.raises(GitError, match="git branch topic/one origin/topic/one") as raised:
        resolve(root, "topic/one")
    follow(str(raised.value), root)
    assert resolve(root, "topic/one") == upstream.git("rev-parse", "topic/one").decode().strip()


def test_the_history_of_a_partial_clone(upstream, tmp_path):
    root = clone(upstream, tmp_path / "clone", "--filter=blob:none")
    with pytest.raises(GitError, match=r"partial clone .*fatal: ") as raised:
        list(read_history(root))
    follow(str(raised.value), root)
    assert list(read_history(root)) == list(read_history(upstream.root))


def test_damage_is_said_in_the_words_of_git(upstream):
    main = upstream.git("rev-parse", "main").decode().strip()
    place = upstream.root / ".git" / "objects" / main[:2] / main[2:]
    place.chmod(0o644)
    place.unlink()
    for ask in (lambda: resolve(upstream.root, "main"), lambda: list(read_history(upstream.root))):
        with pytest.raises(GitError, match=r"(fatal|error): ") as raised:
            ask()
        assert "git tag" not in str(raised.value)


@pytest.mark.parametrize(
    ("revision", "means"),
    [
        ("main...", "v1"), ("main...HEAD", "v1"), ("main...@", "v1"), ("main...topic/one", "v1"),
        ("main..", "main"), ("main..HEAD", "main"), ("main..topic/one", "main"),
        ("...", "HEAD"), ("..", "HEAD"), ("@", "HEAD"), ("...main~1...", None),
        ("HEAD~2...HEAD", "HEAD~2"), ("HEAD~1..", "HEAD~1"), ("v1...", "v1"), ("..HEAD", "HEAD"),
    ],
)  # fmt: skip
def test_ranges(upstream, revision, means):
    upstream.git("checkout", "--quiet", "topic/one")
    if means is None:
        with pytest.raises(GitError):
            resolve(upstream.root, revision)
    else:
        expected = upstream.git("rev-parse", means).decode().strip()
        assert resolve(upstream.root, revision) == expected


@pytest.mark.parametrize("revision", ["main...v1", "main..HEAD~1", "topic/one...main", "..main"])
def test_ends_that_are_not_checked_out(upstream, revision):
    upstream.git("checkout", "--quiet", "topic/one")
    with pytest.raises(GitError, match="files are compared as they are now") as raised:
        resolve(upstream.root, revision)
    assert f"write '{parse(revision).base}...'" in str(raised.value)
