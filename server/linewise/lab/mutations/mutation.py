"""One mutation of a program, and what every operator needs to propose some."""

from __future__ import annotations

from collections.abc import Iterator

from attrs import field, frozen
from tree_sitter import Node

from linewise.analysis.syntax import Syntax, parse

_BINDINGS = """
(parameters (identifier) @name)
(parameters (typed_parameter . (identifier) @name))
(parameters (default_parameter name: (identifier) @name))
(parameters (typed_default_parameter name: (identifier) @name))
(assignment left: (identifier) @name)
(assignment left: (pattern_list (identifier) @name))
(augmented_assignment left: (identifier) @name)
(for_statement left: (identifier) @name)
(for_statement left: (pattern_list (identifier) @name))
"""


@frozen
class Mutation:
    """Replace the code points from ``start`` to ``end`` of a text; ``kind`` says what it mimics."""

    kind: str
    start: int
    end: int
    replacement: str

    def apply(self, text: str) -> str:
        """Return the mutated text; every character outside the span stays as it is."""
        return text[: self.start] + self.replacement + text[self.end :]


@frozen(eq=False)
class Source:
    """A program being mutated: its syntax, and the names bound in each function."""

    text: str
    syntax: Syntax
    _bound: dict[int, list[tuple[int, str]]] = field(factory=dict)
    """Per function, by its first byte: the names bound in it with where (code points), in order."""

    @classmethod
    def of(cls, text: str) -> Source:
        """Parse ``text``."""
        source = cls(text, parse(text))
        for name in source.syntax.captures(_BINDINGS).get("name", []):
            if (function := enclosing(name, "function_definition")) is not None:
                start, end = source.syntax.span(name)
                source._bound.setdefault(function.start_byte, []).append((start, text[start:end]))
        return source

    def of_node(self, node: Node) -> str:
        """Return the text of a node."""
        start, end = self.syntax.span(node)
        return self.text[start:end]

    def replace(self, kind: str, node: Node, replacement: str) -> Mutation:
        """Return the mutation that puts ``replacement`` in the place of ``node``."""
        return Mutation(kind, *self.syntax.span(node), replacement)

    def names_before(self, node: Node) -> list[str]:
        """Return the variables of the function around ``node`` that are bound before it."""
        function = enclosing(node, "function_definition")
        at = self.syntax.span(node)[0]
        bound = [] if function is None else self._bound.get(function.start_byte, [])
        return sorted({name for start, name in bound if start < at} - {"self", "cls", "_"})

    def lines_of(self, node: Node) -> tuple[int, int] | None:
        """Return the span of the whole lines a node fills, None if it shares them with code."""
        lines = self.syntax.lines
        first, last = self.syntax.line_range(node)
        start, end = self.syntax.span(node)
        whole = (
            lines.starts[first],
            lines.starts[last + 1] if last + 1 < len(lines) else len(self.text),
        )
        alone = (self.text[whole[0] : start] + self.text[end : whole[1]]).strip()
        return None if alone and not alone.startswith("#") else whole

    def indent_of(self, node: Node) -> str:
        """Return the white space that the first line of a node begins with."""
        start = self.syntax.lines.starts[self.syntax.line_range(node)[0]]
        line = self.text[start : self.syntax.span(node)[0]]
        return line[: len(line) - len(line.lstrip())]


def walk(node: Node) -> Iterator[Node]:
    """Yield a node and everything below it, in the order of the text."""
    stack = [node]
    while stack:
        here = stack.pop()
        yield here
        stack.extend(reversed(here.children))


def enclosing(node: Node, kind: str) -> Node | None:
    """Return the nearest node of a kind around ``node``."""
    parent = node.parent
    while parent is not None and parent.type != kind:
        parent = parent.parent
    return parent
