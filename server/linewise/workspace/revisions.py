"""Which commit a revision of a repository names, as people write it.

Beyond what git reads: ``main...`` is where the current branch left ``main``, as it is in
``git diff main...``; and before the first commit ``HEAD`` is a tree without files.
"""

from __future__ import annotations

from pathlib import Path

from linewise.workspace.git import GitError, git_folders, output

_SINCE_FORK = "..."


def resolve(root: Path, revision: str) -> str:
    """Return the id of the commit (or empty tree) that a revision names.

    Raises
    ------
    GitError
        If it names none; the message says what to do.
    """
    name = base_name(revision)
    try:
        commit = _commit(root, name)
    except GitError as error:
        if name == "HEAD" and _is_unborn(root):
            return output(root, "hash-object", "-t", "tree", "--stdin").decode().strip()
        raise GitError(
            f"{name!r} names no commit of {root} ({error}){_hint(root, name)}"
        ) from error
    if name == revision:
        return commit
    try:
        return output(root, "merge-base", commit, "HEAD").decode().strip()
    except GitError as error:
        raise GitError(
            f"{name!r} and HEAD have no commit in common in {root}{_hint(root, name)}"
        ) from error


def base_name(revision: str) -> str:
    """Return a revision without the dots that ask for where the current branch left it."""
    return revision.removesuffix(_SINCE_FORK)


def _commit(root: Path, name: str) -> str:
    asked = ("rev-parse", "--verify", "--end-of-options", f"{name}^{{commit}}")
    return output(root, *asked).decode().strip()


def _hint(root: Path, name: str) -> str:
    if is_shallow(root):
        return f"; the clone is shallow: `git fetch --unshallow`, or `git fetch origin {name}`"
    return "; `git branch --all` and `git tag` list what there is"


def is_shallow(root: Path) -> bool:
    """Whether a repository lacks a part of its history."""
    _, common = git_folders(root)
    return (common / "shallow").exists()


def _is_unborn(root: Path) -> bool:
    """Whether there is no commit on the current branch yet; git has just failed to find one."""
    own, common = git_folders(root)
    try:
        head = (own / "HEAD").read_text("utf-8")
    except (OSError, ValueError):
        return False
    branch = head.partition("ref:")[2].strip()
    return bool(branch) and not (common / branch).exists()
