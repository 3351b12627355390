"""Everything that is known to be wrong with a text, line by line."""

from __future__ import annotations

import ast
import warnings
from functools import lru_cache

from attrs import frozen

from linewise.analysis.problems.flow import flow_problems
from linewise.analysis.problems.names import name_problems
from linewise.analysis.problems.problem import Problem
from linewise.analysis.problems.tree import Code, Function, codes, positional


@frozen
class Found:
    """A text's ``problems`` by line, and the 0-based lines inside functions with annotations."""

    problems: tuple[Problem, ...] = ()
    annotated: frozenset[int] = frozenset()


def problems(text: str) -> tuple[Problem, ...]:
    """Return the problems of a module by line; none where the text does not parse."""
    return find(text).problems


@lru_cache(2)  # facts and reasons ask about one text, one after the other
def find(text: str) -> Found:
    """Read a module once and return all that facts are made of; nothing if it does not parse."""
    try:
        with warnings.catch_warnings():
            # An invalid escape in somebody's string is nothing the log should hear of.
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
        found = codes(tree)
        wrong = [*name_problems(tree), *flow_problems(found)]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return Found()
    return Found(tuple(sorted(wrong, key=lambda each: each.line)), _annotated(found))


def _annotated(found: list[Code]) -> frozenset[int]:
    lines: set[int] = set()
    functions = [each.owner for each in found if isinstance(each.owner, Function)]
    # Those around others come first.
    for function in sorted(functions, key=lambda each: each.lineno):
        own = range(function.lineno - 1, function.end_lineno or function.lineno)
        given = (*positional(function), *function.args.kwonlyargs)
        if function.returns or any(each.annotation for each in given):
            lines.update(own)
        else:
            lines.difference_update(own)
    return frozenset(lines)
