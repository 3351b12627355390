"""Units: the pieces of a document that are scored on their own, each with its header of intent.

Every line of a document belongs to exactly one unit. A unit is an outermost function or method
(with its decorators and the comment above it), or a run of the lines between them at module or
class level. What the target model is shown before a unit, its header, is bounded: the module's
docstring, the imports, and the signatures and docstrings of the classes around it.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from functools import lru_cache

from attrs import evolve, frozen
from tree_sitter import Node

from linewise.analysis.syntax import Syntax

MODULE_DOCSTRING_CHARS = 320
IMPORT_CHARS = 160
CLASS_CHARS = 200
FUNCTION_SIGNATURE_CHARS = 200

# Nodes that may hold definitions without being one: functions under `if TYPE_CHECKING:`, in a
# `try:` or in a stretch that does not parse are still units.
_CONTAINERS = frozenset(
    (
        "module",
        "block",
        "if_statement",
        "elif_clause",
        "else_clause",
        "try_statement",
        "except_clause",
        "finally_clause",
        "with_statement",
        "ERROR",
    )
)


class UnitKind(StrEnum):
    """What a unit is a piece of."""

    FUNCTION = "function"
    METHOD = "method"
    CLASS_BODY = "class body"
    MODULE = "module"


@frozen
class Unit:
    """A piece of a document, ``first_line`` to ``last_line`` (0-based, inclusive).

    ``header`` holds the offset spans (code points, end exclusive) shown to the model before the
    unit, in reading order; ``signature`` the span repeated when the unit is too long for one
    window (None for runs).
    """

    kind: UnitKind
    name: str
    first_line: int
    last_line: int
    header: tuple[tuple[int, int], ...]
    signature: tuple[int, int] | None = None


@frozen
class _Definition:
    """A function or class found in the tree; ``path`` are the classes around it."""

    node: Node
    outer: Node
    path: tuple[Node, ...]


@lru_cache(2)  # model inputs and facts ask about one document, one after the other
def find_units(syntax: Syntax) -> tuple[Unit, ...]:
    """Cut a document into units, in line order. Runs of blank lines only are left out."""
    module_header = _module_header(syntax)
    functions = [
        _function_unit(syntax, found, module_header)
        for found in _definitions(syntax.tree.root_node)
        if found.node.type == "function_definition"
    ]
    return tuple(_with_runs(syntax, _disjoint(functions), module_header))


def _definitions(root: Node) -> Iterator[_Definition]:
    """Yield outermost functions and all classes in document order, without recursion."""
    stack: list[tuple[Node, tuple[Node, ...]]] = [(root, ())]
    while stack:
        node, path = stack.pop()
        if node.type in _CONTAINERS:
            stack.extend((child, path) for child in reversed(node.named_children))
        inner = (
            node.child_by_field_name("definition") if node.type == "decorated_definition" else node
        )
        if inner is None:
            continue
        if inner.type == "function_definition":
            yield _Definition(inner, node, path)
        elif inner.type == "class_definition":
            yield _Definition(inner, node, path)
            body = inner.child_by_field_name("body")
            if body is not None:
                stack.append((body, (*path, inner)))


def _function_unit(
    syntax: Syntax, found: _Definition, module_header: tuple[tuple[int, int], ...]
) -> Unit:
    first, last = syntax.line_range(found.outer)
    first = _with_comment_above(syntax, first)
    names = [_name(syntax, node) for node in (*found.path, found.node)]
    return Unit(
        kind=UnitKind.METHOD if found.path else UnitKind.FUNCTION,
        name=".".join(names),
        first_line=first,
        last_line=last,
        header=module_header + _class_header(syntax, found.path),
        signature=_signature(syntax, found.node, FUNCTION_SIGNATURE_CHARS),
    )


def _disjoint(units: list[Unit]) -> list[Unit]:
    """Give a line that two units claim (``def a(): 0; def b(): 1``) to the first."""
    kept: list[Unit] = []
    next_free = 0
    for unit in sorted(units, key=lambda unit: unit.first_line):
        if unit.last_line < next_free:
            continue
        kept.append(evolve(unit, first_line=max(unit.first_line, next_free)))
        next_free = unit.last_line + 1
    return kept


def _with_runs(
    syntax: Syntax, functions: list[Unit], module_header: tuple[tuple[int, int], ...]
) -> Iterator[Unit]:
    """Fill the lines between functions with runs, cut where a class begins or ends."""
    owner: list[_Definition | None] = [None] * len(syntax.lines)
    for found in _definitions(syntax.tree.root_node):
        if found.node.type == "class_definition":
            first, last = syntax.line_range(found.outer)
            first = _with_comment_above(syntax, first)
            owner[first : last + 1] = [found] * (last + 1 - first)
    line = 0
    for unit in [*functions, None]:
        stop = unit.first_line if unit else len(syntax.lines)
        while line < stop:
            end = line
            while end < stop and owner[end] is owner[line]:
                end += 1
            yield from _run(syntax, line, end, owner[line], module_header)
            line = end
        if unit:
            yield unit
            line = unit.last_line + 1


def _run(
    syntax: Syntax,
    first: int,
    end: int,
    owner: _Definition | None,
    module_header: tuple[tuple[int, int], ...],
) -> Iterator[Unit]:
    filled = [line for line in range(first, end) if syntax.lines.content(line).strip()]
    if not filled:
        return
    if owner is None:
        # The run that opens the module contains its docstring and imports already.
        start = syntax.lines.starts[first]
        header = tuple(span for span in module_header if span[1] <= start)
        yield Unit(UnitKind.MODULE, "<module>", filled[0], filled[-1], header)
        return
    name = ".".join(_name(syntax, node) for node in (*owner.path, owner.node))
    opens_class = syntax.line_range(owner.outer)[0] >= filled[0]
    path = owner.path if opens_class else (*owner.path, owner.node)
    header = module_header + _class_header(syntax, path)
    yield Unit(UnitKind.CLASS_BODY, name, filled[0], filled[-1], header)


def _module_header(syntax: Syntax) -> tuple[tuple[int, int], ...]:
    """Return the spans of the module's docstring and its top-level imports, each bounded."""
    spans: list[tuple[int, int]] = []
    root = syntax.tree.root_node
    docstring = _docstring(root)
    if docstring is not None:
        start, end = syntax.span(docstring)
        spans.append((start, min(end, start + MODULE_DOCSTRING_CHARS)))
    room = IMPORT_CHARS
    for child in root.named_children:
        if child.type in ("import_statement", "import_from_statement", "future_import_statement"):
            start, end = syntax.span(child)
            if end - start > room:
                break
            room -= end - start
            spans.append((start, end))
    return tuple(spans)


