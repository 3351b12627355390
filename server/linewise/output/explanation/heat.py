"""The code that the model read, cut into pieces that each have one weight: a heat map's layout."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from attrs import frozen

from linewise.analysis.lines import LineTable
from linewise.rationale.explanation import Explanation, WeighedToken

LEVELS = 4
_LEAST = (0.05, 0.25, 0.5, 0.75)
"""From which share of the largest weight a piece is of level 1, 2, …"""
_BREAK = re.compile(r"\r\n|\n|\r")


@frozen
class Piece:
    """Characters of one line with one weight.

    ``level`` runs from -4 (lowers the score most) to 4 (raises it most) and compares the weight
    with the largest one. ``token`` is None where the model read nothing, or nothing was weighed.
    """

    text: str
    level: int = 0
    token: WeighedToken | None = None


@frozen
class HeatLine:
    """One line of code: its pieces make up its text.

    ``weight`` is that of all its pieces; ``gap`` says that lines are left out above it.
    """

    line: int
    weight: float
    pieces: tuple[Piece, ...]
    explained: bool
    gap: bool


def heat_lines(table: LineTable, explanation: Explanation) -> tuple[HeatLine, ...]:
    """Return the lines that the model read and the one that is explained, in order."""
    most = max((abs(each.weight) for each in explanation.tokens), default=0.0)
    spans: dict[int, list[tuple[int, int, WeighedToken]]] = defaultdict(list)
    for token in explanation.tokens:
        for line, start, end in _spans(token):
            spans[line].append((start, end, token))
    shown = sorted({*(line for line in spans if table.content(line).strip()), explanation.line})
    found, before = [], -1
    for line in shown:
        content = table.content(line)
        # Of a token that reaches over the end of its line, each line has its characters' share.
        weight = sum(
            token.weight * (end - start) / len(token.text) for start, end, token in spans[line]
        )
        gap = any(table.content(each).strip() for each in range(before + 1, line))
        pieces = tuple(_pieces(content, spans[line], most))
        found.append(HeatLine(line, weight, pieces, line == explanation.line, gap))
        before = line
    return tuple(found)


def level(weight: float, most: float) -> int:
    """Return the level of a weight, where ``most`` is the largest absolute one."""
    if not most:
        return 0
    size = sum(abs(weight) / most >= each for each in _LEAST)
    return size if weight > 0 else -size


def _spans(token: WeighedToken) -> Iterator[tuple[int, int, int]]:
    """Yield (line, start, end) columns of a token; line breaks belong to the line they end."""
    line, column, at = token.line, token.column, 0
    for match in _BREAK.finditer(token.text):
        yield line, column, column + match.end() - at
        line, column, at = line + 1, 0, match.end()
    if at < len(token.text):
        yield line, column, column + len(token.text) - at


def _pieces(
    content: str, spans: list[tuple[int, int, WeighedToken]], most: float
) -> Iterator[Piece]:
    place = 0
    for start, end, token in spans:
        first, last = max(start, place), min(end, len(content))
        if first >= last:
            continue
        if first > place:
            yield Piece(content[place:first])
        yield Piece(content[first:last], level(token.weight, most), token)
        place = last
    if place < len(content):
        yield Piece(content[place:])
