"""Which tokens make up a line: the one rule that training and scoring share."""

from __future__ import annotations

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

    A token belongs to a line if they share a character, the line's terminator included; a token
    that spans a line break belongs to both.
    """
    if not len(starts):
        return [], np.zeros((0, 0), bool)
    first, last = table.line_at(int(starts[0])), table.line_at(max(int(ends[-1]) - 1, 0))
    lines, rows = [], []
    for line in wanted:
        if first <= line <= last:
            start, end = table.full_span(line)
            row = (starts < end) & (ends > start)
            if row.any():
                lines.append(line)
                rows.append(row)
    return lines, np.array(rows, bool).reshape(len(lines), len(starts))
