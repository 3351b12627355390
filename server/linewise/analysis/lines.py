r"""Line splitting and positions exactly as the Language Server Protocol defines them.

``str.splitlines`` and ``TextDocument.lines`` split on form feeds, vertical tabs, U+0085, U+2028 …;
the protocol splits on ``\r\n``, ``\n`` and ``\r`` only. A tool that speaks of lines cannot
afford the difference, so nothing else in this package splits text.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from enum import StrEnum

from attrs import field, frozen

_TERMINATOR = re.compile(r"\r\n|\n|\r")
_SURROGATE = re.compile("[\ud800-\udfff]")
BYTE_ORDER_MARK = "\ufeff"
"""What some editors write before a text: no part of it, and to clients a character all the same."""


class PositionEncoding(StrEnum):
    """The unit in which a client counts characters within a line."""

    UTF8 = "utf-8"
    UTF16 = "utf-16"
    UTF32 = "utf-32"


def without_surrogates(text: str) -> str:
    """Return ``text`` with each lone surrogate replaced by U+FFFD; offsets stay the same.

    JSON can carry lone surrogates, but neither UTF-8 nor a tokenizer can.
    """
    return _SURROGATE.sub("\ufffd", text)


def count_lines(text: str) -> int:
    """Return how many lines a text has, as people and git count them.

    A terminator at the very end begins no further line; an empty text has none. Nothing else in
    this package counts lines: limits, messages and calibrations all mean this number.
    """
    terminators = text.count("\n") + text.count("\r") - text.count("\r\n")
    return terminators + (bool(text) and text[-1] not in "\r\n")


def first_lines(text: str, count: int) -> list[str]:
    """Return the first ``count`` lines of a text, or fewer, without their terminators."""
    return _TERMINATOR.split(text, maxsplit=count)[:count]


def units_in(text: str, encoding: PositionEncoding) -> int:
    """Return the length of ``text`` in code units of ``encoding``; lone surrogates count too."""
    if encoding is PositionEncoding.UTF32 or text.isascii():
        return len(text)
    codec = "utf-8" if encoding is PositionEncoding.UTF8 else "utf-16-le"
    width = 1 if encoding is PositionEncoding.UTF8 else 2
    return len(text.encode(codec, "surrogatepass")) // width


def code_points_in(text: str, units: int, encoding: PositionEncoding) -> int:
    """Return how many code points of ``text`` fit in ``units`` code units.

    A position inside a character counts as before it; one past the end clamps to ``len(text)``.
    """
    if units <= 0:
        return 0
    if encoding is PositionEncoding.UTF32 or text.isascii():
        return min(units, len(text))
    used = 0
    for index, character in enumerate(text):
        used += units_in(character, encoding)
        if used > units:
            return index
    return len(text)


@frozen
class LineTable:
    """The lines of one text, split once.

    ``starts`` holds each line's first offset and ``ends`` the offset after its last character,
    terminator excluded; both in code points. There is always at least one line, and a text that
    ends with a terminator has an empty last line, as editors show it.

    ``marked`` says that whoever counts positions has a byte order mark before the text: it stands
    in the first line there, and only there.
    """

    text: str
    marked: bool = field(default=False, kw_only=True)
    starts: tuple[int, ...] = field(init=False, repr=False)
    ends: tuple[int, ...] = field(init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        starts, ends = [0], []
        for match in _TERMINATOR.finditer(self.text):
            ends.append(match.start())
            starts.append(match.end())
        ends.append(len(self.text))
        object.__setattr__(self, "starts", tuple(starts))
        object.__setattr__(self, "ends", tuple(ends))

    def __len__(self) -> int:
        return len(self.starts)

    def content(self, line: int) -> str:
        """Return the text of a 0-based line without its terminator."""
        return self.text[self.starts[line] : self.ends[line]]

    def full_span(self, line: int) -> tuple[int, int]:
        """Return the offsets of a line with its terminator, end exclusive."""
        following = self.starts[line + 1] if line + 1 < len(self) else len(self.text)
        return self.starts[line], following

    def line_at(self, offset: int) -> int:
        """Return the 0-based line an offset lies on; a terminator belongs to the line it ends."""
        return bisect_right(self.starts, offset) - 1

    def position(self, offset: int, encoding: PositionEncoding) -> tuple[int, int]:
        """Return (line, character) of an offset; inside a terminator means the line's end."""
        offset = min(max(offset, 0), len(self.text))
        line = self.line_at(offset)
        before = self.text[self.starts[line] : min(offset, self.ends[line])]
        return line, self._mark(line, encoding) + units_in(before, encoding)

    def offset(self, line: int, character: int, encoding: PositionEncoding) -> int:
        """Return the offset of a client's position, clamped to the line, then to the document."""
        if line < 0:
            return 0
        if line >= len(self):
            return len(self.text)
        character -= self._mark(line, encoding)
        return self.starts[line] + code_points_in(self.content(line), character, encoding)

    def _mark(self, line: int, encoding: PositionEncoding) -> int:
        return units_in(BYTE_ORDER_MARK, encoding) if self.marked and line == 0 else 0
