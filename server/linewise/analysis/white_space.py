r"""What lines say but for white space: the one notion by which they are recognized again.

White space that formatters add and take away does not count: around a line, and between tokens.
It counts in strings, and where tokens would become others without it (``not x``, ``1 .real``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_TOKENS = re.compile(
    r"""
    (?P<string>
        '''(?:[^\\]|\\.)*?'''
      | \"""(?:[^\\]|\\.)*?\"""
      | (?:'''|\""")[^\n]*              # never closed, or further down than the text goes
      | '(?:[^'\\\n]|\\(?:.|\Z))*(?:'|(?<=\\)\Z)
      | "(?:[^"\\\n]|\\(?:.|\Z))*(?:"|(?<=\\)\Z)
    )
  | (?P<comment>\#[^\n]*)
  | (?P<blank>[^\S\n]+)
  | \\.                                 # so that a quote behind it begins nothing
    """,
    re.VERBOSE | re.DOTALL,
)
_BLANKS = re.compile(r"\s+")
_STRING_PREFIX = re.compile(r"(?:^|\W)[rbfut]{1,2}\Z", re.IGNORECASE)
_NUMBER = re.compile(r"(?<!\w)[0-9]\w*\Z")
_LONGEST_NUMBER = 40
_TWO_TOKENS = re.compile(r"[-+*/%@&|^<>=!:]=|\*\*|//|<<|>>|->")
"""Pairs of characters that are another token when nothing stands between them."""


def squeezed_lines(lines: Iterable[str]) -> list[str]:
    """Return the lines of a text without the white space that does not count.

    A string may go on over several of them. One that is never closed ends with its line: what
    follows says the same while somebody types it.
    """
    whole = _TOKENS.sub(_squeezed_token, "\n".join(lines))
    return [line.strip() for line in whole.split("\n")]


def squeezed(line: str) -> str:
    """Return a line without the white space that does not count, if nothing else is known."""
    return squeezed_lines((line,))[0]


def _squeezed_token(match: re.Match[str]) -> str:
    match match.lastgroup:
        case "blank":
            return _blank(match)
        case "comment":
            return _BLANKS.sub(_between_words, match[0])
    return match[0]


def _between_words(match: re.Match[str]) -> str:
    before, after = _around(match)
    return " " if _in_word(before) and _in_word(after) else ""


def _blank(match: re.Match[str]) -> str:
    """Return what is left of white space between two tokens."""
    before, after = _around(match)
    text, start = match.string, match.start()
    if not _in_word(before):
        return " " if _TWO_TOKENS.fullmatch(before + after) else ""
    if after in ("'", '"'):
        apart = _STRING_PREFIX.search(text[max(0, start - 3) : start]) is not None
    elif after == ".":
        apart = _NUMBER.search(text[max(0, start - _LONGEST_NUMBER) : start]) is not None
    else:
        apart = _in_word(after)
    return " " if apart else ""


def _around(match: re.Match[str]) -> tuple[str, str]:
    text, start, end = match.string, match.start(), match.end()
    return text[max(0, start - 1) : start], text[end : end + 1]


def _in_word(character: str) -> bool:
    return character.isalnum() or character == "_"
