"""Which tokens make up a line: the one rule that training and scoring share."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from linewise.analysis.lines import LineTable


def line_members(
    table: LineTable,
    wanted: Sequence[int],
    starts: npt.NDArray[np.int64],
    ends: npt.NDArray[np.int64],
) -> tuple[list[int], npt.NDArray[np.bool_]]:
    """Return which wanted lines have tokens here, and their membership (lines, tokens).

    ``wanted`` are 0-based and in order.

    A token belongs to a line if they share a character, the line's terminator included; a token
    that spans a line break belongs to both.
    """
    if not len(starts):
        return [], np.zeros((0, 0), bool)
    first, last = table.line_at(int(starts[0])), table.line_at(max(int(ends[-1]) - 1, 0))
    near = wanted[bisect_left(wanted, first) : bisect_right(wanted, last)]
    spans = np.array([table.full_span(line) for line in near], np.int64).reshape(-1, 2)
    member = (starts < spans[:, 1:]) & (ends > spans[:, :1])
    found = np.flatnonzero(member.any(axis=1))
    return [near[row] for row in found.tolist()], member[found]
