"""Which lines may be flagged: code, not blank lines, comments or docstrings."""

from __future__ import annotations

from collections import defaultdict

from linewise.analysis.lines import LineTable
from linewise.analysis.syntax import Syntax

_PROSE = """
(comment) @comment
(expression_statement . (string) .) @docstring
(expression_statement . (concatenated_string) .) @docstring
"""


def code_lines(syntax: Syntax) -> tuple[int, ...]:
    """Return the 0-based lines that hold code, in order.

    A string that stands alone as a statement is a docstring wherever it stands: nothing of it
    runs. A line that code shares with a comment or a docstring is a code line.
    """
    lines = syntax.lines
    prose: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for nodes in syntax.captures(_PROSE).values():
        for node in nodes:
            span = syntax.span(node)
            first, last = syntax.line_range(node)
            for line in range(first, last + 1):
                prose[line].append(span)
    return tuple(
        line
        for line in range(len(lines))
        if _outside(lines, line, sorted(prose.get(line, ()))).strip()
    )


def _outside(lines: LineTable, line: int, spans: list[tuple[int, int]]) -> str:
    """Return what stands on a line outside the given spans."""
    at, pieces = lines.starts[line], []
    for start, end in spans:
        pieces.append(lines.text[at:start])
        at = max(at, end)
    return "".join((*pieces, lines.text[at : lines.ends[line]]))
