"""What name resolution says of each line: names nothing defines, values nothing reads.

A line that reads a name nobody defines will have to be edited whatever was meant, and no model of
the text is needed to see it. Pyflakes resolves names.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

from pyflakes import checker, messages

from linewise.analysis.magics import ANYTHING
from linewise.analysis.problems.problem import LeftOut, Problem
from linewise.analysis.problems.shallow import flatten
from linewise.results import OmissionKind

KINDS: dict[str, tuple[type[messages.Message], ...]] = {
    "undefined": (messages.UndefinedName, messages.UndefinedLocal),
    "unused": (messages.UnusedVariable,),
    "redefined": (messages.RedefinedWhileUnused,),
    "unused import": (messages.UnusedImport,),
    "star import": (messages.ImportStarUsed,),
}
_OF_TYPE_CHECKERS = frozenset({"reveal_type", "reveal_locals"})


def name_problems(
    tree: ast.Module, given: frozenset[str] = frozenset(), left_out: Collection[int] = ()
) -> tuple[list[Problem], list[LeftOut]]:
    """Return names that resolve to nothing, or that nothing reads, in no order.

    ``given`` are names that are defined elsewhere; ``left_out`` 0-based lines on which other code
    stands in for what does not parse. Comes with what could not be looked at. May change the tree.
    """
    known = given | _OF_TYPE_CHECKERS
    failed: list[LeftOut] = []
    try:
        found = _messages(tree, known, left_out)
    except Exception as error:  # noqa: BLE001 - whatever is wrong with a checker, what fails is said
        if isinstance(error, RecursionError):
            flatten(tree)
        found = _guarded(tree, known, left_out, failed)
    unseen = {line for each in failed for line in range(each.first, each.last + 1)}
    problems = [
        Problem(each.lineno - 1, kind, str(each.message_args[0]))
        for each in found
        for kind, types in KINDS.items()
        if isinstance(each, types) and each.lineno - 1 not in unseen
        if not (ANYTHING in given and kind == "undefined")
    ]
    return problems, failed


class _Checker(checker.Checker):
    """Pyflakes, told of type parameters on any Python, and of lines that others stand in for."""

    def __init__(
        self, tree: ast.AST, builtins: Collection[str], left_out: Collection[int] = ()
    ) -> None:
        self._left_out = left_out
        super().__init__(tree, builtins=builtins)

    @contextmanager
    def _type_param_scope(self, node: Any) -> Iterator[None]:
        given = getattr(node, "type_params", ())
        if not given:
            with super()._type_param_scope(node):  # type: ignore[misc]
                yield
            return
        with self.in_scope(checker.TypeScope):
            for each in given:
                self.handleNode(each, node)
            yield

    def handleNodeStore(self, node: Any) -> None:  # noqa: N802 - as Pyflakes calls it
        said = len(self.messages)
        super().handleNodeStore(node)
        if getattr(node, "lineno", 0) - 1 in self._left_out:
            # That it is bound here, and so was not bound before, is a guess.
            del self.messages[said:]


def _messages(
    tree: ast.Module, known: Collection[str], left_out: Collection[int] = ()
) -> list[messages.Message]:
    looked = _Checker(tree, known, left_out)
    found = list(looked.messages)
    # It holds on to itself, and so to the tree, until memory is swept.
    vars(looked).clear()
    return found


def _guarded(
    tree: ast.Module, known: frozenset[str], left_out: Collection[int], failed: list[LeftOut]
) -> list[messages.Message]:
    """Look at a tree without the statements that cannot be looked at; add those to ``failed``."""
    for attempt in range(2):
        try:
            return _messages(tree, known, left_out)
        except Exception as error:  # noqa: BLE001 - see `name_problems`
            if attempt:
                last = max((each.end_lineno or each.lineno for each in tree.body), default=1)
                failed[:] = [LeftOut(0, last - 1, _kind(error))]
            else:
                _take_out(tree, failed)
    return []


def _kind(error: Exception) -> OmissionKind:
    deep = isinstance(error, RecursionError | MemoryError)
    return OmissionKind.NESTING if deep else OmissionKind.CHECKER


def _take_out(tree: ast.Module, failed: list[LeftOut]) -> None:
    """Replace the smallest statements that cannot be looked at even alone."""
    waiting: list[tuple[list[ast.stmt], int, Exception | None]] = []
    waiting += ((tree.body, at, None) for at in range(len(tree.body)))
    while waiting:
        block, at, known = waiting.pop()
        statement = block[at]
        error = known or _error_of(statement)
        if error is None:
            continue
        inner = [(body, index) for body in _bodies(statement) for index in range(len(body))]
        faulty = [(*each, wrong) for each in inner if (wrong := _error_of(each[0][each[1]]))]
        if faulty:
            waiting += faulty
        else:
            first, last = statement.lineno - 1, (statement.end_lineno or statement.lineno) - 1
            failed.append(LeftOut(first, last, _kind(error)))
            block[at] = _stand_in(statement)


def _error_of(statement: ast.stmt) -> Exception | None:
    try:
        _messages(ast.Module([statement], []), ())
    except Exception as error:  # noqa: BLE001 - see `name_problems`
        return error
    return None


def _bodies(statement: ast.stmt) -> Iterator[list[ast.stmt]]:
    holders = [statement, *getattr(statement, "handlers", ()), *getattr(statement, "cases", ())]
    for holder in holders:
        for name in ("body", "orelse", "finalbody"):
            yield getattr(holder, name, [])


def _stand_in(statement: ast.stmt) -> ast.stmt:
    """Return a statement that binds and reads the names of another."""
    bound: set[str] = set()
    read: set[str] = set()
    for each in ast.walk(statement):
        if isinstance(each, ast.Name):
            (read if isinstance(each.ctx, ast.Load) else bound).add(each.id)
        elif isinstance(each, ast.alias):
            bound.add(each.asname or each.name.partition(".")[0])
    named = getattr(statement, "name", None)
    bound |= {named} if isinstance(named, str) else set()
    targets: list[ast.expr] = [ast.Name(name, ast.Store()) for name in sorted(bound)]
    values: list[ast.expr] = [ast.Name(name, ast.Load()) for name in sorted(read)]
    value = ast.Tuple(values, ast.Load())
    found = ast.Assign(targets, value) if targets else ast.Expr(value)
    return ast.fix_missing_locations(ast.copy_location(found, statement))
