"""What the checks of flow share: each function's own code by kind of node, and names in it.

A file is walked over once, however many checks there are.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import TypeAlias, TypeVar

from attrs import field, frozen

from linewise.analysis.problems.problem import Problem

Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef
SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
_LONGEST = 40
_Node = TypeVar("_Node", bound=ast.AST)


@frozen(eq=False)
class Code:
    """What runs when a function does: its nodes, but for those inside other functions.

    ``owner`` is the function, the class whose body it is, the module, or a lambda; ``within`` is
    that around it.
    """

    owner: ast.AST
    within: ast.AST | None
    _nodes: dict[type[ast.AST], list[ast.AST]] = field(factory=lambda: defaultdict(list))

    def add(self, node: ast.AST) -> None:
        """Take in a node."""
        self._nodes[type(node)].append(node)

    def of(self, kind: type[_Node]) -> Iterator[_Node]:
        """Yield the nodes of exactly this kind."""
        return iter(self._nodes.get(kind, ()))  # type: ignore[arg-type]

    def any(self, *kinds: type[ast.AST]) -> bool:
        """Tell whether there is a node of these kinds."""
        return any(kind in self._nodes for kind in kinds)


def codes(tree: ast.Module) -> list[Code]:
    """Return the code of a module and of each of its classes, functions and lambdas."""
    found = [Code(tree, None)]
    waiting: list[tuple[ast.AST, Code]] = [(tree, found[0])]
    while waiting:
        node, code = waiting.pop()
        for name in node._fields:
            if name == "ctx":
                continue  # whether a name is read or written: no node of its own
            value = getattr(node, name, None)
            for child in value if isinstance(value, list) else (value,):
                if not isinstance(child, ast.AST):
                    continue
                code.add(child)
                inner = code
                if isinstance(child, SCOPES):
                    inner = Code(child, code.owner)
                    found.append(inner)
                waiting.append((child, inner))
    return found


def positional(function: Function) -> list[ast.arg]:
    """Return the parameters that may be given by place."""
    return [*function.args.posonlyargs, *function.args.args]


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


def shortened(node: ast.expr) -> str:
    """Return an expression as it is written, 40 characters of it at most."""
    try:
        text = ast.unparse(node)
    except (RecursionError, ValueError):
        # It is nested too deeply, or cannot be written for the Python that runs.
        return "…"
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def problem_at(node: ast.stmt | ast.expr, kind: str, name: str) -> Problem:
    """Return a problem on the first line of a node."""
    return Problem(node.lineno - 1, kind, name)


def dotted(node: ast.expr) -> str | None:
    """Return ``a.b.c`` of an expression that is just that, None of any other."""
    names = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    return ".".join((node.id, *reversed(names))) if isinstance(node, ast.Name) else None


def same(one: ast.AST, other: ast.AST) -> bool:
    """Tell whether two trees are equal but for where they stand."""
    waiting: list[tuple[object, object]] = [(one, other)]
    while waiting:
        left, right = waiting.pop()
        if type(left) is not type(right):
            return False
        if isinstance(left, ast.AST):
            waiting += (
                (getattr(left, name, None), getattr(right, name, None)) for name in left._fields
            )
        elif isinstance(left, list) and isinstance(right, list):
            if len(left) != len(right):
                return False
            waiting += zip(left, right, strict=True)
        elif repr(left) != repr(right):
            return False
    return True
