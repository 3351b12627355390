"""What revisions name, and what is said where they name nothing."""

import subprocess

import pytest
from git_repository import Repository

from linewise.workspace.git import GitError
from linewise.workspace.revisions import resolve


def test_branches_tags_and_where_a_branch_began(repository):
    first = repository.git("rev-parse", "HEAD").decode().strip()
    repository.git("checkout", "--quiet", "-b", "topic")
    topic = repository.commit(1, {"a.py": "a = 1\n"})
    repository.git("checkout", "--quiet", "main")
    main = repository.commit(2, {"b.py": "b = 1\n"})
    repository.git("checkout", "--quiet", "topic")
    assert resolve(repository.root, "HEAD") == topic
    assert resolve(repository.root, "main") == main
    assert resolve(repository.root, "main...") == first
    assert resolve(repository.root, main[:10]) == main


@pytest.mark.parametrize("revision", ["nowhere", "HEAD~99", "HEAD:first.py", "--help", "no..."])
def test_what_names_no_commit(repository, revision):
    with pytest.raises(GitError, match=r"names no commit of .*`git branch --all` and `git tag`"):
        resolve(repository.root, revision)


def test_before_the_first_commit_head_has_no_files(tmp_path):
    repository = Repository(tmp_path / "new")
    tree = resolve(repository.root, "HEAD")
    assert repository.git("ls-tree", tree) == b""
    with pytest.raises(GitError, match="'main' names no commit"):
        resolve(repository.root, "main")


def test_a_shallow_clone_says_how_to_get_the_rest(repository, tmp_path):
    old = repository.git("rev-parse", "HEAD").decode().strip()
    repository.commit(1, {"a.py": "a = 1\n"})
    clone = tmp_path / "clone"
    source = f"file://{repository.root}"
    command = ["git", "clone", "--quiet", "--depth=1", source, str(clone)]
    subprocess.run(command, check=True)
    with pytest.raises(GitError, match=f"clone is shallow: .*git fetch origin {old}"):
        resolve(clone, old)


def test_unrelated_histories(repository):
    repository.git("checkout", "--quiet", "--orphan", "other")
    repository.commit(1, {"a.py": "a = 1\n"})
    with pytest.raises(GitError, match="'main' and HEAD have no commit in common"):
        resolve(repository.root, "main...")
