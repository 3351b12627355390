"""What a function's flow says of it: values that get lost, calls that never end, idle tests.

Each check finds code that is wrong whatever it was meant to do, or that nobody means to write.
They look at one function at a time and know nothing of types; what may be right is let pass.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

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
from linewise.analysis.problems.tree import Function, functions, own
from linewise.analysis.problems.values import always_the_same, inexact, lost_value

_CHECKS: tuple[Callable[[Function, list[ast.AST]], Iterator[Problem]], ...] = (
    no_value,
    ignored_parameters,
    idle,
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


def flow_problems(tree: ast.Module) -> Iterator[Problem]:
    """Yield what is wrong with a module's functions, in no order."""
    methods = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            methods |= {id(each) for each in node.body}
            yield from without_self(node)
    for function in functions(tree):
        nodes = list(own(function.body))
        for check in _CHECKS:
            yield from check(function, nodes)
        if id(function) not in methods:
            # What a method calls by its own name alone is something else.
            yield from endless_recursion(function, nodes)
    yield from empty(tree)
