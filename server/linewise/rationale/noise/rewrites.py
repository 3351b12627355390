"""What harmless rewrites of Python code share: what they return, and the proof that they are.

A rewrite is accepted only if the new text has the syntax tree of the old one, up to the renaming
it claims. Whatever an attribution changes by between the two is then noise.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from attrs import field, frozen

from linewise.errors import LinewiseError
from linewise.rationale.statistics.aggregators import Floats

GONE = -1


class RewriteError(LinewiseError):
    """Code cannot be rewritten without changing what it does."""


@frozen
class Rewrite:
    """A text that does the same.

    ``lines[i]`` is the 0-based line of ``text`` that line i of the original became, `GONE` if it
    has no counterpart (a blank line). ``names`` are the new names by old one.
    """

    text: str
    lines: tuple[int, ...]
    names: Mapping[str, str] = field(factory=dict)

    def back(self, values: npt.ArrayLike) -> Floats:
        """Return values by line of ``text`` (m, …) by original line (n, …), nan if `GONE`."""
        here = np.asarray(values, np.float64)
        lines = np.array(self.lines)
        found = np.full((len(lines), *here.shape[1:]), np.nan)
        found[lines != GONE] = here[lines[lines != GONE]]
        return found


def parsed(text: str) -> ast.Module:
    """Return the syntax tree.

    Raises
    ------
    RewriteError
        If this Python cannot parse the text.
    """
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise RewriteError(
            f"only code that parses can be rewritten ({error}); correct the syntax first"
        ) from error


def same(one: ast.AST, other: ast.AST, names: Mapping[str, str] | None = None) -> bool:
    """Return whether ``other`` is ``one`` with the variables in ``names`` renamed.

    Attributes, keywords of calls and imported names are not variables. Raises RewriteError where
    the trees are too deep to be compared.
    """
    try:
        return ast.dump(_Renamed(names or {}).visit(one)) == ast.dump(other)
    except RecursionError as error:
        raise RewriteError(
            "this code nests too deeply to be compared; leave it as it is"
        ) from error


class _Renamed(ast.NodeTransformer):
    """Renames variables wherever the grammar binds or reads one; copies what it changes."""

    FIELDS: Mapping[type[ast.AST], str] = {
        ast.Name: "id",
        ast.arg: "arg",
        ast.ExceptHandler: "name",
        ast.MatchAs: "name",
        ast.MatchStar: "name",
        ast.MatchMapping: "rest",
    }

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = names

    def generic_visit(self, node: ast.AST) -> ast.AST:
        values: dict[str, Any] = {}
        for name, value in ast.iter_fields(node):
            if isinstance(value, list):
                values[name] = [self.visit(v) if isinstance(v, ast.AST) else v for v in value]
            else:
                values[name] = self.visit(value) if isinstance(value, ast.AST) else value
        renamed = self.FIELDS.get(type(node))
        if renamed:
            values[renamed] = self._names.get(values[renamed], values[renamed])
        if isinstance(node, ast.Nonlocal):
            values["names"] = [self._names.get(name, name) for name in node.names]
        return type(node)(**values)
