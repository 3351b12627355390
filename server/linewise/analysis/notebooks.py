"""Notebooks as Python: their cells one below the other, without what only IPython understands.

Every character keeps its place, so that offsets into a cell's text hold in what is read of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from attrs import frozen

from linewise.analysis.lexer import Token, one_break, tokens
from linewise.analysis.lines import LineTable
from linewise.analysis.magics import KERNEL, led, numbered, read_magic

_BESIDE_EQUALS = frozenset("=<>!+-*/%&|^@:")


@frozen
class JoinedCells:
    """The Python of a notebook: ``text``, and each cell's span in it (code points), first line.

    ``names`` are what IPython and its magics define there, to be given to whoever judges the text;
    ``foreign`` are the places of the cells in another language, of which nothing is judged.
    """

    text: str
    spans: tuple[tuple[int, int], ...]
    first_lines: tuple[int, ...]
    names: frozenset[str] = KERNEL
    foreign: tuple[int, ...] = ()


@frozen
class ReadCell:
    """A cell's Python, as long as the cell, and the names that its magics assign.

    ``foreign`` says that it is in another language, so that there is no Python.
    """

    python: str
    names: frozenset[str] = frozenset()
    foreign: bool = False


def join_cells(cells: Sequence[str]) -> JoinedCells:
    """Return the Python of cells, each beginning on a line of its own."""
    pieces, spans, lines, used, line = [], [], [], 0, 0
    names, foreign = set(KERNEL), []
    for number, cell in enumerate(cells):
        read = read_cell(cell)
        piece = read.python
        names |= read.names | numbered(piece)
        if read.foreign:
            foreign.append(number)
        pieces.append(piece)
        spans.append((used, used + len(piece)))
        lines.append(line)
        used += len(piece) + 1
        line += len(LineTable(piece))
    text = "\n".join(pieces)
    return JoinedCells(text, tuple(spans), tuple(lines), frozenset(names), tuple(foreign))


def python_of(cell: str) -> str:
    """Return the Python of a cell, as `read_cell` does."""
    return read_cell(cell).python


def read_cell(cell: str) -> ReadCell:
    """Read the Python of a cell, as long as the cell: what is IPython's becomes a comment.

    That is: magics, shell commands, requests for help, and whole cells in another language. They
    are IPython's where a statement begins; within brackets and strings, and behind a backslash at
    a line's end, the same characters are Python's. Magics that run Python become that Python.
    """
    table = LineTable(cell)
    lines = [table.content(line) for line in range(len(table))]
    first = next((line for line in lines if line.strip()), "").lstrip()
    magic = read_magic(first) if first.startswith("%%") and not _asks(first) else None
    names: set[str] = set()
    if magic is not None and not magic.keeps_python:
        names |= magic.assigned
        python = [_commented(line) for line in lines]
    else:
        python = list(_without_magics(cell, lines, names))
    breaks = [cell[table.ends[line] : table.full_span(line)[1]] for line in range(len(table))]
    text = "".join(line + end for line, end in zip(python, breaks, strict=True))
    # With the line break that joins cells, a return at the very end would be one break, not two.
    text = f"{text[:-1]} " if text.endswith("\r") else text
    return ReadCell(text, frozenset(names), magic is not None and not magic.keeps_python)


def _asks(line: str) -> bool:
    """Tell whether a line begins or ends as a request for help does."""
    return line.startswith("?") or line.rstrip().endswith("?")


def _without_magics(cell: str, lines: Sequence[str], names: set[str]) -> Iterator[str]:
    """Yield the lines of a cell as Python, statement by statement; add to ``names``."""
    text, table = one_break(cell), LineTable(cell)
    at = 0
    while at < len(lines):
        line = lines[at]
        indent = len(line) - len(line.lstrip())
        own, end = (
            (indent, _continued(lines, at))
            if line[indent : indent + 1] in ("%", "!", "?")
            else _statement(text, table, at)
        )
        if own is None:
            yield from lines[at:end]
        else:
            whole = " ".join((line[own:].rstrip("\\"), *lines[at + 1 : end]))
            magic = None if _asks(line[own:]) else read_magic(whole)
            if magic is not None:
                names |= magic.assigned
            if magic is not None and magic.code is not None and own == indent:
                yield line[:own] + led(line[own:], magic.code)
                yield from lines[at + 1 : end]
            else:
                # Inside of a block, or behind an equals sign, something must be left to stand.
                yield _expression(line, own) if own else _commented(line)
                yield from map(_commented, lines[at + 1 : end])
        at = end


def _continued(lines: Sequence[str], at: int) -> int:
    """Return the line after a statement of IPython's: a backslash takes in the next line."""
    while at < len(lines) - 1 and lines[at].endswith("\\"):
        at += 1
    return at + 1


def _statement(text: str, table: LineTable, at: int) -> tuple[int | None, int]:
    """Return the column in a line from which a statement is IPython's, and the line after it.

    None if all of it is Python.
    """
    start, level, line = table.starts[at], 0, at
    before: list[Token] = []
    assigned = False
    for token in tokens(text, start):
        word = text[token.start : token.end]
        if token.kind == "newline" and level <= 0:
            break
        line += text.count("\n", token.start, token.end)
        level = max(0, level + (token.kind == "open") - (token.kind == "close"))
        here = assigned and before and text[before[-1].start] == "="
        if here and (word == "!" or (word == "%" and _names(text, token.end))):
            lines = [table.content(each) for each in range(len(table))]
            begins = table.line_at(token.start)
            if begins == at:
                return token.start - start, _continued(lines, at)
        assigned = not level and word == "=" and not (before and _touches(text, before[-1], token))
        before.append(token)
    if before and text[before[-1].start] == "?" and line == at:
        indent = len(table.content(at)) - len(table.content(at).lstrip())
        return indent, at + 1
    return None, line + 1


def _names(text: str, at: int) -> bool:
    return text[at : at + 1].isidentifier()


def _touches(text: str, before: Token, token: Token) -> bool:
    """Tell whether a sign before an equals sign makes it no assignment."""
    return before.end == token.start and text[before.start : before.end] in _BESIDE_EQUALS


def _commented(line: str) -> str:
    return f"#{line[1:]}" if line.strip() else line


def _expression(line: str, at: int) -> str:
    return f"{line[:at]}0#{line[at + 2 :]}" if len(line) > at + 1 else _commented(line)
