"""What name resolution says of each line: names nothing defines, values nothing reads.

A line that reads a name nobody defines will have to be edited whatever was meant, and no model of
the text is needed to see it. Pyflakes resolves names; it needs code that parses.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from attrs import frozen
from pyflakes import checker, messages

Floats = npt.NDArray[np.float64]

_KINDS: dict[str, tuple[type[messages.Message], ...]] = {
    "undefined": (messages.UndefinedName, messages.UndefinedLocal),
    "unused": (messages.UnusedVariable,),
    "redefined": (messages.RedefinedWhileUnused,),
    "unused import": (messages.UnusedImport,),
    "star import": (messages.ImportStarUsed,),
}
LINE_PROBLEMS: tuple[str, ...] = tuple(f"{kind} names" for kind in _KINDS)
"""Those of the columns that count a line's own problems."""
NAME_FEATURES: tuple[str, ...] = (
    *LINE_PROBLEMS,
    *(f"{kind} names in document" for kind in _KINDS),
    "first undefined names",
)
"""The names of the columns of `name_features`, in order."""


@frozen
class NameProblem:
    """A name on a 0-based line that resolves to nothing, or that nothing reads.

    ``kind`` is one of "undefined", "unused", "redefined", "unused import", "star import".
    """

    line: int
    kind: str
    name: str


@lru_cache(2)  # facts and reasons ask about one text, one after the other
def name_problems(text: str) -> tuple[NameProblem, ...]:
    """Return the problems of a module's names by line; none where the text does not parse."""
    try:
        with warnings.catch_warnings():
            # An invalid escape in somebody's string is nothing the log should hear of.
            warnings.simplefilter("ignore")
            found = checker.Checker(ast.parse(text)).messages
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()
    problems = [
        NameProblem(each.lineno - 1, kind, str(each.message_args[0]))
        for each in found
        for kind, types in _KINDS.items()
        if isinstance(each, types)
    ]
    return tuple(sorted(problems, key=lambda problem: problem.line))


def name_features(problems: Sequence[NameProblem], wanted: Sequence[int]) -> Floats:
    """Return counts (lines, len(NAME_FEATURES)) of the ``wanted`` 0-based lines.

    How many problems of each kind the line has and the document has; and how many names the line
    is the first to read undefined: an import missing above is mended there, once.
    """
    row = {line: number for number, line in enumerate(wanted)}
    kinds = list(_KINDS)
    counts = np.zeros((len(row), len(NAME_FEATURES)))
    totals = np.zeros(len(kinds))
    met: set[str] = set()
    for problem in problems:
        column = kinds.index(problem.kind)
        totals[column] += 1
        first = problem.kind == "undefined" and problem.name not in met
        if first:
            met.add(problem.name)
        if (at := row.get(problem.line)) is not None:
            counts[at, column] += 1
            counts[at, -1] += first
    counts[:, len(kinds) : -1] = totals
    return counts
