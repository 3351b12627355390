"""A lexer of Python that never fails: for texts that no parser takes.

It reads f-strings and t-strings as Python 3.12 does, whatever Python runs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_TOKEN = re.compile(
    r"""[ \t\f\r]*(?:(?P<string>[rbuftRBUFT]{0,2}(?P<quote>\"{3}|'{3}|\"|'))
    |(?P<comment>\#[^\n]*)
    |(?P<joint>\\\n)
    |(?P<newline>\n)
    |(?P<open>[(\[{])
    |(?P<close>[)\]}])
    |(?P<name>[^\W\d]\w*)
    |(?P<number>\d\w*)
    |(?P<sign>[^\s\w]))""",
    re.VERBOSE,
)
_REST = {
    "'": re.compile(r"(?:\\.|[^\\\n'])*'", re.DOTALL),
    '"': re.compile(r'(?:\\.|[^\\\n"])*"', re.DOTALL),
    "'''": re.compile(r"(?:\\.|[^\\])*?'''", re.DOTALL),
    '"""': re.compile(r'(?:\\.|[^\\])*?"""', re.DOTALL),
}
_LINE = re.compile(r"[^\n]*")
_LITERAL = re.compile(r"[^\\{}'\"\n]+")
_CONVERSION = re.compile(r"!\s*\w*\s*")
_DEEPEST = 20
"""How many strings within strings are told apart."""


class Token(NamedTuple):
    """A token of ``text[start:end]``.

    ``kind`` is string, comment, joint (a backslash at a line's end), newline, open, close, name,
    number or sign (one character). Of strings ``closed`` says whether they end, and ``holes`` are
    the spans of the expressions in them.
    """

    kind: str
    start: int
    end: int
    closed: bool = True
    holes: tuple[tuple[int, int], ...] = ()


_JOINED = re.compile(r"(?<!\\)((?:\\\\)*)\\\r\n")


def one_break(text: str) -> str:
    r"""Return a text of the same length in which ``\n`` alone ends lines, as the lexer needs it.

    A backslash that joins a line with the next one stays right before the break.
    """
    joined = _JOINED.sub(r"\1 \\\n", text)
    return joined.replace("\r\n", " \n").replace("\r", "\n")


def tokens(text: str, start: int = 0) -> Iterator[Token]:
    r"""Yield the tokens of a text from an offset on; ``\n`` alone must end its lines."""
    at = start
    while (match := _TOKEN.search(text, at)) is not None:
        token = _string(text, match, 0) if match.lastgroup == "string" else None
        if token is None:
            kind = match.lastgroup or ""
            token = Token(kind, match.start(kind), match.end())
        yield token
        at = token.end


def _string(text: str, match: re.Match[str], depth: int) -> Token:
    quote = match["quote"]
    prefix = match["string"][: -len(quote)].lower()
    start, at = match.start("string"), match.end()
    if depth < _DEEPEST and not {"f", "t"}.isdisjoint(prefix):
        found = _formatted(text, at, quote, raw="r" in prefix, depth=depth)
        if found is not None:
            return Token("string", start, found[0], True, found[1])
    if (rest := _REST[quote].match(text, at)) is not None:
        return Token("string", start, rest.end())
    end = len(text) if len(quote) > 1 else _LINE.match(text, at).end()  # type: ignore[union-attr]
    return Token("string", start, end, False)


_Holes = tuple[tuple[int, int], ...]


def _formatted(
    text: str, at: int, quote: str, *, raw: bool, depth: int
) -> tuple[int, _Holes] | None:
    """Return the end of an f-string and its holes, None if it has none."""
    holes: list[tuple[int, int]] = []
    while at < len(text):
        if (literal := _LITERAL.match(text, at)) is not None:
            at = literal.end()
        elif text.startswith(quote, at):
            return at + len(quote), tuple(holes)
        elif text.startswith("\\N{", at) and not raw:
            at = text.find("}", at) + 1 or len(text)
        elif text[at] == "\\":
            # A backslash lets a brace be one, and takes away what any other character means.
            at += 1 if text[at + 1 : at + 2] in ("{", "}") else 2
        elif text.startswith(("{{", "}}"), at):
            at += 2
        elif text[at] == "{":
            hole = _hole(text, at + 1, quote, depth)
            if hole is None:
                return None
            at = hole[0]
            holes += hole[1]
        elif text[at] == "\n" and len(quote) == 1:
            return None
        else:
            at += 1
    return None


def _hole(
    text: str, start: int, quote: str, depth: int
) -> tuple[int, list[tuple[int, int]]] | None:
    """Return the offset after a replacement field, and the spans of the expressions in it."""
    end = _end_of_expression(text, start, depth)
    if depth >= _DEEPEST or end is None or start == end:
        return None
    holes = [(start, _without_equals(text, start, end))]
    at = end
    if (conversion := _CONVERSION.match(text, at)) is not None:
        at = conversion.end()
    if text.startswith(":", at):
        at += 1
        while at < len(text) and text[at] != "}":
            inner = _hole(text, at + 1, quote, depth + 1) if text[at] == "{" else (at + 1, [])
            if inner is None or text.startswith((quote, "\n" if len(quote) == 1 else quote), at):
                return None
            at = inner[0]
            holes += inner[1]
    return (at + 1, holes) if text.startswith("}", at) else None


def _end_of_expression(text: str, start: int, depth: int) -> int | None:
    """Return where the expression of a replacement field ends, None if it does not."""
    at, level = start, 0
    while (match := _TOKEN.search(text, at)) is not None:
        kind = match.lastgroup or ""
        sign = match[kind]
        if kind == "string":
            token = _string(text, match, depth + 1)
            if not token.closed:
                return None
            at = token.end
            continue
        if level == 0 and (
            sign in ("}", ":") or (sign == "!" and not text.startswith("=", match.end()))
        ):
            return match.start(kind)
        level += (kind == "open") - (kind == "close")
        at = match.end()
    return None


def _without_equals(text: str, start: int, end: int) -> int:
    """Return where the expression of ``{x = }`` ends."""
    kept = text[start:end].rstrip()
    if kept.endswith("=") and not kept.endswith(("==", "!=", "<=", ">=")):
        return start + len(kept) - 1
    return end
