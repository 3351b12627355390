"""A repository's first-parent history as line changes: trees compared, and parsed as they stream.

Lines are bytes without their terminator: history holds every encoding there ever was, and what is
asked of a line here is only whether it is the same. What is read depends on the history alone: on
no setting and no attribute.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import IO

from attrs import frozen

from linewise.workspace import git
from linewise.workspace.clean_room import compared_trees
from linewise.workspace.clones import explained

_PAIR = re.compile(rb"[0-9a-f]{40,64} [0-9a-f]{40,64}\n")
"""Opens each commit: the trees that are compared. No line of a diff, outside of a hunk, is one."""
_HUNK = re.compile(rb"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_PATCH = (
    "--patch",
    "--unified=0",
    "--inter-hunk-context=0",
    "--indent-heuristic",
    "--full-index",
    "--diff-algorithm=histogram",
    "--src-prefix=a/",
    "--dst-prefix=b/",
    "--",
    "*.py",
)


@frozen
class Hunk:
    """One changed place: ``removed`` lines from ``old``, ``added`` lines at ``new`` (0-based)."""

    old: int
    removed: tuple[bytes, ...]
    new: int
    added: tuple[bytes, ...]


@frozen
class FileChange:
    """What a commit did to a file; a path is None where there is no file on that side.

    ``blob`` is the id of the new content, None if only the name or the mode changed.
    """

    old_path: str | None
    new_path: str | None
    blob: str | None
    hunks: tuple[Hunk, ...]


@frozen
class Commit:
    """A commit and its changes against its first parent, Python files only.

    ``time`` is in seconds since 1970 and never runs backwards along the history, whatever the
    clocks of its authors did.
    """

    sha: str
    time: int
    parents: int
    changes: tuple[FileChange, ...]

    @property
    def size(self) -> int:
        """How many lines it removed or added, whichever are more."""
        hunks = [hunk for change in self.changes for hunk in change.hunks]
        return max(sum(len(h.removed) for h in hunks), sum(len(h.added) for h in hunks))


@frozen
class _Listed:
    """A commit as it is listed: its time in seconds since 1970, its tree, how many parents."""

    sha: str
    time: int
    tree: str
    parents: int


def read_history(root: Path, *, since: str | None = None) -> Iterator[Commit]:
    """Yield the commits of HEAD's first-parent history that touch Python files, oldest first.

    ``since`` is a date as git reads it (``2 years ago``); older commits are left out.

    Raises
    ------
    GitError
        If ``root`` is no repository, has no commit yet, lacks a part of what is asked for, or git
        fails; the message is git's reason and what to do.
    """
    try:
        git.output(root, "rev-parse", "--verify", "HEAD^{commit}")
        commits, before = _listed(root, since)
        trees = [before, *(commit.tree for commit in commits)]
        pairs = list(pairwise(trees))
        with compared_trees(root, pairs, *_PATCH) as stream:
            yield from parse_changes(stream, commits)
    except git.GitError as error:
        raise explained(root, error) from error


def _listed(root: Path, since: str | None) -> tuple[list[_Listed], str]:
    """Return the commits, oldest first, and the tree before the first of them."""
    limit = [f"--since={since}"] if since else []
    asked = ("rev-list", "--first-parent", "--reverse", "--format=%ct %T %P", *limit, "HEAD", "--")
    lines = git.output(root, *asked).decode("ascii").splitlines()
    commits: list[_Listed] = []
    first: list[str] = []
    for head, facts in zip(lines[::2], lines[1::2], strict=True):
        stamp, tree, *parents = facts.split()
        first = first if commits else parents
        commits.append(_Listed(head.removeprefix("commit "), int(stamp), tree, len(parents)))
    # Before a commit without parents there is a tree without files, which git always knows.
    empty = ("hash-object", "-t", "tree", "--stdin")
    before = ("rev-parse", f"{first[0]}^{{tree}}") if first else empty
    return commits, git.output(root, *before).decode("ascii").strip()


def ignored_commits(root: Path) -> frozenset[str]:
    """Return the commits that ``.git-blame-ignore-revs`` at HEAD names."""
    try:
        text = git.output(root, "cat-file", "blob", "HEAD:.git-blame-ignore-revs")
    except git.GitError:
        return frozenset()
    return frozenset(re.findall(r"^[0-9a-f]{40,64}\b", text.decode("utf-8", "replace"), re.M))


def parse_changes(stream: IO[bytes], commits: Sequence[_Listed]) -> Iterator[Commit]:
    """Yield those of the commits that changed something, by the differences of their trees."""
    time, line = 0, stream.readline()
    for commit in commits:
        if not _PAIR.fullmatch(line):
            raise git.GitError(f"git wrote a diff that cannot be read: {line!r}")
        changes, line = [], stream.readline()
        while line.startswith(b"diff --git "):
            change, line = _file_change(stream)
            changes.append(change)
        if changes:
            time = max(time, commit.time)
            yield Commit(commit.sha, time, commit.parents, tuple(changes))


def _file_change(stream: IO[bytes]) -> tuple[FileChange, bytes]:
    """Read one file's part of a diff; return it and the line after it."""
    old: str | None = None
    new: str | None = None
    blob: str | None = None
    hunks: list[Hunk] = []
    while line := stream.readline():
        if line.startswith(b"diff --git ") or _PAIR.fullmatch(line):
            break
        word, _, rest = line.rstrip(b"\n").partition(b" ")
        match word:
            case b"rename" if rest.startswith(b"from "):
                old = _path(rest[5:])
            case b"rename" if rest.startswith(b"to "):
                new = _path(rest[3:])
            case b"index":
                blob = rest.split(b"..")[1].split(b" ")[0].decode("ascii")
            case b"---":
                old = _sided(rest)
            case b"+++":
                new = _sided(rest)
            case b"@@":
                hunks.append(_hunk(line, stream))
    return FileChange(old, new, blob, tuple(hunks)), line


def _hunk(header: bytes, stream: IO[bytes]) -> Hunk:
    match = _HUNK.match(header)
    if match is None:
        raise git.GitError(f"git wrote a diff that cannot be read: {header!r}")
    old, old_count, new, new_count = (int(it) if it is not None else 1 for it in match.groups())
    removed = _lines(stream, old_count)
    added = _lines(stream, new_count)
    # An empty side is numbered by the line before it, so counting from 0 it is that number itself.
    return Hunk(old - bool(old_count), removed, new - bool(new_count), added)


def _lines(stream: IO[bytes], count: int) -> tuple[bytes, ...]:
    lines: list[bytes] = []
    while len(lines) < count:
        line = stream.readline()
        if not line:
            raise git.GitError("git ended in the middle of a diff")
        # "\ No newline at end of file" belongs to the line before it.
        if not line.startswith(b"\\"):
            lines.append(line[1:].rstrip(b"\r\n"))
    return tuple(lines)


def _sided(rest: bytes) -> str | None:
    path = _path(rest)
    return None if path == "/dev/null" else path[2:]


def _path(written: bytes) -> str:
    """Read a path as git writes it: in C quotes if it has to be, else with a tab after blanks."""
    path = written.rstrip(b"\t")
    if path.startswith(b'"'):
        # What C escapes mean they mean in Python, and `core.quotePath` leaves nothing but ASCII.
        path = ast.literal_eval("b" + path.decode("ascii"))
    return path.decode("utf-8", "surrogateescape")
