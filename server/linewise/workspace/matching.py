"""Which added lines are removed lines again: re-indented, wrapped otherwise, or moved.

Pure functions over the hunks of one change, each a pair (removed lines, added lines). Lines are
counted through all hunks of the change, removed and added ones apart.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from itertools import accumulate

from linewise.analysis import white_space
from linewise.analysis.common_lines import common_pairs

MOVED_CHARS = 20
"""Letters and digits a line must have to be recognized elsewhere, as in ``git blame -M``.

Shorter ones are recognized next to such a line.
"""
_NOT_WORD = re.compile(rb"\W|_")
_TRAILING_COMMA = re.compile(rb",(?=[)\]}])")
_BETWEEN_WORDS = re.compile(rb"(?<=[\w\x80-\xff])\n(?=[\w\x80-\xff])")

Lines = Sequence[bytes]


def origins(hunks: Sequence[tuple[Lines, Lines]]) -> dict[int, int]:
    """Return for each added line that was there before the removed line it was.

    Each removed line is given away once at most, unless it was wrapped into several.
    """
    found: dict[int, int] = {}
    removed: list[bytes] = []
    added: list[bytes] = []
    for before, after in hunks:
        old, new = [squeezed(line) for line in before], [squeezed(line) for line in after]
        for index, origin in _in_place(old, new).items():
            found[len(added) + index] = len(removed) + origin
        removed += old
        added += new
    _add_moved(found, removed, added)
    return found


def squeezed(line: bytes) -> bytes:
    """Return a line without the white space that does not count."""
    text = line.decode("utf-8", "surrogateescape")
    return white_space.squeezed(text).encode("utf-8", "surrogateescape")


def _in_place(removed: Lines, added: Lines) -> dict[int, int]:
    """Match within one hunk, in order; lines are squeezed."""
    if not removed or not added:
        return {}
    if _essence(removed) == _essence(added):
        return _rewrapped(removed, added)
    if set(removed).isdisjoint(added):
        return {}
    return {index: origin for origin, index in common_pairs(removed, added) if removed[origin]}


def _essence(lines: Lines) -> bytes:
    """Return what formatters leave alone: not white space, kind of quotes, trailing commas."""
    joined = _BETWEEN_WORDS.sub(b" ", b"\n".join(lines)).replace(b"\n", b"")
    return _TRAILING_COMMA.sub(b"", joined.replace(b"'", b'"'))


def _rewrapped(removed: Lines, added: Lines) -> dict[int, int]:
    """Match lines of the same text broken otherwise by where in it they begin."""
    ends = list(accumulate(map(len, removed)))
    starts = [0, *accumulate(map(len, added))]
    # The trailing commas that one side has more shift the other by less than a line.
    scale = ends[-1] / starts[-1] if starts[-1] else 1.0
    found, origin = {}, 0
    for index, line in enumerate(added):
        while origin < len(ends) - 1 and ends[origin] <= starts[index] * scale:
            origin += 1
        if line:
            found[index] = origin
    return found


def _add_moved(found: dict[int, int], removed: Lines, added: Lines) -> None:
    """Match what is left across hunks: long lines anywhere, then their neighbours with them."""
    taken = set(found.values())
    places: dict[bytes, list[int]] = defaultdict(list)
    for origin in reversed(range(len(removed))):
        if origin not in taken and len(_NOT_WORD.sub(b"", removed[origin])) >= MOVED_CHARS:
            places[removed[origin]].append(origin)

    def take(index: int, origin: int) -> bool:
        free = (
            0 <= index < len(added)
            and 0 <= origin < len(removed)
            and index not in found
            and origin not in taken
            and added[index] == removed[origin]
        )
        if free:
            found[index] = origin
            taken.add(origin)
        return free

    for start, line in enumerate(added):
        candidates = places.get(line)
        while candidates and start not in found:
            if not take(start, origin := candidates.pop()):
                continue
            for step in (1, -1):
                distance = step
                while take(start + distance, origin + distance):
                    distance += step
