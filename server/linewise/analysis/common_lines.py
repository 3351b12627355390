"""What two sequences have in common, in order: as much of it as there is.

Exact, and fast whatever they hold. What both begin and end with, and what occurs on one side only,
is set aside; of the rest, the longest common subsequence is found for a machine word of elements
at a time (Hyyrö 2004, "Bit-parallel LCS-length computation revisited"). Python's integers are the
words: other threads run between any two steps, as they would not during one long call of a library.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from itertools import accumulate

_MOST_BITS = 1 << 28
"""Of the rows that are kept to walk back along, 32 MiB; longer texts are halved first."""
Pair = tuple[int, int]
Block = tuple[int, int, int]


def common_pairs(before: Sequence[Hashable], after: Sequence[Hashable]) -> list[Pair]:
    """Return the indices (before, after) of a longest common subsequence, both ascending."""
    shared = min(len(before), len(after))
    first = next((at for at in range(shared) if before[at] != after[at]), shared)
    rest = shared - first
    last = next((at for at in range(rest) if before[-1 - at] != after[-1 - at]), rest)
    ends = len(before) - last, len(after) - last
    known, wanted = set(before[first : ends[0]]), set(after[first : ends[1]])
    # What occurs on one side only is in no common subsequence.
    old = [at for at in range(first, ends[0]) if before[at] in wanted]
    new = [at for at in range(first, ends[1]) if after[at] in known]
    middle = _longest([before[at] for at in old], [after[at] for at in new])
    return [
        *((at, at) for at in range(first)),
        *((old[at], new[to]) for at, to in middle),
        *((ends[0] + at, ends[1] + at) for at in range(last)),
    ]


def common_blocks(before: Sequence[Hashable], after: Sequence[Hashable]) -> list[Block]:
    """Return `common_pairs` as runs (begin before, begin after, length)."""
    blocks: list[Block] = []
    for at, to in common_pairs(before, after):
        if blocks and (blocks[-1][0] + blocks[-1][2], blocks[-1][1] + blocks[-1][2]) == (at, to):
            begin, begin_after, length = blocks[-1]
            blocks[-1] = begin, begin_after, length + 1
        else:
            blocks.append((at, to, 1))
    return blocks


def _longest(before: Sequence[Hashable], after: Sequence[Hashable]) -> list[Pair]:
    if len(before) > len(after):  # a bit per element of the shorter one, a step for the longer one
        return [(at, to) for to, at in _longest(after, before)]
    if not before:
        return []
    if len(before) * len(after) > _MOST_BITS and len(after) > 1:
        return _halved(before, after)
    rows = list(_rows(before, after))
    pairs: list[Pair] = []
    at, to = len(before), len(after)
    while at and to:
        bit = 1 << (at - 1)
        if rows[to - 1] & bit:
            at -= 1
        else:
            to -= 1
            if not to or rows[to - 1] & bit:
                at -= 1
                pairs.append((at, to))
    pairs.reverse()
    return pairs


def _rows(before: Sequence[Hashable], after: Sequence[Hashable]) -> Iterator[int]:
    """Yield a row for each further element of ``after``.

    As many of its lowest ``k`` bits are 0 as the first ``k`` elements of ``before`` have in common
    with what came of ``after``.
    """
    places: dict[Hashable, int] = {}
    for at, element in enumerate(before):
        places[element] = places.get(element, 0) | 1 << at
    row = whole = (1 << len(before)) - 1
    for element in after:
        matching = row & places.get(element, 0)
        row = (row + matching | row - matching) & whole
        yield row


def _halved(before: Sequence[Hashable], after: Sequence[Hashable]) -> list[Pair]:
    """Find where the first half of ``after`` ends in ``before`` (Hirschberg 1975)."""
    half = len(after) // 2
    heads = _lengths(before, after[:half])
    tails = _lengths(before[::-1], after[half:][::-1])[::-1]
    cut = max(range(len(heads)), key=lambda at: heads[at] + tails[at])
    first = _longest(before[:cut], after[:half])
    second = _longest(before[cut:], after[half:])
    return first + [(cut + at, half + to) for at, to in second]


def _lengths(before: Sequence[Hashable], after: Sequence[Hashable]) -> list[int]:
    """Return how much of ``after`` each beginning of ``before`` has in common with it."""
    *_, last = _rows(before, after)
    bits = reversed(f"{last:0{len(before)}b}")
    return list(accumulate((bit == "0" for bit in bits), initial=0))
