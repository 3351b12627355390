"""What became of lines: each line a commit wrote is followed to the commit that changed it.

A line counts as the same while only its white space changes, while it moves and while its file is
renamed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import Enum

from attrs import define, field, frozen

from linewise.workspace.history import Commit, FileChange, Hunk
from linewise.workspace.matching import origins

BULK_LINES = 1_000
"""A commit that removes or adds more lines tells of tools and imports, not of single lines."""


class Fate(Enum):
    """How a line's story ends."""

    ALIVE = "still there"
    EDITED = "changed or deleted"
    LOST = "out of sight: its file was deleted, or rewritten in bulk"


@define(eq=False)
class Life:
    """One line from the commit that wrote it on.

    ``line`` is 0-based in ``path`` as of ``commit``, ``blob`` the id of that file's content
    there. ``end`` is the time of its fate, in seconds since 1970; None while it is alive.
    """

    commit: Commit = field(repr=False)
    path: str
    blob: str
    line: int
    text: bytes
    fate: Fate = Fate.ALIVE
    end: int | None = None


Lines = list[Life | None]
"""A file's lines; None stands for one that is not followed."""


@frozen(eq=False)
class _Change:
    """A file's change with the lines it had before."""

    change: FileChange
    before: Lines

    def removed(self, hunk: Hunk) -> Lines:
        return self.before[hunk.old : hunk.old + len(hunk.removed)]


class Tracker:
    """Follows lines through commits, oldest first.

    ``excluded`` says of a path that its lines are not to be followed. ``unreliable`` are commits
    that changed lines for no reason of theirs, as ``.git-blame-ignore-revs`` lists them.
    """

    def __init__(
        self,
        *,
        excluded: Callable[[str], bool] = lambda _: False,
        unreliable: frozenset[str] = frozenset(),
    ) -> None:
        self.lives: list[Life] = []
        self._excluded = excluded
        self._unreliable = unreliable
        self._files: dict[str, Lines] = {}

    def length(self, path: str) -> int:
        """Return how many lines a file has by now, 0 if there is none.

        Too few where the history that was read began in the middle.
        """
        return len(self._files.get(path, ()))

    def follow(self, commit: Commit) -> None:
        """Take in the next commit."""
        in_bulk = commit.size > BULK_LINES or commit.sha in self._unreliable
        # A commit without a parent imports what was written elsewhere; a merge brings in lines
        # that were written on another branch, at another time.
        writes = commit.parents == 1 and not in_bulk
        # All of them before any is put back: names may be swapped.
        changes = [_Change(change, self._take(change)) for change in commit.changes]
        pairs = [(each, hunk) for each in changes for hunk in each.change.hunks]
        found = origins([(hunk.removed, hunk.added) for _, hunk in pairs])
        removed = [life for each, hunk in pairs for life in each.removed(hunk)]
        self._end(pairs, set(found.values()), commit.time, in_bulk)
        index = 0
        for each in changes:
            fresh: list[Lines] = []
            for hunk in each.change.hunks:
                lines: Lines = []
                for offset, text in enumerate(hunk.added):
                    if (origin := found.get(index + offset)) is not None:
                        lines.append(removed[origin])
                    elif writes:
                        lines.append(self._born(commit, each.change, hunk.new + offset, text))
                    else:
                        lines.append(None)
                fresh.append(lines)
                index += len(lines)
            if each.change.new_path is not None:
                self._files[each.change.new_path] = _patched(each, fresh)

    def _take(self, change: FileChange) -> Lines:
        lines = self._files.pop(change.old_path, []) if change.old_path is not None else []
        # Where the history that was read begins in the middle, what was there before is unknown.
        length = max((hunk.old + len(hunk.removed) for hunk in change.hunks), default=0)
        return lines + [None] * (length - len(lines))

    def _end(
        self, pairs: Sequence[tuple[_Change, Hunk]], kept: set[int], time: int, in_bulk: bool
    ) -> None:
        index = 0
        for each, hunk in pairs:
            fate = Fate.LOST if in_bulk or each.change.new_path is None else Fate.EDITED
            for life in each.removed(hunk):
                if life is not None and index not in kept:
                    life.fate, life.end = fate, time
                index += 1

    def _born(self, commit: Commit, change: FileChange, line: int, text: bytes) -> Life | None:
        path, blob = change.new_path, change.blob
        if path is None or blob is None or not text.strip() or self._excluded(path):
            return None
        life = Life(commit, path, blob, line, text)
        self.lives.append(life)
        return life


def _patched(each: _Change, fresh: Sequence[Lines]) -> Lines:
    """Return a file's lines after its change; ``fresh`` are the added ones, hunk by hunk."""
    lines: Lines = []
    done = 0
    for hunk, added in zip(each.change.hunks, fresh, strict=True):
        lines += each.before[done : hunk.old]
        lines += added
        done = hunk.old + len(hunk.removed)
    return lines + each.before[done:]
