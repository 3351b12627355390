"""Functions that end without their value, never end, or do nothing."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator

from linewise.analysis.problems.problem import Problem
from linewise.analysis.problems.tree import (
    Code,
    Function,
    dotted,
    is_name,
    own,
    positional,
    problem_at,
    stored,
)

# What may keep a call from being made.
_BRANCHES = (
    ast.If,
    ast.IfExp,
    ast.BoolOp,
    ast.Match,
    ast.Try,
    ast.TryStar,
    ast.For,
    ast.AsyncFor,
    ast.While,
    ast.ListComp,
    ast.SetComp,
    ast.DictComp,
    ast.GeneratorExp,
    ast.Raise,
    ast.Yield,
    ast.YieldFrom,
)
_NEVER_RETURN = frozenset(
    {"sys.exit", "exit", "quit", "os._exit", "os.abort", "pytest.fail", "self.fail"}
)


def no_value(function: Function, code: Code) -> Iterator[Problem]:
    """Find a function that returns values on some paths and comes to its end on others."""
    if code.any(ast.Yield, ast.YieldFrom):
        return
    valued = any(each.value is not None for each in code.of(ast.Return))
    if valued and not _ends(function.body):
        yield problem_at(function.body[-1], "no value", function.name)


def ignored_parameters(function: Function, code: Code) -> Iterator[Problem]:
    """Find a function with parameters that reads none of them, unless it stands for others.

    Methods and functions inside others are let pass: what they are given is often for others to
    read. So are tests: what they are given may be there for its effect.
    """
    asked = {each.arg for each in (*positional(function), *function.args.kwonlyargs)}
    if not asked or not isinstance(code.within, ast.Module) or _is_stub(function):
        return
    if function.name.startswith(("test_", "pytest_")):
        return
    if not asked.isdisjoint(each.id for each in code.of(ast.Name)):
        return
    # A function inside may read them.
    read = {each.id for each in ast.walk(function) if isinstance(each, ast.Name)}
    if asked.isdisjoint(read) and "locals" not in read:
        yield problem_at(function, "ignored parameters", function.name)


def empty(tree: ast.Module) -> Iterator[Problem]:
    """Find a module's functions that are not written yet: parameters, and nothing done."""
    last = {each.name: each for each in tree.body if isinstance(each, Function)}
    for function in last.values():
        written = function.decorator_list or not all(map(_does_nothing, function.body))
        if positional(function) and not written:
            yield problem_at(function, "empty", function.name)


def idle(function: Function, code: Code) -> Iterator[Problem]:
    """Find a function that is defined inside another, which does not mention it."""
    inner: tuple[Function, ...] = (*code.of(ast.FunctionDef), *code.of(ast.AsyncFunctionDef))
    everywhere = _mentions(function) if inner else Counter()
    for each in inner:
        if not each.decorator_list and everywhere[each.name] == _mentions(each)[each.name]:
            yield problem_at(each, "idle", each.name)


def endless_recursion(function: Function, code: Code) -> Iterator[Problem]:
    """Find a function that calls itself on every path, or with what it was given."""
    calls = [each for each in code.of(ast.Call) if is_name(each.func, function.name)]
    # What a method calls by its own name alone is something else.
    other = isinstance(code.within, ast.ClassDef) or isinstance(function, ast.AsyncFunctionDef)
    if not calls or other or code.any(ast.Global):
        return
    if not code.any(*_BRANCHES):
        yield from (problem_at(each, "endless recursion", function.name) for each in calls)
        return
    names = [each.arg for each in positional(function)]
    changed = stored(code.of(ast.Name)) & {*names}
    for call in calls:
        same = [each.id for each in call.args if isinstance(each, ast.Name)] == names
        if same and names and not changed and len(call.args) == len(names) and not call.keywords:
            yield problem_at(call, "endless recursion", function.name)


def without_self(cls: ast.ClassDef) -> Iterator[Problem]:
    """Find a method that takes no parameter at all, so that no instance can call it."""
    for method in cls.body:
        if not isinstance(method, Function) or method.decorator_list:
            continue
        if not (positional(method) or method.args.vararg or method.args.kwarg):
            yield problem_at(method, "without self", method.name)


def _does_nothing(statement: ast.stmt) -> bool:
    constant = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    return constant or isinstance(statement, ast.Pass)


def _mentions(node: ast.AST) -> Counter[str]:
    """Count how often each name is read or written below a node."""
    return Counter(each.id for each in ast.walk(node) if isinstance(each, ast.Name))


def _ends(body: list[ast.stmt]) -> bool:
    """Tell whether a block never reaches its end."""
    # All of these have to end.
    waiting = [body]
    while waiting:
        inside = waiting.pop()
        match inside[-1] if inside else None:
            case ast.Return() | ast.Raise():
                continue
            case ast.If(body=then, orelse=otherwise):
                waiting += (then, otherwise)
            case ast.While(test=ast.Constant(value=value), body=loop):
                if not value or any(isinstance(each, ast.Break) for each in own(loop)):
                    return False
            case ast.With(body=within) | ast.AsyncWith(body=within):
                waiting.append(within)
            case ast.Try() | ast.TryStar() as tried:
                if not _ends(tried.finalbody):
                    waiting.append(tried.orelse or tried.body)
                    waiting += (each.body for each in tried.handlers)
            case ast.Match(cases=cases):
                # That some case will match is taken for granted.
                waiting += (each.body for each in cases)
            case ast.Expr(value=ast.Call(func=called)) if dotted(called) in _NEVER_RETURN:
                continue
            case _:
                return False
    return True


def _is_stub(function: Function) -> bool:
    """Tell whether a function only stands for others: it raises, passes or returns a constant."""
    body = function.body
    if isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
        body = body[1:]
    return bool(function.decorator_list) or all(
        _does_nothing(each)
        or isinstance(each, ast.Raise)
        or (isinstance(each, ast.Return) and isinstance(each.value, ast.Constant | None))
        for each in body
    )
