"""The syntax tree of a document, with offsets in code points.

tree-sitter counts bytes of UTF-8; everything above this module counts code points.
"""

from __future__ import annotations

import re
from collections import defaultdict
from functools import cache

import numpy as np
import numpy.typing as npt
import tree_sitter_python
from attrs import frozen
from tree_sitter import Language, Node, Parser, Query, QueryCursor, Tree

from linewise.analysis.lines import LineTable, without_surrogates

_LONE_RETURN = re.compile(r"\r(?!\n)")
_WIDE = 1000
"""Children of a node that is no code as a whole: more are looked at one by one."""
PYTHON = Language(tree_sitter_python.language())


@frozen(eq=False)
class Syntax:
    """A parsed document: never fails, since tree-sitter recovers from any error."""

    lines: LineTable
    tree: Tree
    _starts: npt.NDArray[np.int64] | None
    """Byte offset → code-point offset; None when the text is ASCII and the two agree."""

    def span(self, node: Node) -> tuple[int, int]:
        """Return a node's (start, end) in code points, end exclusive."""
        if self._starts is None:
            return node.start_byte, node.end_byte
        return int(self._starts[node.start_byte]), int(self._starts[node.end_byte])

    def offsets(self, positions: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Return the code-point offsets of byte positions that nodes start or end at."""
        return positions if self._starts is None else self._starts[positions]

    def line_range(self, node: Node) -> tuple[int, int]:
        """Return the 0-based (first, last) lines a node touches, both inclusive."""
        start, end = self.span(node)
        return self.lines.line_at(start), self.lines.line_at(max(start, end - 1))

    def captures(self, query: str) -> dict[str, list[Node]]:
        """Run a tree-sitter query over the whole tree; return nodes by capture name, in order.

        What it asks for must lie within one statement.
        """
        root, cursor = self.tree.root_node, QueryCursor(_query(self.tree.language, query))
        # From each bracket that nothing closes tree-sitter looks through all others behind it.
        wide = root.is_error and root.child_count > _WIDE
        found: dict[str, list[Node]] = defaultdict(list)
        for node in root.named_children if wide else (root,):
            for name, nodes in cursor.captures(node).items():
                found[name] += nodes
        return {
            name: sorted(nodes, key=lambda node: (node.start_byte, -node.end_byte))
            for name, nodes in found.items()
        }


@cache
def _query(language: Language, source: str) -> Query:
    return Query(language, source)


def parse(text: str, language: Language = PYTHON) -> Syntax:
    """Parse source code, complete or not."""
    clean = without_surrogates(text)
    # tree-sitter takes no lone carriage return for a line break; the protocol does.
    encoded = _LONE_RETURN.sub("\n", clean).encode("utf-8")
    starts = None
    if not clean.isascii():
        # A byte belongs to the character whose lead byte came last; continuation bytes (10xxxxxx)
        # do not start one.
        lead = (np.frombuffer(encoded, np.uint8) & 0xC0) != 0x80
        starts = np.concatenate((np.cumsum(lead) - 1, [len(clean)]))
    return Syntax(LineTable(clean), Parser(language).parse(encoded), starts)
