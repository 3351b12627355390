"""A repository's first-parent history as line changes: ``git log -p -U0`` parsed as it streams.

Lines are bytes without their terminator: history holds every encoding there ever was, and what is
asked of a line here is only whether it is the same.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from attrs import frozen

from linewise.workspace import git

_MARK = b"\0commit "
"""Opens each commit. No line of a diff does: git shows no diff of files that hold a NUL."""
_HUNK = re.compile(rb"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_LOG = (
    "log",
    "--first-parent",
    # The diff of a merge is shown against its first parent: it changes lines like any commit.
    "-m",
    "--reverse",
    "--patch",
    "--unified=0",
    "--inter-hunk-context=0",
    "--find-renames",
    "--full-index",
    "--diff-algorithm=histogram",
    "--src-prefix=a/",
    "--dst-prefix=b/",
    "--no-color",
    "--no-ext-diff",
    "--no-textconv",
    "--no-notes",
    "--format=format:%x00commit %H %ct %P",
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


def read_history(root: Path, *, since: str | None = None) -> Iterator[Commit]:
    """Yield the commits of HEAD's first-parent history that touch Python files, oldest first.

    ``since`` is a date as git reads it (``2 years ago``); older commits are left out.

    Raises
    ------
    GitError
        If ``root`` is no repository, has no commit yet, or git fails.
    """
    git.output(root, "rev-parse", "--verify", "--quiet", "HEAD^{commit}")
    limit = [f"--since={since}"] if since else []
    with git.stream(root, *_LOG, *limit, "HEAD", "--", "*.py") as stream:
        yield from parse_log(stream)


def ignored_commits(root: Path) -> frozenset[str]:
    """Return the commits that ``.git-blame-ignore-revs`` at HEAD names."""
    try:
        text = git.output(root, "cat-file", "blob", "HEAD:.git-blame-ignore-revs")
    except git.GitError:
        return frozenset()
    return frozenset(re.findall(r"^[0-9a-f]{40,64}\b", text.decode("utf-8", "replace"), re.M))


def parse_log(stream: IO[bytes]) -> Iterator[Commit]:
    """Yield the commits of a log in the format asked for above."""
    time, line = 0, stream.readline()
    while line:
        if not line.startswith(_MARK):
            line = stream.readline()
            continue
        sha, stamp, *parents = line[len(_MARK) :].decode("ascii").split()
        time = max(time, int(stamp))
        changes, line = [], stream.readline()
        while line and not line.startswith(_MARK):
            if line.startswith(b"diff --git "):
                change, line = _file_change(stream)
                changes.append(change)
            else:
                line = stream.readline()
        yield Commit(sha, time, len(parents), tuple(changes))


def _file_change(stream: IO[bytes]) -> tuple[FileChange, bytes]:
    """Read one file's part of a diff; return it and the line after it."""
    old: str | None = None
    new: str | None = None
    blob: str | None = None
    hunks: list[Hunk] = []
    while line := stream.readline():
        if line.startswith((_MARK, b"diff --git ")):
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
