"""What a repository lacks of what is asked of it, and what to do: the one place that knows.

A clone may be shallow (its history is cut off), partial (contents were not fetched), of a single
branch, or without a commit; and a repository may be somebody else's, or damaged. What is advised is
computed from what was asked for, so that each command in backticks, run as it stands in the clone,
is enough.
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from linewise.workspace.git import (
    GitError,
    GitFailedError,
    GitMissingError,
    GitRefusedError,
    check_readable,
    find_root,
    git_folders,
    holds,
    output,
)

_PARTIAL = r"^(extensions\.partialclone|remote\..*\.promisor)$"
_BASE = re.compile(r"(?:(?!@\{)[^~^:])*")
"""The part of a revision that is a name: without ``~2``, ``^``, ``@{1}`` and ``:path``."""
_ID = re.compile(r"[0-9a-f]{7,64}")
_WHOLE_IDS = (40, 64)
_OF_THE_CLONE = re.compile(r"@|stash|([A-Z]+_)*HEAD")
"""Names that no server has something to fetch for."""


def base_name(revision: str) -> str:
    """Return the name that a revision begins with; nothing where it begins with something else."""
    match = _BASE.match(revision)
    return match[0] if match else ""


def is_shallow(root: Path) -> bool:
    """Whether a repository lacks a part of its history; starts no process."""
    _, common = git_folders(root)
    return (common / "shallow").exists()


def is_partial(root: Path) -> bool:
    """Whether a repository was cloned without all contents, as ``--filter`` does.

    Raises
    ------
    GitError
        If git is missing or does not read the repository.
    """
    return holds(root, "config", "--get-regexp", _PARTIAL)


def is_unborn(root: Path) -> bool:
    """Whether there is no commit on the current branch yet.

    Raises
    ------
    GitError
        If git is missing or does not read the repository.
    """
    if not holds(root, "symbolic-ref", "--quiet", "HEAD"):
        return False
    branch = output(root, "symbolic-ref", "HEAD").decode("utf-8", "surrogateescape").strip()
    return not holds(root, "show-ref", "--verify", "--quiet", branch)


def explained(root: Path, error: GitError) -> GitError:
    """Return the error of a call that asked for history or contents, with what to do about it."""
    if isinstance(error, GitMissingError | GitRefusedError) or find_root(root) is None:
        return error
    try:
        check_readable(root)
        if is_unborn(root):
            return GitError(f"there is no commit in {root} yet; commit something first")
        if is_partial(root):
            fetch = _command("fetch", "--refetch", "--no-filter", *_unshallow(root), _remote(root))
            return GitError(
                f"contents of the history are not in the partial clone {root} ({error.reason}); "
                f"{fetch} fetches them"
            )
    except GitError as other:
        return other
    return error


def shallow_advice(root: Path) -> str | None:
    """Return what to do where a part of the history is needed that is cut off, None if none is."""
    return f"the clone is shallow: {_command('fetch', '--unshallow')}" if is_shallow(root) else None


def explained_content(root: Path, commit: str, name: str, error: GitError) -> GitError:
    """Return the error of a call that asked for a file at a commit, with what to do about it."""
    try:
        if isinstance(error, GitFailedError) and is_partial(root):
            # The cheapest command that asks for what differs from now, and for nothing else.
            fetch = _command("diff", "-M", "--shortstat", commit)
            return GitError(
                f"the content of {name} at {commit[:12]} is not in this partial clone "
                f"({error.reason}); {fetch} fetches what changed since"
            )
    except GitError as other:
        return other
    return error


def advice(root: Path, revision: str, *, fork: bool = False) -> str:
    """Return what to do about a revision (no range) that names no commit, to end a sentence with.

    With ``fork`` the commit is not enough: also where the current branch left it is asked for.

    Raises
    ------
    GitError
        If git is missing or does not read the repository.
    """
    base = base_name(revision)
    if base and not _is_known(root, base):
        remote = _remote(root)
        fetch = None if remote is None else _fetch(root, remote, base, fork=fork)
        if fetch is not None:
            if is_shallow(root):
                return f"; the clone is shallow: {fetch}"
            return f"; if {base} is not misspelled, {fetch} gets it"
    elif (cut_off := shallow_advice(root)) is not None:
        return f"; {cut_off}"
    if not output(root, "for-each-ref", "--count=1"):
        return "; there is no commit yet"
    return "; `git branch --all` and `git tag` list what there is"


def _fetch(root: Path, remote: str, name: str, *, fork: bool) -> str | None:
    """Return the command that fetches what has this name on the server, None if nothing can."""
    whole = _ID.fullmatch(name) is not None and len(name) in _WHOLE_IDS
    deepen = () if whole and not fork else _unshallow(root)
    if not deepen and _is_known(root, f"refs/remotes/{remote}/{name}"):
        return _command("branch", name, f"{remote}/{name}")
    wanted = _refspec(root, remote, name)
    return None if wanted is None else _command("fetch", *deepen, remote, wanted)


def _refspec(root: Path, remote: str, name: str) -> str | None:
    """Return what to fetch so that the name means something here, None if nothing can be."""
    tracked = f"refs/remotes/{remote}"
    if _ID.fullmatch(name):
        # Servers send what a whole id names; of the beginning of one nothing is known.
        return name if len(name) in _WHOLE_IDS else f"+refs/heads/*:{tracked}/*"
    valid = holds(root, "check-ref-format", "--allow-onelevel", name)
    if not valid or _OF_THE_CLONE.fullmatch(name):
        return None
    if name == remote:
        return f"HEAD:{tracked}/HEAD"
    if found := re.fullmatch(rf"(?:(?:refs/)?remotes/)?{re.escape(remote)}/(.+)", name):
        return f"{found[1]}:{tracked}/{found[1]}"
    if _is_known(root, f"{tracked}/{name}"):
        return f"{name}:refs/heads/{name}"
    # A branch or a tag, who knows: the pattern takes either.
    said = re.match(r"(?:refs/)?(?=(?:heads|tags)/)", name)
    ref = f"refs/*/{name}" if said is None else f"refs/{name[said.end() :]}"
    return f"{ref}:{ref}"


def _is_known(root: Path, name: str) -> bool:
    asked = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
    return holds(root, *asked)


def _unshallow(root: Path) -> tuple[str, ...]:
    return ("--unshallow",) if is_shallow(root) else ()


def _remote(root: Path) -> str | None:
    """Return the remote that is fetched from by default, None if there is none."""
    remotes = output(root, "remote").decode("utf-8", "surrogateescape").split()
    if holds(root, "symbolic-ref", "--quiet", "HEAD"):
        head = output(root, "symbolic-ref", "HEAD").decode("utf-8", "surrogateescape").strip()
        branch = head.removeprefix("refs/heads/")
        if holds(root, "config", f"branch.{branch}.remote"):
            own = output(root, "config", f"branch.{branch}.remote")
            if (name := own.decode("utf-8", "surrogateescape").strip()) in remotes:
                return name
    return "origin" if "origin" in remotes else next(iter(remotes), None)


def _command(*arguments: str | None) -> str:
    given = [each for each in arguments if each is not None]
    return f"`git {shlex.join(given)}`"
