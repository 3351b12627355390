"""What the history says about a file before any of its lines is read: how busy it has been.

Everything is known at the moment a line is written and can be read from the last weeks of the
log, so it is the same when a calibration is fitted and when it is applied.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable
from pathlib import PurePosixPath

from linewise.workspace.history import Commit

DAY = 86_400
SHORT, LONG = 7 * DAY, 91 * DAY
FEATURES = (
    "commits to the file in 7 days",
    "commits to the file in 91 days",
    "commits to the repository in 7 days",
    "commits to the repository in 91 days",
    "days since the file's last commit, 91 at most",
    "lines of the file",
    "the file is new",
    "the file is a test",
)
"""Counts and days enter as log(1 + x), the last two as 0 or 1; Python files only."""
_TEST_FOLDERS = frozenset({"test", "tests", "testing"})


class Churn:
    """The commits of a history by file, names followed, up to any moment of it."""

    def __init__(self, known: Iterable[str] = ()) -> None:
        """Begin with the files that are ``known`` to be there, whatever is said of them later."""
        self._commits: list[int] = []
        self._files: dict[str, list[int]] = {path: [] for path in known}

    def add(self, commit: Commit) -> None:
        """Take in the next commit."""
        self._commits.append(commit.time)
        moved = {
            change.new_path or "": self._files.pop(change.old_path or "", [])
            for change in commit.changes
        }
        moved.pop("", None)
        for path, times in moved.items():
            times.append(commit.time)
            self._files[path] = times

    def features(self, path: str, time: int, lines: int) -> tuple[float, ...]:
        """Return the features of a file of so many lines as of ``time``, in order of `FEATURES`.

        Nothing that was taken in may be later than ``time``, in seconds since 1970.
        """
        file = self._files.get(path)
        touched = file or []
        since = min((time - touched[-1]) if touched else LONG, LONG) / DAY
        return (
            math.log1p(_count(touched, time - SHORT)),
            math.log1p(_count(touched, time - LONG)),
            math.log1p(_count(self._commits, time - SHORT)),
            math.log1p(_count(self._commits, time - LONG)),
            math.log1p(max(since, 0.0)),
            math.log1p(lines),
            float(file is None),
            float(is_test(path)),
        )


def is_test(path: str) -> bool:
    """Return whether a file is one that pytest or unittest would run, by its name."""
    place = PurePosixPath(path)
    return (
        not _TEST_FOLDERS.isdisjoint(place.parts)
        or place.name.startswith(("test_", "conftest."))
        or place.stem.endswith("_test")
    )


def _count(times: list[int], start: int) -> int:
    return len(times) - bisect_left(times, start)
