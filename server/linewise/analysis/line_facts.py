"""What is known of a line without any model: its looks, its place, what is wrong with it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from linewise.analysis.line_features import FEATURES, line_features
from linewise.analysis.problems.features import PROBLEM_FEATURES, problem_features
from linewise.analysis.problems.find import NO_NAMES, find
from linewise.analysis.syntax import Syntax
from linewise.analysis.units import find_units

# How large files and functions are says which collection of exercises a program is from, and so
# how often its lines are edited. Trees that see it do well there, and flag every large file
# elsewhere.
_OF_COLLECTIONS = frozenset(
    {
        "lines before in unit",
        "lines after in unit",
        "unit lines",
        "unit returns",
        "unit branches",
        "unit loops",
        "document lines",
        "document units",
    }
)
_ALL = (*FEATURES, *PROBLEM_FEATURES)
_CHOSEN = [number for number, name in enumerate(_ALL) if name not in _OF_COLLECTIONS]
FACTS: tuple[str, ...] = tuple(_ALL[number] for number in _CHOSEN)
"""The names of the columns of `line_facts`, in order."""


def line_facts(
    syntax: Syntax, wanted: Sequence[int], names: frozenset[str] = NO_NAMES
) -> npt.NDArray[np.float32]:
    """Return facts (lines, len(FACTS)) of the ``wanted`` 0-based lines, all finite.

    ``wanted`` must be all code lines of the document: some facts compare a line with the others.
    ``names`` are defined elsewhere, as in `problems.find.find`.
    """
    units = [each.first_line for each in find_units(syntax)]
    wrong = problem_features(find(syntax.lines.text, names), wanted, units)
    every = np.concatenate((line_features(syntax, wanted), wrong), axis=1)
    return every[:, _CHOSEN].astype(np.float32)
