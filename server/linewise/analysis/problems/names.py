"""What name resolution says of each line: names nothing defines, values nothing reads.

A line that reads a name nobody defines will have to be edited whatever was meant, and no model of
the text is needed to see it. Pyflakes resolves names.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from pyflakes import checker, messages

from linewise.analysis.problems.problem import Problem

KINDS: dict[str, tuple[type[messages.Message], ...]] = {
    "undefined": (messages.UndefinedName, messages.UndefinedLocal),
    "unused": (messages.UnusedVariable,),
    "redefined": (messages.RedefinedWhileUnused,),
    "unused import": (messages.UnusedImport,),
    "star import": (messages.ImportStarUsed,),
}


def name_problems(tree: ast.Module) -> Iterator[Problem]:
    """Yield names that resolve to nothing, or that nothing reads, in no order."""
    for each in checker.Checker(tree).messages:
        for kind, types in KINDS.items():
            if isinstance(each, types):
                yield Problem(each.lineno - 1, kind, str(each.message_args[0]))
