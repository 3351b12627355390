"""Notebooks as Python: their cells one below the other, without what only IPython understands.

Every character keeps its place, so that offsets into a cell's text hold in what is read of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from attrs import frozen

from linewise.analysis.lines import LineTable

_MAGIC = re.compile(r"\s*(?:%{1,2}[A-Za-z_]|!{1,2}[^\s=]|\?{1,2}[\w.%]|[%\w.]+\?{1,2}\s*$)")
_ASSIGNED = re.compile(r"(\s*[A-Za-z_][\w.,\s]*=\s*)(?:%[A-Za-z_]|!\S)")
_CELL_MAGIC = re.compile(r"\s*%%(\w+)")
_PYTHON_MAGICS = frozenset(("capture", "prun", "time", "timeit"))
"""Cell magics whose cells are Python all the same."""


@frozen
class JoinedCells:
    """The Python of a notebook: ``text``, and each cell's span in it (code points), first line."""

    text: str
    spans: tuple[tuple[int, int], ...]
    first_lines: tuple[int, ...]


def join_cells(cells: Sequence[str]) -> JoinedCells:
    """Return the Python of cells, each beginning on a line of its own."""
    pieces, spans, lines, used, line = [], [], [], 0, 0
    for cell in cells:
        piece = python_of(cell)
        pieces.append(piece)
        spans.append((used, used + len(piece)))
        lines.append(line)
        used += len(piece) + 1
        line += len(LineTable(piece))
    return JoinedCells("\n".join(pieces), tuple(spans), tuple(lines))


def python_of(cell: str) -> str:
    """Return the Python of a cell, as long as the cell: what is IPython's becomes a comment.

    That is: magics, shell commands, requests for help, and whole cells in another language.
    """
    table = LineTable(cell)
    lines = [table.content(line) for line in range(len(table))]
    first = next((line for line in lines if line.strip()), "")
    named = _CELL_MAGIC.match(first)
    foreign = named is not None and named.group(1) not in _PYTHON_MAGICS
    python = map(_commented, lines) if foreign else _without_magics(lines)
    breaks = [cell[table.ends[line] : table.full_span(line)[1]] for line in range(len(table))]
    text = "".join(line + end for line, end in zip(python, breaks, strict=True))
    # With the line break that joins cells, a return at the very end would be one break, not two.
    return f"{text[:-1]} " if text.endswith("\r") else text


def _without_magics(lines: Sequence[str]) -> Iterator[str]:
    continued = False
    for line in lines:
        if continued:
            yield _commented(line)
        elif _MAGIC.match(line):
            # Inside of a block something must be left that is a statement.
            indent = len(line) - len(line.lstrip())
            yield _expression(line, indent) if indent else _commented(line)
        elif assigned := _ASSIGNED.match(line):
            yield _expression(line, assigned.end(1))
        else:
            yield line
            continue
        continued = line.endswith("\\")


def _commented(line: str) -> str:
    return f"#{line[1:]}" if line.strip() else line


def _expression(line: str, at: int) -> str:
    return f"{line[:at]}0#{line[at + 2 :]}" if len(line) > at + 1 else _commented(line)
