"""Deep trees made shallow for those who read them recursively.

What is made of them binds and reads the same names on the same lines, in the same order. What a
deep expression reads again and again on one line, it reads once.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

_HIGHEST = 40
"""How many levels of expressions, or of ``elif``, are left one within the other."""
# Only what is below them reads names.
_PLAIN = (
    ast.BinOp,
    ast.BoolOp,
    ast.UnaryOp,
    ast.Compare,
    ast.Call,
    ast.keyword,
    ast.Attribute,
    ast.Subscript,
    ast.Slice,
    ast.Starred,
    ast.List,
    ast.Tuple,
    ast.Set,
    ast.Dict,
    ast.IfExp,
    ast.Await,
    ast.JoinedStr,
    ast.FormattedValue,
)
# Pyflakes looks at what runs later when it is done with all else.
_LATER = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_Place = tuple[ast.AST, str, int | None]


class _Ladder(ast.Match):
    """``if``, ``elif`` … as cases of one statement: they exclude each other just so."""


# Pyflakes goes by the names of classes.
_Ladder.__name__ = "Match"


def flatten(tree: ast.Module) -> None:
    """Change a tree so that no expression in it, and no ladder of ``elif``, is deep."""
    places: list[tuple[ast.AST, _Place | None]] = [(tree, None)]
    for node, _ in places:  # which grows
        places += ((child, place) for child, place in _children(node))
    heights: dict[ast.AST, int] = {}
    flat: set[ast.AST] = set()
    for node, place in reversed(places):
        height = _height(node, heights)
        new = node
        if isinstance(node, _PLAIN) and not _stores(node):
            # All of an expression is made flat, so that it does not matter where it is deep.
            if height > _HIGHEST or any(child in flat for child in ast.iter_child_nodes(node)):
                if isinstance(node, ast.expr):
                    new = ast.copy_location(ast.Tuple(list(_pieces(node)), ast.Load()), node)
                flat.add(new)
        elif isinstance(node, ast.If) and height > _HIGHEST:
            new = _as_cases(node)
        if new is not node:
            _put(new, place)
            height = _height(new, heights)
        heights[new] = height


def _children(node: ast.AST) -> Iterator[tuple[ast.AST, _Place]]:
    for name, value in ast.iter_fields(node):
        if isinstance(value, list):
            for index, each in enumerate(value):
                if isinstance(each, ast.AST):
                    yield each, (node, name, index)
        elif isinstance(value, ast.AST):
            yield value, (node, name, None)


def _height(node: ast.AST, heights: dict[ast.AST, int]) -> int:
    if isinstance(node, _Ladder):
        below = [heights.get(each, 0) for case in node.cases for each in ast.iter_child_nodes(case)]
        return 2 + max(below)
    later = isinstance(node, _LATER)
    inner = (
        heights.get(child, 0)
        for child, (_, name, _) in _children(node)
        if not (later and name == "body")
    )
    return 1 + max(inner, default=0)


def _put(new: ast.AST, place: _Place | None) -> None:
    assert place is not None  # noqa: S101 - no module is put anywhere
    parent, name, index = place
    if index is None:
        setattr(parent, name, new)
    else:
        getattr(parent, name)[index] = new


def _stores(node: ast.AST) -> bool:
    return not isinstance(getattr(node, "ctx", None), ast.Load | None)


def _pieces(node: ast.expr) -> Iterator[ast.expr]:
    """Yield what an expression reads names in, in order."""
    waiting: list[ast.AST] = [node]
    read: set[tuple[str, int]] = set()
    while waiting:
        each = waiting.pop()
        if isinstance(each, _PLAIN):
            waiting += reversed(list(ast.iter_child_nodes(each)))
        elif isinstance(each, ast.Name):
            if (each.id, each.lineno) not in read:
                read.add((each.id, each.lineno))
                yield each
        elif isinstance(each, ast.expr) and not isinstance(each, ast.Constant):
            yield each


def _as_cases(first: ast.If) -> ast.Match:
    cases: list[ast.match_case] = []
    step: ast.If | None = first
    while step is not None:
        cases.append(ast.match_case(ast.MatchAs(), step.test, step.body))
        match step.orelse:
            case [ast.If() as following]:
                step = following
            case [_Ladder(cases=others)]:
                cases += others
                step = None
            case otherwise:
                step = None
                if otherwise:
                    cases.append(ast.match_case(ast.MatchAs(), None, otherwise))
    found = _Ladder(ast.copy_location(ast.Constant(None), first), cases)
    return ast.copy_location(found, first)
