"""What a function's flow says of it: values that get lost, calls that never end, idle tests.

Each check finds code that is wrong whatever it was meant to do, or that nobody means to write.
They look at one function at a time and know nothing of types; what may be right is let pass.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import partial
from typing import TypeAlias

from linewise.analysis.problems.functions import (
    empty,
    endless_recursion,
    idle,
    ignored_parameters,
    no_value,
    without_self,
)
from linewise.analysis.problems.loops import changed_while_read, endless_loop, past_the_end
from linewise.analysis.problems.problem import LeftOut, Problem
from linewise.analysis.problems.tree import Code, Function
from linewise.analysis.problems.values import always_the_same, inexact, lost_value
from linewise.results import OmissionKind

_Check: TypeAlias = Callable[[Function, Code], Iterator[Problem]]
_OF_FUNCTIONS: tuple[_Check, ...] = (no_value, ignored_parameters, idle, endless_recursion)
_OF_LOOPS: tuple[_Check, ...] = (endless_loop, past_the_end, changed_while_read)
_OF_STATEMENTS: tuple[_Check, ...] = (always_the_same, inexact, lost_value)
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


def flow_problems(
    codes: Sequence[Code], left_out: Collection[int] = ()
) -> tuple[list[Problem], list[LeftOut]]:
    """Return what is wrong with the code of a module, in no order, and what no check could read.

    ``left_out`` are 0-based lines that nothing is known of: what is said of a function or a loop
    as a whole is not said of one with such a line.
    """
    partly = _with_lines(codes, left_out)
    unwritten = {getattr(each, "lineno", 1) - 1 for each in partly}
    problems: list[Problem] = []
    failed: list[LeftOut] = []
    for code in codes:
        for check in _checks(code, partly.get(code.owner)):
            try:
                found = list(check())
            except Exception as error:  # noqa: BLE001 - no check may cost what others find
                line = getattr(code.owner, "lineno", 1) - 1
                deep = isinstance(error, RecursionError | MemoryError)
                kind = OmissionKind.NESTING if deep else OmissionKind.CHECKER
                failed.append(LeftOut(line, line, kind))
                continue
            problems += (
                each for each in found if not (each.kind == "empty" and each.line in unwritten)
            )
    return problems, failed


def _checks(code: Code, lines: list[int] | None) -> Iterator[Callable[[], Iterator[Problem]]]:
    """Yield the checks to be made of code of whose own lines some are left out."""
    owner = code.owner
    if isinstance(owner, ast.Module):
        yield partial(empty, owner)
    elif isinstance(owner, ast.ClassDef):
        yield partial(without_self, owner)
    elif isinstance(owner, Function):
        checks = _OF_STATEMENTS
        if not any(
            loop.lineno <= line + 1 <= (loop.end_lineno or loop.lineno)
            for kind in (ast.For, ast.While)
            for loop in code.of(kind)
            for line in lines or ()
        ):
            checks = (*_OF_LOOPS, *checks)
        if lines is None:
            checks = (*_OF_FUNCTIONS, *checks)
        yield from (partial(check, owner, code) for check in checks)


def _with_lines(codes: Sequence[Code], lines: Collection[int]) -> dict[ast.AST, list[int]]:
    """Return the functions that some lines are in: of each line, the innermost one."""
    functions = [each.owner for each in codes if isinstance(each.owner, Function)] if lines else []
    # Those around others come first.
    functions.sort(key=lambda each: (each.lineno, -(each.end_lineno or each.lineno)))
    inside: dict[int, Function] = {}
    for function in functions:
        last = function.end_lineno or function.lineno
        inside.update(dict.fromkeys(range(function.lineno - 1, last), function))
    found: dict[ast.AST, list[int]] = {}
    for line in sorted(lines):
        if line in inside:
            found.setdefault(inside[line], []).append(line)
    return found
