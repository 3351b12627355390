"""Values that get lost, and comparisons that tell nothing."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TypeAlias

from linewise.analysis.problems.problem import Problem
from linewise.analysis.problems.tree import Function, is_name, problem_at

_Comprehension: TypeAlias = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp

_RETURN_NOTHING = frozenset({"sort", "reverse", "extend", "clear"})
_MAKE_ANEW = frozenset({"strip", "lstrip", "rstrip", "lower", "upper", "capitalize"})
_BUILD = frozenset({"sorted", "reversed", "zip", "enumerate", "range", "abs", "round"})


def always_the_same(_: Function, nodes: list[ast.AST]) -> Iterator[Problem]:
    """Find tests that turn out the same each time: ``item in items`` of its own items, x == x."""
    for node in nodes:
        if isinstance(node, _Comprehension):
            first = node.generators[0]
            for test in first.ifs:
                if (
                    isinstance(first.target, ast.Name)
                    and isinstance(first.iter, ast.Name)
                    and isinstance(test, ast.Compare)
                    and isinstance(test.ops[0], ast.In | ast.NotIn)
                    and is_name(test.left, first.target.id)
                    and is_name(test.comparators[0], first.iter.id)
                ):
                    yield problem_at(test, "always the same", ast.unparse(test))
        # A value that is not equal to itself is how one asks for nan.
        if isinstance(node, ast.Compare) and not isinstance(node.ops[0], ast.NotEq):
            sides = [ast.dump(each) for each in (node.left, node.comparators[0])]
            calls = any(isinstance(each, ast.Call | ast.Constant) for each in ast.walk(node))
            if sides[0] == sides[1] and not calls:
                yield problem_at(node, "always the same", ast.unparse(node))


def inexact(_: Function, nodes: list[ast.AST]) -> Iterator[Problem]:
    """Find a quotient asked to be exactly equal to something else than 0."""
    for node in nodes:
        if not isinstance(node, ast.Compare) or not isinstance(node.ops[0], ast.Eq | ast.NotEq):
            continue
        sides = (node.left, node.comparators[0])
        divided = any(
            isinstance(each, ast.BinOp) and isinstance(each.op, ast.Div) for each in sides
        )
        if divided and not any(
            isinstance(each, ast.Constant) and each.value == 0 for each in sides
        ):
            yield problem_at(node, "inexact", ast.unparse(node))


def lost_value(_: Function, nodes: list[ast.AST]) -> Iterator[Problem]:
    """Find a value that is made and dropped, or asked of a method that changes things in place."""
    for node in nodes:
        if isinstance(node, ast.Expr):
            value = node.value
            call = value.func if isinstance(value, ast.Call) and not value.keywords else None
            if (
                isinstance(value, ast.Compare)
                or (isinstance(call, ast.Name) and call.id in _BUILD)
                or (isinstance(call, ast.Attribute) and call.attr in _MAKE_ANEW)
            ):
                yield problem_at(node, "lost value", ast.unparse(value))
        elif isinstance(node, ast.Assign | ast.Return) and isinstance(node.value, ast.Call):
            method = node.value.func
            if isinstance(method, ast.Attribute) and method.attr in _RETURN_NOTHING:
                yield problem_at(node, "returns nothing", method.attr)
