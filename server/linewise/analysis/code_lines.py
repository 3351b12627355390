"""Which lines may be flagged: code, not blank lines, comments or docstrings."""

from __future__ import annotations

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
    prose: set[int] = set()
    for nodes in syntax.captures(_PROSE).values():
        for node in nodes:
            start, end = syntax.span(node)
            first, last = syntax.line_range(node)
            prose.update(range(first, last + 1))
            if lines.text[lines.starts[first] : start].strip():
                prose.discard(first)
            after = lines.text[end : lines.ends[last]].strip()
            if after and not after.startswith("#"):
                prose.discard(last)
    return tuple(
        line for line in range(len(lines)) if line not in prose and lines.content(line).strip()
    )
