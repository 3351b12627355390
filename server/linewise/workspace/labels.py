"""Labels from history: which lines were changed soon after they were written.

A code line that a commit added is *positive* if another commit changed or deleted it within the
window, *negative* if it outlived the window unchanged. It has no label if its window is still
open, or if its story was cut short (see `Fate.LOST`). docs/calibration.md has the whole
definition.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path

from attrs import frozen

from linewise.workspace.churn import DAY, Churn
from linewise.workspace.history import ignored_commits, read_history
from linewise.workspace.lives import Fate, Life, Tracker

WINDOW_DAYS = 14.0
_EXCLUDED = re.compile(
    r"(^|/)(_?vendor(ed|_packages)?|third_?party|external|extern|node_modules|site-packages"
    r"|fixtures?|testdata|test_data|snapshots?|__snapshots__|generated|_generated|migrations)/"
    r"|(^|/)tests?/data/"
    r"|(_pb2|_pb2_grpc|_generated|\.generated)\.py$"
    r"|(^|/)(_?versioneer|_version)\.py$"
)
_GENERATED = re.compile(rb"@generated|do not edit|(auto|automatically)[ -]?generated", re.I)
_HEAD_BYTES = 1_000


@frozen(eq=False)
class Example:
    """A labelled line: ``line`` (0-based) of the content ``blob`` that a commit gave to ``path``.

    ``time`` is the commit's, in seconds since 1970; ``context`` are the features of `churn`.
    """

    commit: str
    time: int
    path: str
    blob: str
    line: int
    text: bytes
    changed: bool
    context: tuple[float, ...]


@frozen(eq=False)
class Labels:
    """The labelled lines of a history in the order they were written, and what they are not.

    ``commits`` counts those read, ``end`` is the last one's time, ``unlabelled`` the lines whose
    window was open or whose story was cut short.
    """

    examples: tuple[Example, ...]
    commits: int
    end: int
    unlabelled: int
    window_days: float


def is_excluded(path: str) -> bool:
    """Return whether a file's lines are nobody's own: vendored, generated, fixtures."""
    return _EXCLUDED.search(path) is not None


def is_generated(content: bytes) -> bool:
    """Return whether a file says in its head that a program wrote it."""
    return _GENERATED.search(content[:_HEAD_BYTES]) is not None


def read_labels(
    root: Path,
    *,
    window_days: float = WINDOW_DAYS,
    excluded: Callable[[str], bool] = lambda _: False,
    progress: Callable[[int], None] = lambda _: None,
) -> Labels:
    """Follow every line of a repository's first-parent history and label it.

    Files that are ``excluded``, by their name in the repository, are so beside those of
    `is_excluded`.
    ``progress`` hears how many commits were read.

    Raises
    ------
    GitError
        If there is no history to read.
    """
    left_out = cache(lambda path: is_excluded(path) or excluded(path))
    tracker = Tracker(excluded=left_out, unreliable=ignored_commits(root))
    churn = Churn()
    contexts: dict[tuple[str, str], tuple[float, ...]] = {}
    commits = end = 0
    for commit in read_history(root):
        born = len(tracker.lives)
        tracker.follow(commit)
        for path in {life.path for life in tracker.lives[born:]}:
            old = {change.new_path: change.old_path for change in commit.changes}[path]
            contexts[commit.sha, path] = churn.features(
                path if old is None else old, commit.time, tracker.length(path)
            )
        churn.add(commit)
        commits, end = commits + 1, commit.time
        progress(commits)
    examples = tuple(_examples(tracker.lives, contexts, window_days, end))
    return Labels(examples, commits, end, len(tracker.lives) - len(examples), window_days)


def label(life: Life, window: float, end: float) -> bool | None:
    """Return whether a line was changed within ``window`` seconds, None if that is not known.

    ``end`` is until when the history was followed. A line that was changed has its label only
    once its window is over too: the quick ones known early would otherwise be too many.
    """
    closes = life.commit.time + window
    if closes > end:
        return None
    if life.end is None or life.end > closes:
        return False
    return True if life.fate is Fate.EDITED else None


def _examples(
    lives: Iterable[Life],
    contexts: dict[tuple[str, str], tuple[float, ...]],
    window_days: float,
    end: int,
) -> Iterable[Example]:
    for life in lives:
        changed = label(life, window_days * DAY, end)
        if changed is not None:
            sha = life.commit.sha
            context = contexts[sha, life.path]
            yield Example(
                sha, life.commit.time, life.path, life.blob, life.line, life.text, changed, context
            )
