"""What the problems of a text say of each line, as columns of numbers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from linewise.analysis.problems import names
from linewise.analysis.problems.find import Found

Floats = npt.NDArray[np.float64]

FLOW = "flow problems"
_NAMES = tuple(names.KINDS)
LINE_PROBLEMS: tuple[str, ...] = (*(f"{kind} names" for kind in _NAMES), FLOW)
"""Those of the columns that count a line's own problems."""
PROBLEM_FEATURES: tuple[str, ...] = (
    *LINE_PROBLEMS,
    *(f"{kind} names in document" for kind in _NAMES),
    "first undefined names",
    "undefined names in unit",
    f"{FLOW} in unit",
    "annotated",
)
"""The names of the columns of `problem_features`, in order."""


def problem_features(found: Found, wanted: Sequence[int], units: Sequence[int]) -> Floats:
    """Return features (lines, len(PROBLEM_FEATURES)) of the ``wanted`` 0-based lines, ascending.

    ``units`` are the first lines of the document's units, ascending. How many problems of each
    kind of name, and of flow, the line has; how many its unit and the document have; how many
    names the line is the first to read undefined, since an import missing above is mended there,
    once; and whether it is in a function with annotations.
    """
    lines = np.asarray(wanted, np.int64)
    starts = np.asarray(units, np.int64)
    at = np.array([each.line for each in found.problems], np.int64)
    kinds = np.array([_column(each.kind) for each in found.problems], np.int64)
    own = np.zeros((len(lines), len(LINE_PROBLEMS)))
    row = np.searchsorted(lines, at)
    known = row < len(lines)
    known[known] = lines[row[known]] == at[known]
    np.add.at(own, (row[known], kinds[known]), 1.0)
    flow, undefined = len(_NAMES), _NAMES.index("undefined")
    first = np.zeros(len(lines))
    met: set[str] = set()
    for each, place, seen in zip(found.problems, row, known, strict=True):
        if each.kind == "undefined" and each.name not in met:
            met.add(each.name)
            if seen:  # the place of a line that is not wanted is that of another, or of none
                first[place] += 1.0
    unit, theirs = (np.searchsorted(starts, each, side="right") for each in (lines, at))
    in_unit = np.zeros((len(starts) + 1, len(LINE_PROBLEMS)))
    np.add.at(in_unit, (theirs, kinds), 1.0)
    total = np.bincount(kinds[kinds != flow], minlength=flow)
    return np.column_stack(
        (
            own,
            np.broadcast_to(total, (len(lines), flow)),
            first,
            in_unit[unit][:, [undefined, flow]],
            np.isin(lines, list(found.annotated)),
        )
    )


def _column(kind: str) -> int:
    return _NAMES.index(kind) if kind in names.KINDS else len(_NAMES)
