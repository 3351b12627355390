"""Values that get lost, and comparisons that tell nothing."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from linewise.analysis.problems.problem import Problem
from linewise.analysis.problems.tree import Code, Function, is_name, problem_at, same, shortened

_RETURN_NOTHING = frozenset({"sort", "reverse", "clear"})
_NUMBERS = frozenset({"int", "float", "len", "sum", "abs", "round", "min", "max"})
_MAKE_ANEW = frozenset({"strip", "lstrip", "rstrip", "lower", "upper", "capitalize"})
_BUILD = frozenset({"sorted", "reversed", "zip", "enumerate", "range", "abs", "round"})


def always_the_same(_: Function, code: Code) -> Iterator[Problem]:
    """Find tests that turn out the same each time: ``item in items`` of its own items, x == x."""
    for loop in code.of(ast.comprehension):
        for test in loop.ifs:
            if (
                isinstance(loop.target, ast.Name)
                and isinstance(loop.iter, ast.Name)
                and isinstance(test, ast.Compare)
                and isinstance(test.ops[0], ast.In | ast.NotIn)
                and is_name(test.left, loop.target.id)
                and is_name(test.comparators[0], loop.iter.id)
            ):
                yield problem_at(test, "always the same", shortened(test))
    for test in code.of(ast.Compare):
        left, right = test.left, test.comparators[0]
        # A value that is not equal to itself is how one asks for nan.
        if type(left) is not type(right) or isinstance(test.ops[0], ast.NotEq):
            continue
        fixed = isinstance(left, ast.Name | ast.Attribute | ast.Subscript) and same(left, right)
        if fixed and not any(isinstance(each, ast.Call) for each in ast.walk(left)):
            yield problem_at(test, "always the same", shortened(test))


def inexact(_: Function, code: Code) -> Iterator[Problem]:
    """Find a quotient of numbers asked to be exactly equal to something else than 0."""
    for node in code.of(ast.Compare):
        sides = (node.left, node.comparators[0])
        quotients = [
            each for each in sides if isinstance(each, ast.BinOp) and isinstance(each.op, ast.Div)
        ]
        if not quotients or not isinstance(node.ops[0], ast.Eq | ast.NotEq):
            continue
        # Paths are divided, too: a number has to be seen, or names on both sides.
        terms = [term for each in quotients for term in (each.left, each.right)]
        names = len(quotients) == len(sides) and all(isinstance(each, ast.Name) for each in terms)
        if (names or any(map(_is_number, (*sides, *terms)))) and not any(
            isinstance(each, ast.Constant) and each.value == 0 for each in sides
        ):
            yield problem_at(node, "inexact", shortened(node))


def _is_number(node: ast.expr) -> bool:
    if isinstance(node, ast.Constant):
        return isinstance(node.value, int | float)
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Name) and node.func.id in _NUMBERS
    return isinstance(node, ast.BinOp) and not isinstance(node.op, ast.Div)


def lost_value(_: Function, code: Code) -> Iterator[Problem]:
    """Find a value that is made and dropped, or asked of a method that changes things in place."""
    for node in code.of(ast.Expr):
        value = node.value
        call = value.func if isinstance(value, ast.Call) and not value.keywords else None
        if (
            isinstance(value, ast.Compare)
            or (isinstance(call, ast.Name) and call.id in _BUILD)
            or (isinstance(call, ast.Attribute) and call.attr in _MAKE_ANEW)
        ):
            yield problem_at(node, "lost value", shortened(value))
    uses: tuple[ast.Assign | ast.Return, ...] = (*code.of(ast.Assign), *code.of(ast.Return))
    for use in uses:
        # What is given something to sort is a function of a module.
        call = use.value if isinstance(use.value, ast.Call) else None
        method = call.func if call is not None and not call.args else None
        if isinstance(method, ast.Attribute) and method.attr in _RETURN_NOTHING:
            yield problem_at(use, "returns nothing", method.attr)
