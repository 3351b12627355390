"""Everything that is known to be wrong with a text, line by line."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from functools import lru_cache

from attrs import frozen

from linewise.analysis.problems.flow import flow_problems
from linewise.analysis.problems.names import name_problems
from linewise.analysis.problems.problem import LeftOut, Problem
from linewise.analysis.problems.salvage import parse_module
from linewise.analysis.problems.tree import Code, Function, codes, dotted, positional
from linewise.results import Omission, OmissionKind

NO_NAMES: frozenset[str] = frozenset()
_BUILTINS = ("builtins", "__builtins__")
_BUILTIN_ITEMS = (
    *_BUILTINS,
    "builtins.__dict__",
    "__builtins__.__dict__",
)


@frozen
class Found:
    """A text's ``problems`` by line, and the 0-based lines inside functions with annotations.

    ``left_out`` are the statements that were not looked at, or not by every check.
    """

    problems: tuple[Problem, ...] = ()
    annotated: frozenset[int] = frozenset()
    left_out: tuple[LeftOut, ...] = ()

    @property
    def omissions(self) -> tuple[Omission, ...]:
        """What is left out, by kind; the names are numbers of all the lines, counted from 1."""
        found: dict[OmissionKind, list[str]] = {}
        for each in dict.fromkeys(self.left_out):
            found.setdefault(each.kind, []).append(str(each.first + 1))
        return tuple(Omission(kind, len(names), tuple(names)) for kind, names in found.items())


def problems(text: str, names: frozenset[str] = NO_NAMES) -> tuple[Problem, ...]:
    """Return the problems of a module by line, as `find` does."""
    return find(text, names).problems


@lru_cache(2)  # facts and reasons ask about one text, one after the other
def find(text: str, names: frozenset[str] = NO_NAMES) -> Found:
    """Read a module once and return all that facts are made of.

    ``names`` are defined elsewhere (`magics.ANYTHING` among them: so is any other). A statement
    that does not parse is left out, and all others are looked at.
    """
    parsed = parse_module(text)
    found = codes(parsed.tree)
    unread = {line for each in parsed.left_out for line in range(each.first, each.last + 1)}
    flow, failed = flow_problems(found, unread)
    # Last, since that may change the tree.
    wrong, unresolved = name_problems(parsed.tree, names | _installed(found), unread)
    kept = (each for each in (*wrong, *flow) if each.line not in unread)
    left_out = sorted((*parsed.left_out, *failed, *unresolved), key=lambda each: each.first)
    return Found(
        tuple(sorted(kept, key=lambda each: each.line)), _annotated(found), tuple(left_out)
    )


def _installed(found: Sequence[Code]) -> frozenset[str]:
    """Return the names that a module puts among Python's own.

    ``gettext.install`` and the ``install`` of a translation put ``_`` there.
    """
    names: set[str] = set()
    gettext = any(alias.name == "gettext" for code in found for alias in code.of(ast.alias)) or any(
        each.module == "gettext" for code in found for each in code.of(ast.ImportFrom)
    )
    for code in found:
        for call in code.of(ast.Call) if gettext else ():
            called = call.func
            named = called.attr if isinstance(called, ast.Attribute) else dotted(called)
            names |= {"_"} if named == "install" else set()
        for place in code.of(ast.Attribute):
            if isinstance(place.ctx, ast.Store) and dotted(place.value) in _BUILTINS:
                names.add(place.attr)
        for item in code.of(ast.Subscript):
            if isinstance(item.ctx, ast.Store) and dotted(item.value) in _BUILTIN_ITEMS:
                key = item.slice
                names |= {str(key.value)} if isinstance(key, ast.Constant) else set()
    return frozenset(names)


def _annotated(found: Iterable[Code]) -> frozenset[int]:
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
