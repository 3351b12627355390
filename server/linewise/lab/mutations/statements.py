"""Mistakes of whole statements: dropped, returning too early or the wrong thing, out of place."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from linewise.lab.mutations.mutation import Mutation, Source

_SIMPLE = frozenset({"expression_statement", "return_statement", "raise_statement"})
_LEAVES = frozenset({"return_statement", "raise_statement", "continue_statement"})
_LOOPS = frozenset({"for_statement", "while_statement"})


def dropped(source: Source, node: Node) -> Iterator[Mutation]:
    """Yield statements, guards, branches and imports left out; a lone statement becomes pass."""
    parent = node.parent
    if parent is None or (span := source.lines_of(node)) is None:
        return
    alone = len([each for each in parent.named_children if each.type != "comment"]) == 1
    if node.type in _SIMPLE and not _is_prose(node):
        if not alone:
            yield Mutation("dropped statement", *span, "")
        elif parent.type == "block":
            yield source.replace("dropped statement", node, "pass")
    elif node.type == "if_statement" and _is_guard(node) and not alone:
        yield Mutation("dropped guard", *span, "")
    elif node.type in ("elif_clause", "else_clause") and parent.type == "if_statement":
        yield Mutation("dropped branch", *span, "")
    elif node.type in ("import_statement", "import_from_statement"):
        yield Mutation("dropped import", *span, "")


def _is_prose(node: Node) -> bool:
    return bool(node.named_children) and node.named_children[0].type == "string"


def _is_guard(node: Node) -> bool:
    body = node.child_by_field_name("consequence")
    return (
        body is not None
        and node.child_by_field_name("alternative") is None
        and bool(body.named_children)
        and body.named_children[-1].type in _LEAVES
        and len(body.named_children) <= 2
    )


def returns(source: Source, node: Node) -> Iterator[Mutation]:
    """Yield a value computed but not returned, and another variable returned."""
    if node.type != "return_statement" or not node.named_children:
        return
    value = node.named_children[0]
    start, end = source.syntax.span(value)
    yield Mutation("missing return", source.syntax.span(node)[0], start, "")
    if value.type != "identifier":
        for name in source.names_before(value):
            yield Mutation("wrong return", start, end, name)


def placement(source: Source, node: Node) -> Iterator[Mutation]:
    """Yield a statement moved into the loop before it, or out of the loop it ends."""
    if node.type not in _SIMPLE or source.lines_of(node) is None:
        return
    first, last = source.syntax.line_range(node)
    start = source.syntax.span(node)[0]
    line = source.syntax.lines.starts[first]
    if first != last or source.text[line:start].strip():
        return
    before = node.prev_named_sibling
    body = before.child_by_field_name("body") if before and before.type in _LOOPS else None
    if body is not None and body.named_children:
        kind = "early return" if node.type == "return_statement" else "wrong place"
        yield Mutation(kind, line, start, source.indent_of(body.named_children[-1]))
    block = node.parent
    loop = block.parent if block and block.type == "block" else None
    if loop and block and loop.type in _LOOPS and len(block.named_children) > 1:
        ends = block.named_children[-1] == node and loop.child_by_field_name("alternative") is None
        if ends and source.syntax.line_range(loop)[1] == first:
            yield Mutation("wrong place", line, start, source.indent_of(loop))


def jumps(source: Source, node: Node) -> Iterator[Mutation]:
    """Yield break for continue and the other way round."""
    if node.type in ("break_statement", "continue_statement"):
        other = "continue" if node.type == "break_statement" else "break"
        yield source.replace("wrong jump", node, other)