def _class_header(syntax: Syntax, path: tuple[Node, ...]) -> tuple[tuple[int, int], ...]:
    return tuple(_signature(syntax, node, CLASS_CHARS) for node in path)


def _signature(syntax: Syntax, node: Node, limit: int) -> tuple[int, int]:
    """Return the span from ``def``/``class`` to the end of the docstring, or of the signature."""
    start, end = syntax.span(node)
    body = node.child_by_field_name("body")
    if body is not None:
        docstring = _docstring(body)
        # Up to the body, less the white space before its first statement.
        end = syntax.span(docstring)[1] if docstring is not None else syntax.span(body)[0]
        end = start + len(syntax.lines.text[start:end].rstrip())
    return start, min(end, start + limit)


def _docstring(block: Node) -> Node | None:
    """Return the string statement a module or body opens with, comments aside."""
    for child in block.named_children:
        if child.type == "comment":
            continue
        if child.type == "expression_statement" and child.named_child_count == 1:
            value = child.named_children[0]
            if value.type in ("string", "concatenated_string"):
                return child
        return None
    return None


def _with_comment_above(syntax: Syntax, line: int) -> int:
    """Return the first line of the comment block that stands right above ``line``."""
    while line > 0 and syntax.lines.content(line - 1).lstrip().startswith("#"):
        line -= 1
    return line


def _name(syntax: Syntax, node: Node) -> str:
    name = node.child_by_field_name("name")
    if name is None:
        return "?"
    start, end = syntax.span(name)
    return syntax.lines.text[start:end]
