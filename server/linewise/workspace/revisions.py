"""Which commit a revision of a repository names, as people write it.

Beyond what git reads: ``main...`` is where the current branch left ``main``, as it is in
``git diff main...``; and before the first commit ``HEAD`` is a tree without files. Files are
compared as they are now, so the only end that a range can have is what is checked out.
"""

from __future__ import annotations

import re
from pathlib import Path

from attrs import frozen

from linewise.workspace.clones import advice, base_name, is_unborn
from linewise.workspace.git import GitError, GitFailedError, check_readable, git_folders, output

_RANGE = re.compile(r"(.*?)(\.\.\.?)(.*)", re.DOTALL)
_BY_MESSAGE = ("^{/", ":/")
"""Name commits by what is written in them, dots and all."""
_HEAD = ("HEAD", "@")
_PREFIXES = ("", "refs", "refs/tags", "refs/heads", "refs/remotes")
_UNKNOWN = "fatal: Needed a single revision"


@frozen
class Asked:
    """A revision taken apart: compared is with ``base`` or, with ``fork``, where it was left.

    ``end`` is None where none is named.
    """

    base: str
    fork: bool = False
    end: str | None = None


def parse(revision: str) -> Asked:
    """Take a revision or a range apart; an end that is left out is ``HEAD``, as git has it."""
    match = _RANGE.fullmatch(revision)
    if match is None or any(each in revision for each in _BY_MESSAGE):
        return Asked(revision)
    base, dots, end = match.groups()
    return Asked(base or "HEAD", dots == "...", end or None)


def watched(root: Path, revision: str) -> tuple[Path, ...]:
    """Return the files that change whenever a revision may name another commit, and some more.

    Starts no process; neither the files nor their folders need be there.
    """
    own, common = git_folders(root)
    asked = parse(revision)
    places = [own / "HEAD", own / "logs" / "HEAD", own / "index", own / "FETCH_HEAD"]
    places += [common / "packed-refs", common / "shallow", common / "reftable" / "tables.list"]
    names = [base_name(name) for name in (asked.base, asked.end, "HEAD") if name is not None]
    for name in filter(None, names):
        refs = [own / name] + [common / prefix / name for prefix in _PREFIXES]
        refs.append(common / "refs" / "remotes" / name / "HEAD")
        # What is checked out is a branch, and a remote's HEAD is: that is what a commit moves.
        places += [*refs, *(common / branch for ref in refs if (branch := _symbolic(ref)))]
    return tuple(dict.fromkeys(places))


def resolve(root: Path, revision: str) -> str:
    """Return the id of the commit (or empty tree) that a revision or range names.

    Raises
    ------
    GitError
        If it names none, or a range ends elsewhere than at what is checked out; the message says
        what to do.
    """
    asked = parse(revision)
    commit = _commit(root, asked.base, fork=asked.fork)
    if asked.end not in (None, *_HEAD) and _commit(root, asked.end, fork=False) != _commit(
        root, "HEAD", fork=False
    ):
        raise GitError(
            f"{revision!r} ends at {asked.end!r}, which is not checked out, and files are compared "
            f"as they are now: write '{asked.base}...' for what changed since the current branch "
            f"left {asked.base}, or '{asked.base}' for all that differs from it"
        )
    if not asked.fork or asked.base in _HEAD:
        return commit
    try:
        return output(root, "merge-base", commit, "HEAD").decode().strip()
    except GitFailedError as error:
        todo = advice(root, "HEAD", fork=True)
        reason = f" ({error.reason})" if error.reason else ""
        raise GitError(
            f"{asked.base!r} and HEAD have no commit in common in {root}{reason}{todo}"
        ) from error


def _symbolic(ref: Path) -> str:
    try:
        text = ref.read_text("utf-8")
    except (OSError, ValueError):
        return ""
    return text.removeprefix("ref:").strip() if text.startswith("ref:") else ""


def _commit(root: Path, name: str, *, fork: bool) -> str:
    verify = ("rev-parse", "--verify", "--end-of-options")
    try:
        return output(root, *verify, f"{name}^{{commit}}").decode().strip()
    except GitFailedError as error:
        check_readable(root)
        if name in _HEAD and is_unborn(root):
            return output(root, "hash-object", "-t", "tree", "--stdin").decode().strip()
        reason = error.reason if error.reason != _UNKNOWN else _damage(root, name)
        if reason:
            raise GitError(f"{name!r} cannot be read in {root}: {reason}") from error
        todo = advice(root, name, fork=fork)
        raise GitError(f"{name!r} names no commit of {root}{todo}") from error


def _damage(root: Path, name: str) -> str:
    """Return what git says of a commit that is named but cannot be read, nothing if it can."""
    try:
        found = output(root, "rev-parse", "--verify", "--end-of-options", name).decode().strip()
    except GitFailedError:
        return ""
    if found == name:
        return ""  # an id needs to be in no repository
    try:
        output(root, "rev-list", "--max-count=1", found, "--")
    except GitFailedError as error:
        return error.reason
    return ""
