"""What the checks of flow share: walking over a function's own code, and names in it."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from typing import TypeAlias

from linewise.analysis.problems.problem import Problem

Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef
SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


def functions(tree: ast.Module) -> Iterator[Function]:
    """Yield every function, those around others first."""
    return (each for each in ast.walk(tree) if isinstance(each, Function))


def own(body: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """Yield the nodes below ``body`` that run with it, so none inside other functions."""
    waiting = list(body)
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, SCOPES):
            waiting += ast.iter_child_nodes(node)


def stored(nodes: Iterable[ast.AST]) -> set[str]:
    """Return the names that are assigned or deleted."""
    return {
        each.id
        for each in nodes
        if isinstance(each, ast.Name) and not isinstance(each.ctx, ast.Load)
    }


def is_name(node: ast.expr, name: str) -> bool:
    """Tell whether a node is that name."""
    return isinstance(node, ast.Name) and node.id == name


def problem_at(node: ast.stmt | ast.expr, kind: str, name: str) -> Problem:
    """Return a problem on the first line of a node."""
    return Problem(node.lineno - 1, kind, name)
