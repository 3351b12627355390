"""What the model read when it scored a line: its tokens, with their places in the document."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from attrs import frozen

from linewise.analysis.lines import LineTable, count_lines
from linewise.analysis.membership import line_members
from linewise.analysis.model_input import (
    HEADER_TOKENS,
    ModelInput,
    Tokenizer,
    document_inputs,
)
from linewise.analysis.syntax import Syntax
from linewise.errors import LinewiseError
from linewise.rationale.explain_text import ExplainedText

Ints = npt.NDArray[np.int64]
_CHARACTER = re.compile(r"\r\n|.", re.DOTALL)


class NothingToExplainError(LinewiseError):
    """The line that was named has no code, or is not there."""


@frozen(eq=False)
class LineInput:
    """One model input ``ids`` (T,), of which the places ``first`` to ``end`` are the line's.

    ``starts`` and ``ends`` (T,) are the tokens' offsets in the document, of those of the header
    too. A line break that the header has and the document has not is empty.
    """

    table: LineTable
    line: int
    unit: str
    ids: Ints
    starts: Ints
    ends: Ints
    first: int
    end: int

    @property
    def lines(self) -> Ints:
        """The document's line each token begins on, (T,)."""
        return np.searchsorted(self.table.starts, self.starts, side="right") - 1


def line_inputs(text: ExplainedText, line: int, tokenizer: Tokenizer) -> tuple[LineInput, ...]:
    """Return the inputs that hold tokens of a 0-based line: one, or two if a window cuts it.

    Raises
    ------
    NothingToExplainError
        If there is no such line, it has no code, or none that a model reads.
    """
    syntax = text.syntax
    require_line(text.text, line, "file")
    if line not in text.code:
        raise NothingToExplainError(
            f"line {line + 1} holds no code (blank lines, comments and docstrings are not scored); "
            "name a line with code"
        )
    found = []
    for each in document_inputs(syntax, [line], tokenizer):
        _, member = line_members(syntax.lines, [line], each.starts, each.ends)
        if len(member):
            places = each.scored.start + np.flatnonzero(member[0])
            starts, ends = _offsets(syntax, each, tokenizer)
            found.append(
                LineInput(
                    syntax.lines,
                    line,
                    each.unit.name,
                    each.ids,
                    starts,
                    ends,
                    int(places[0]),
                    int(places[-1]) + 1,
                )
            )
    if not found:
        raise NothingToExplainError(f"nothing of line {line + 1} is read by the model")
    return tuple(found)


def require_line(text: str, line: int, container: str) -> None:
    """Refuse a 0-based line that a text has not; ``container`` is what the text is: a file, a cell.

    Raises
    ------
    NothingToExplainError
        If there is no such line.
    """
    count = count_lines(text)
    if not 0 <= line < count:
        lines = f"{count} line{'' if count == 1 else 's'}"
        raise NothingToExplainError(f"there is no line {line + 1}: the {container} has {lines}")


def _offsets(syntax: Syntax, each: ModelInput, tokenizer: Tokenizer) -> tuple[Ints, Ints]:
    """Return the offsets of all tokens of an input: header, overlap, scored."""
    unit = each.unit
    again = (unit.signature,) if each.overlap.shape[1] and unit.signature else ()
    header = _header_offsets(syntax.lines, (*unit.header, *again), tokenizer)[:, -HEADER_TOKENS:]
    starts, ends = np.hstack((header, each.overlap, (each.starts, each.ends)))
    return starts, ends


def _header_offsets(
    lines: LineTable, spans: Sequence[tuple[int, int]], tokenizer: Tokenizer
) -> Ints:
    """Return the (starts, ends) of a header's tokens, as `document_inputs` spells it."""
    raw: list[str] = []
    origins: list[tuple[int, int]] = []
    for start, end in spans:
        raw.extend(lines.text[start:end])
        origins.extend((offset, offset + 1) for offset in range(start, end))
        raw.append("\n")
        line = lines.line_at(end)
        origins.append((end, lines.full_span(line)[1] if end == lines.ends[line] else end))
    if not raw:
        return np.empty((2, 0), np.int64)
    read = [(match.start(), match.end()) for match in _CHARACTER.finditer("".join(raw))]
    tokens = tokenizer.encode(
        "".join("\n" if raw[start] == "\r" else raw[start] for start, _ in read)
    )
    firsts = np.array([origins[start][0] for start, _ in read])
    lasts = np.array([origins[end - 1][1] for _, end in read])
    return np.array((firsts[tokens.starts], lasts[np.maximum(tokens.ends - 1, tokens.starts)]))
