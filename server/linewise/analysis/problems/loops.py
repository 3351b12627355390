"""Loops that never end, reach too far, or change what they go over."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from linewise.analysis.problems.problem import Problem
from linewise.analysis.problems.tree import SCOPES, Code, Function, is_name, own, problem_at, stored

_LEAVES = (ast.Return, ast.Raise, ast.Break, ast.Continue)
# Appending is left out: lists of what is still to do are read that way.
_CHANGES = frozenset({"insert", "remove", "pop", "discard", "clear"})


def endless_loop(_: Function, code: Code) -> Iterator[Problem]:
    """Find a loop whose condition reads names only, none of which its body changes."""
    for loop in code.of(ast.While):
        if isinstance(loop.test, ast.Constant):
            continue
        plain = (ast.Name, ast.Constant, ast.Compare, ast.BinOp, ast.UnaryOp, ast.BoolOp)
        parts = [each for each in ast.walk(loop.test) if isinstance(each, ast.expr)]
        if not all(isinstance(each, plain) for each in parts):
            continue
        body = list(own(loop.body))
        tested = {each.id for each in parts if isinstance(each, ast.Name)}
        left = (ast.Return, ast.Raise, ast.Break, ast.Yield, ast.YieldFrom, ast.Await)
        touched = stored(body) | _written_into(body) | _passed_on(body)
        if tested and tested.isdisjoint(touched) and not any(isinstance(e, left) for e in body):
            yield problem_at(loop, "endless loop", min(tested))


def past_the_end(_: Function, code: Code) -> Iterator[Problem]:
    """Find ``items[i + 1]`` in ``for i in range(len(items))`` that compares i with nothing."""
    for loop in code.of(ast.For):
        if not isinstance(loop.target, ast.Name):
            continue
        items, at = _whole_range(loop.iter), loop.target.id
        if items is None:
            continue
        body = list(own(loop.body))
        beyond = [
            each for each in body if isinstance(each, ast.Subscript) and _is_beyond(each, items, at)
        ]
        if beyond and not any(_may_stop(each, at) for each in body):
            yield from (problem_at(each, "past the end", items) for each in beyond)


def changed_while_read(_: Function, code: Code) -> Iterator[Problem]:
    """Find a loop over a list that takes items from it, and goes on."""
    for loop in code.of(ast.For):
        if not isinstance(loop.iter, ast.Name):
            continue
        for block in _blocks(loop.body):
            if any(isinstance(each, _LEAVES) for each in block):
                continue
            yield from (
                problem_at(each, "changed while read", loop.iter.id)
                for each in block
                if _changes(each, loop.iter.id)
            )


def _may_stop(node: ast.AST, at: str) -> bool:
    """Tell whether a node compares ``at``, not what stands there, or catches errors."""
    if not isinstance(node, ast.Compare):
        return isinstance(node, ast.Try)
    items = [each for each in ast.walk(node) if isinstance(each, ast.Subscript)]
    within = {id(name) for each in items for name in ast.walk(each)}
    return any(
        isinstance(each, ast.Name) and each.id == at and id(each) not in within
        for each in ast.walk(node)
    )


def _whole_range(node: ast.expr) -> str | None:
    """Return NAME of ``range(len(NAME))`` or ``range(FIRST, len(NAME))``."""
    if not (isinstance(node, ast.Call) and is_name(node.func, "range")):
        return None
    end = node.args[-1] if 1 <= len(node.args) <= 2 else None
    if not (isinstance(end, ast.Call) and is_name(end.func, "len")):
        return None
    return end.args[0].id if end.args and isinstance(end.args[0], ast.Name) else None


def _is_beyond(node: ast.Subscript, items: str, at: str) -> bool:
    return (
        is_name(node.value, items)
        and isinstance(node.slice, ast.BinOp)
        and isinstance(node.slice.op, ast.Add)
        and is_name(node.slice.left, at)
        and isinstance(node.slice.right, ast.Constant)
    )


def _blocks(body: list[ast.stmt]) -> Iterator[list[ast.stmt]]:
    """Yield a block of statements and those within it, in order."""
    waiting = [body]
    while waiting:
        block = waiting.pop()
        yield block
        inner = [
            getattr(statement, name, None)
            for statement in block
            if not isinstance(statement, SCOPES)
            for name in ("body", "orelse", "finalbody")
        ]
        waiting += (each for each in reversed(inner) if each)


def _changes(statement: ast.stmt, name: str) -> bool:
    if isinstance(statement, ast.Delete):
        return any(
            isinstance(each, ast.Subscript) and is_name(each.value, name)
            for each in statement.targets
        )
    call = statement.value if isinstance(statement, ast.Expr) else None
    return (
        isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and call.func.attr in _CHANGES
        and is_name(call.func.value, name)
    )


def _written_into(nodes: Iterable[ast.AST]) -> set[str]:
    """Return names whose items or attributes are assigned."""
    return {
        each.value.id
        for each in nodes
        if isinstance(each, ast.Subscript | ast.Attribute)
        and not isinstance(each.ctx, ast.Load)
        and isinstance(each.value, ast.Name)
    }


def _passed_on(nodes: Iterable[ast.AST]) -> set[str]:
    """Return names of what calls might change: their arguments, and whose methods they are."""
    names, met = set(), set()
    waiting: list[ast.AST] = [each for each in nodes if isinstance(each, ast.Call)]
    while waiting:
        node = waiting.pop()
        if node in met:
            continue  # calls hold calls
        met.add(node)
        if isinstance(node, ast.Name):
            names.add(node.id)
        waiting += ast.iter_child_nodes(node)
    return names
