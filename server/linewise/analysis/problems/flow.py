"""What a function's flow says of it: values that get lost, calls that never end, idle tests.

Each check finds code that is wrong whatever it was meant to do, or that nobody means to write.
They look at one function at a time and know nothing of types; what may be right is let pass.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator

from linewise.analysis.problems.functions import (
    empty,
    endless_recursion,
    idle,
    ignored_parameters,
    no_value,
    without_self,
)
from linewise.analysis.problems.loops import changed_while_read, endless_loop, past_the_end
from linewise.analysis.problems.problem import Problem
from linewise.analysis.problems.tree import Code, Function
from linewise.analysis.problems.values import always_the_same, inexact, lost_value

_CHECKS: tuple[Callable[[Function, Code], Iterator[Problem]], ...] = (
    no_value,
    ignored_parameters,
    idle,
    endless_recursion,
    endless_loop,
    past_the_end,
    changed_while_read,
    always_the_same,
    inexact,
    lost_value,
)
KINDS = (
    "no value",
    "ignored parameters",
    "empty",
    "idle",
    "endless recursion",
    "without self",
    "endless loop",
    "past the end",
    "changed while read",
    "always the same",
    "inexact",
    "lost value",
    "returns nothing",
)


def flow_problems(codes: Iterable[Code]) -> Iterator[Problem]:
    """Yield what is wrong with the code of a module, in no order."""
    for code in codes:
        owner = code.owner
        if isinstance(owner, ast.Module):
            yield from empty(owner)
        elif isinstance(owner, ast.ClassDef):
            yield from without_self(owner)
        elif isinstance(owner, Function):
            for check in _CHECKS:
                yield from check(owner, code)
