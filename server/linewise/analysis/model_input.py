"""The one function that builds what the target model reads: (document, unit) → token ids.

Training, evaluation, the server and the command line all call `build_inputs`; what a probe saw in
training is what it sees in the editor. Changing anything here that changes ids means a new
`INPUT_BUILDER_VERSION`, and probes trained on another version are refused by name.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Protocol

import numpy as np
import numpy.typing as npt
from attrs import field, frozen

from linewise.analysis.lines import LineTable
from linewise.analysis.syntax import Syntax
from linewise.analysis.units import Unit, find_units

INPUT_BUILDER_VERSION = 1
WINDOW_TOKENS = 512
HEADER_TOKENS = 192
OVERLAP_TOKENS = 64
LINE_CHARS = 1_000
"""What the model sees of one line: data blobs on a single line must not cost minutes."""

Ints = npt.NDArray[np.integer]


class Encoding(Protocol):
    """Token ids with each token's code-point offsets (end exclusive) in the encoded text."""

    @property
    def ids(self) -> Ints: ...  # noqa: D102
    @property
    def starts(self) -> Ints: ...  # noqa: D102
    @property
    def ends(self) -> Ints: ...  # noqa: D102


class Tokenizer(Protocol):
    """Whatever turns text to tokens; a `TargetModel` is one."""

    def encode(self, text: str) -> Encoding: ...  # noqa: D102


@frozen(eq=False)
class ModelInput:
    """One forward pass: ``ids`` of shape (T,), of which the last ``len(starts)`` are scored.

    ``starts`` and ``ends`` are the scored tokens' offsets in the document, in code points. The
    tokens before them only inform: the header, and ``overlap``, offsets (2, O) of the O tokens that
    the window before ends with; they stand right before the scored ones.
    """

    unit: Unit
    ids: npt.NDArray[np.int64]
    starts: npt.NDArray[np.int64]
    ends: npt.NDArray[np.int64]
    overlap: npt.NDArray[np.int64] = field(factory=lambda: np.empty((2, 0), np.int64))

    @property
    def scored(self) -> slice:
        """The positions of the scored tokens among ``ids``."""
        return slice(len(self.ids) - len(self.starts), len(self.ids))


@frozen(eq=False)
class _Text:
    r"""Lines joined by ``\n`` for the model, with the way back to the document's offsets."""

    text: str
    _starts: list[int] = field(repr=False)
    _origins: list[int] = field(repr=False)

    @classmethod
    def of_lines(cls, lines: LineTable, first: int, last: int) -> _Text:
        starts, origins, pieces, used = [], [], [], 0
        for line in range(first, last + 1):
            content = lines.content(line)[:LINE_CHARS]
            starts.append(used)
            origins.append(lines.starts[line])
            pieces.append(content)
            used += len(content) + 1
        # The last newline tells the model that the unit ends here.
        return cls("".join(piece + "\n" for piece in pieces), starts, origins)

    def to_document(self, offsets: Ints) -> npt.NDArray[np.int64]:
        starts, origins = np.asarray(self._starts), np.asarray(self._origins)
        lines = np.searchsorted(starts, offsets, side="right") - 1
        return np.asarray(origins[lines] + (offsets - starts[lines]), np.int64)


def cut_lines(lines: LineTable, wanted: Sequence[int]) -> list[int]:
    """Return those of the ``wanted`` lines of which the model reads no more than the beginning."""
    return [line for line in wanted if lines.ends[line] - lines.starts[line] > LINE_CHARS]


def document_inputs(
    syntax: Syntax, wanted: Sequence[int], tokenizer: Tokenizer
) -> list[ModelInput]:
    """Return the forward passes that score the ``wanted`` lines of a document, in order.

    ``wanted`` are 0-based and ascending. Units and windows without a wanted line have nothing to
    score and cost nothing.
    """
    flags = np.zeros(len(syntax.lines) + 1, int)
    flags[np.asarray(wanted, int) + 1] = 1
    before = np.cumsum(flags)
    return [
        each
        for unit in find_units(syntax)
        if before[unit.last_line + 1] > before[unit.first_line]
        for each in build_inputs(syntax.lines, unit, tokenizer)
        if before[_last_line(syntax.lines, each) + 1] > before[_first_line(syntax.lines, each)]
    ]


def _first_line(lines: LineTable, each: ModelInput) -> int:
    return lines.line_at(int(each.starts[0]))


def _last_line(lines: LineTable, each: ModelInput) -> int:
    return lines.line_at(max(int(each.starts[0]), int(each.ends[-1]) - 1))


def build_inputs(lines: LineTable, unit: Unit, tokenizer: Tokenizer) -> Iterator[ModelInput]:
    """Yield the forward passes that score a unit: one, or several windows with overlap.

    Each of the unit's tokens is scored in exactly one window, the one that shows it the most of
    what stands before. Later windows repeat the unit's signature after the header.
    """
    body = _Text.of_lines(lines, unit.first_line, unit.last_line)
    tokens = tokenizer.encode(body.text)
    if not len(tokens.ids):
        return
    token_ids = np.asarray(tokens.ids, np.int64)
    starts = body.to_document(tokens.starts)
    # An end is the offset after the last character: map that character, then step past it.
    ends = body.to_document(np.maximum(tokens.ends - 1, tokens.starts)) + 1
    header = _header_ids(lines, unit.header, tokenizer)
    first_room = WINDOW_TOKENS - len(header)
    if len(tokens.ids) <= first_room:
        yield ModelInput(unit, np.concatenate((header, token_ids)), starts, ends)
        return
    again = (*unit.header, unit.signature) if unit.signature else unit.header
    later_header = _header_ids(lines, again, tokenizer)
    later_room = WINDOW_TOKENS - len(later_header) - OVERLAP_TOKENS
    cuts = _window_cuts(body.text, tokens, first_room, later_room)
    for begin, end in pairwise(cuts):
        shown = max(0, begin - OVERLAP_TOKENS)
        before = later_header if begin else header
        ids = np.concatenate((before, token_ids[shown:end]))
        overlap = np.stack((starts[shown:begin], ends[shown:begin]))
        yield ModelInput(unit, ids, starts[begin:end], ends[begin:end], overlap)


def _header_ids(
    lines: LineTable, spans: tuple[tuple[int, int], ...], tokenizer: Tokenizer
) -> npt.NDArray[np.int64]:
    """Encode the header, its pieces on lines of their own; keep its end if it is too long.

    The end is the nearest: the enclosing class rather than the module's docstring.
    """
    if not spans:
        return np.empty(0, np.int64)
    text = "".join(lines.text[start:end] + "\n" for start, end in spans).replace("\r\n", "\n")
    return np.asarray(tokenizer.encode(text.replace("\r", "\n")).ids, np.int64)[-HEADER_TOKENS:]


def _window_cuts(text: str, tokens: Encoding, first_room: int, later_room: int) -> list[int]:
    """Return token indices at which windows begin, and the end; cuts fall on line starts if any.

    Only a line longer than a whole window is cut inside.
    """
    cuts, room, total = [0], first_room, len(tokens.ids)
    newlines = [offset for offset, character in enumerate(text) if character == "\n"]
    line_starts = np.searchsorted(tokens.starts, newlines, side="right").tolist()
    while total - cuts[-1] > room:
        furthest = cuts[-1] + room
        index = bisect_right(line_starts, furthest) - 1
        cut = line_starts[index] if index >= 0 and line_starts[index] > cuts[-1] else furthest
        cuts.append(cut)
        room = later_room
    return [*cuts, total]
