"""Personal feedback: what the user's own edits say about the level of the probabilities.

A line that was shown, flagged or not, is *edited* if it was changed or deleted when the document
was saved, and *kept* if it was still there when the document was closed. From their counts comes
one number, a bounded shift of the intercept; the ranking of lines never changes. Only counts are
stored.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from attrs import field, frozen

from linewise.analysis.common_lines import common_blocks
from linewise.workspace.matching import origins
from linewise.workspace.store import VERSION

BOUND = 1.0
"""The shift in log-odds is never larger: odds are not changed by more than a factor of e."""
LEAST_LINES, LEAST_EDITED = 200, 20
"""Below these nothing is shifted."""
LINE_WEIGHT = 0.1
"""What a line counts: those of one sitting rise and fall together, about ten tell as much as one
that stands alone."""
PRIOR_DEVIATION = 0.5
"""Of the shift, in log-odds, before anything is known (Gaussian, mean 0)."""
MEMORY = 5_000
"""Lines; once there are more, all counts shrink, so that older ones fade."""
SETTLED_SECONDS = 30.0
"""An edit sooner after a line was first shown is still the writing of that line."""
_EDGE, _WIDTH = 6.0, 0.5
BINS = int(2 * _EDGE / _WIDTH) + 1

Counts = tuple[float, ...]
_NONE: Counts = (0.0,) * BINS


@frozen
class Seen:
    """A line as it was shown: its log-odds before any shift, whether flagged, when (seconds)."""

    log_odds: float
    flagged: bool
    at: float


@frozen
class Observation:
    """What became of a line that was shown."""

    seen: Seen
    edited: bool


@frozen
class Feedback:
    """Counts of lines by log-odds, to the nearest half from -6 to 6; beyond counts as that."""

    version: int = VERSION
    flagged: Counts = field(default=_NONE)
    flagged_edited: Counts = field(default=_NONE)
    unflagged: Counts = field(default=_NONE)
    unflagged_edited: Counts = field(default=_NONE)

    @property
    def lines(self) -> float:
        """How many lines were observed, older ones faded."""
        return sum(self.flagged) + sum(self.unflagged)

    @property
    def edited(self) -> float:
        """How many of them were edited."""
        return sum(self.flagged_edited) + sum(self.unflagged_edited)


def learn(feedback: Feedback, observations: Iterable[Observation]) -> Feedback:
    """Return the counts with more observations."""
    counts = {
        (flagged, edited): np.zeros(BINS) for flagged in (True, False) for edited in (True, False)
    }
    for each in observations:
        if math.isfinite(each.seen.log_odds):
            place = int(np.clip(round((each.seen.log_odds + _EDGE) / _WIDTH), 0, BINS - 1))
            counts[each.seen.flagged, each.edited][place] += 1
    more = sum(float(part.sum()) for part in counts.values())
    fade = min(1.0, MEMORY / (feedback.lines + more)) if more else 1.0

    def added(before: Counts, new: npt.NDArray[np.float64]) -> Counts:
        return tuple((fade * (np.array(before) + new)).tolist())

    return Feedback(
        feedback.version,
        added(feedback.flagged, counts[True, True] + counts[True, False]),
        added(feedback.flagged_edited, counts[True, True]),
        added(feedback.unflagged, counts[False, True] + counts[False, False]),
        added(feedback.unflagged_edited, counts[False, True]),
    )


def centers() -> npt.NDArray[np.float64]:
    """Return the log-odds (`BINS`,) that the counts are by."""
    return np.asarray(-_EDGE + _WIDTH * np.arange(BINS), np.float64)


@lru_cache(maxsize=64)
def shift(feedback: Feedback) -> float:
    """Return what to add to log-odds: the most probable shift given the counts and the prior.

    0 while there are too few observations, and never beyond ±`BOUND`. It is found once for the
    same counts: every score asks for it, and they change only when a document is saved or closed.
    """
    if feedback.lines < LEAST_LINES or feedback.edited < LEAST_EDITED:
        return 0.0
    middles = centers()
    lines = np.array(feedback.flagged) + np.array(feedback.unflagged)

    def slope(value: float) -> float:
        """Return the derivative of the log-posterior, which only falls."""
        expected = float(lines @ (1.0 / (1.0 + np.exp(-middles - value))))
        return LINE_WEIGHT * (feedback.edited - expected) - value / PRIOR_DEVIATION**2

    low, high = -BOUND, BOUND
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if slope(middle) > 0 else (low, middle)
    return (low + high) / 2


class Episode:
    """One document from its opening to its closing: what was shown and what was edited.

    Times are in seconds on any clock that only runs forwards.
    """

    def __init__(self, text: str) -> None:
        self._lines = _split(text)
        self._text = text
        self._seen: list[Seen | None] = [None] * len(self._lines)
        self._touched = False

    def show(self, text: str, shown: Iterable[tuple[int, Seen]]) -> None:
        """Note how lines (0-based) were shown, if that is about the text as it was last saved."""
        if text == self._text:
            for line, seen in shown:
                # What a line was shown as first is what it is judged by.
                if line < len(self._seen) and self._seen[line] is None:
                    self._seen[line] = seen

    def save(self, text: str, now: float) -> list[Observation]:
        """Take in the saved text; return the shown lines that were edited since the last save."""
        lines = _split(text)
        kept_blocks = common_blocks(self._lines, lines)
        changed = _between(kept_blocks, len(self._lines), len(lines))
        hunks = [(self._lines[a:b], lines[c:d]) for a, b, c, d in changed]
        removed = [line for a, b, _, _ in changed for line in range(a, b)]
        added = [line for _, _, c, d in changed for line in range(c, d)]
        found = origins(hunks)
        seen: list[Seen | None] = [None] * len(lines)
        for old, new, length in kept_blocks:
            seen[new : new + length] = self._seen[old : old + length]
        for new, old in found.items():
            seen[added[new]] = self._seen[removed[old]]
        kept = set(found.values())
        gone = [self._seen[line] for index, line in enumerate(removed) if index not in kept]
        self._lines, self._text, self._seen = lines, text, seen
        edited = [
            Observation(each, edited=True)
            for each in gone
            if each is not None and now - each.at >= SETTLED_SECONDS
        ]
        self._touched = self._touched or bool(edited)
        return edited

    def take(self, text: str, line: int) -> None:
        """Leave a line out from now on, if ``text`` is as last saved: the user spoke of it."""
        if text == self._text and line < len(self._seen):
            self._seen[line] = None

    def end(self) -> list[Observation]:
        """Return the lines that were kept; none of a document in which nothing was edited.

        A file that was only read says nothing about what its reader would have changed.
        """
        if not self._touched:
            return []
        return [Observation(each, edited=False) for each in self._seen if each is not None]


def _between(
    blocks: Sequence[tuple[int, int, int]], before: int, after: int
) -> list[tuple[int, int, int, int]]:
    """Return what lies between blocks that are the same: begin and end before, and after."""
    ends = [(0, 0), *((old + length, new + length) for old, new, length in blocks)]
    begins = [*((old, new) for old, new, _ in blocks), (before, after)]
    return [
        (old, old_end, new, new_end)
        for (old, new), (old_end, new_end) in zip(ends, begins, strict=True)
        if (old, new) != (old_end, new_end)
    ]


def _split(text: str) -> Sequence[bytes]:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return [line.encode("utf-8", "surrogatepass") for line in lines]
