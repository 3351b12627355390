"""Where the statements of a text begin and end, whether or not they parse."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from itertools import accumulate

from linewise.analysis.lexer import tokens
from linewise.results import OmissionKind

_CLAUSE = re.compile(r"(?:elif|else|except|finally)\b")
# What no expression holds: brackets around it were never closed.
_STATEMENT = re.compile(
    r"[ \t]*(?:(?:async[ ]+)?def[ ]+\w|class[ ]+\w+[ ]*[(:]|import[ ]+\w|from[ ]+\S+[ ]+import\b"
    r"|(?:return|raise|assert|del|global|nonlocal|with|while|try|except|finally|elif|pass|break"
    r"|continue)\b|@\w)"
)
# The same, as far as it is hardly found in prose.
_CODE = re.compile(
    r"[ \t]*(?:(?:async[ ]+)?def[ ]+\w+[ ]*\(|class[ ]+\w+[ ]*[(:]|import[ ]+\w+$"
    r"|from[ ]+\S+[ ]+import\b|return\b[^.]*$|\w+[ ]*=[ ]*[^=]|@\w|[\w.]+\(.*\)\s*$"
    r"|(?:if|elif|for|while|with|else|try|finally)\b.*:\s*$)"
)
_DECORATED = re.compile(r"@|(?:async|def|class)\b")
_WORD = re.compile(r"\s*(\w*)")
# What may stand before a piece of code to make it a module.
BEFORE = {
    "case": "match 0:\n",
    "elif": "if 1: pass\n",
    "else": "if 1: pass\n",
    "except": "try: pass\n",
    "finally": "try: pass\n",
}
_LEXED = 5
"""How many lines are read in search of the ends of statements, per line of the text …"""
_FEW = 10
"""… and for each statement when that many were."""
_TOKENS = 500_000
"""How many tokens are read in search of them: the time a long line takes is bounded too."""


class Layout:
    """The statements of a text by lines: how far each reaches, by brackets, strings, indentation.

    ``indents`` are those of the ``lines``, None where there is no code. A statement that has no end
    is as long as its first line.
    """

    def __init__(self, lines: Sequence[str], indents: Sequence[int | None]) -> None:
        self._lines = lines
        self._indents = indents
        self._text = "\n".join(lines)
        self._starts = list(accumulate((len(line) + 1 for line in lines), initial=0))
        self._ends: dict[int, int] = {}
        self._room = _LEXED * len(lines) + 1000
        self._tokens = _TOKENS

    def piece(self, at: int, end: int) -> str:
        """Return some lines as text."""
        return "\n".join(self._lines[at:end])

    def end_of_clause(self, head: int, end: int, start: int) -> int:
        """Return the line after the block of a clause that begins at a line."""
        at, own = head, self._indents[start] or 0
        while at < end:
            here = self._indents[at]
            if here is not None and here <= own and not self._closes(at):
                return at
            at = at + 1 if here is None else self.logical(at)
        return end

    def extent(self, at: int, stop: int) -> tuple[int, int]:
        """Return the line after a statement's first logical line, and that after all of it."""
        own = self._indents[at] or 0
        head = self.logical(at)
        line = at
        while self._lines[line].lstrip().startswith("@"):
            following = first_code(self._indents, head, stop)
            if following is None or not self._decorated(following, own):
                break
            line, head = following, self.logical(following)
        end = place = head
        while place < stop:
            here = self._indents[place]
            if here is None:
                place += 1
                continue
            clause = here == own and _CLAUSE.match(self._lines[place].lstrip())
            if here <= own and not clause and not self._closes(place):
                break
            place = end = self.logical(place)
        return min(head, stop), min(end, stop)

    def _decorated(self, line: int, indent: int) -> bool:
        """Tell whether a decorator that is indented as far may be followed by a line."""
        may = _DECORATED.match(self._lines[line].lstrip()) is not None
        return may and self._indents[line] == indent

    def _closes(self, line: int) -> bool:
        return self._lines[line].lstrip()[:1] in (")", "]", "}")

    def logical(self, at: int) -> int:
        """Return the line after a logical line; one that has no end is as long as its first."""
        if at not in self._ends:
            self._ends[at] = self._lexed(at)
        return self._ends[at]

    def _lexed(self, at: int, *, trusting: bool = False) -> int:
        """Find the line after a logical line; ``trusting`` every string to end where it does."""
        level, line = 0, at
        for token in tokens(self._text, self._starts[at]):
            self._tokens -= 1
            if self._tokens < 0:
                return at + 1
            if token.kind == "newline":
                line += 1
                self._room -= 1
                # Whoever leaves every bracket open is not given all the time there is.
                if level <= 0 or (self._room < 0 and line > at + _FEW):
                    return line if level <= 0 else at + 1
                if line < len(self._lines) and _STATEMENT.match(self._lines[line]):
                    return at + 1
            elif token.kind == "joint":
                line += 1
            elif token.kind == "string":
                if not token.closed:
                    rest = self._lines[line + 1 :] if token.end == len(self._text) else [""]
                    prose = any(rest) and not any(map(_CODE.match, rest))
                    return len(self._lines) if prose else at + 1
                more = self._text.count("\n", token.start, token.end)
                inside = self._lines[line + 1 : line + more]
                if more and not trusting and any(map(_CODE.match, inside)):
                    if self._swallows(at):
                        return at + 1
                    trusting = True
                line += more
                self._room -= more
            elif token.kind in ("open", "close"):
                level += 1 if token.kind == "open" else -1
        return len(self._lines) if level <= 0 else at + 1

    def _swallows(self, at: int) -> bool:
        """Tell whether a string in a logical line ends where another was meant to begin.

        Then what is behind it is no code, and what is left of the line often is none either.
        """
        end = self._lexed(at, trusting=True)
        pieces = [(at, end)]
        odd = any(self._text.count(quote) % 2 for quote in ('"""', "'''"))
        if odd and (after := first_code(self._indents, end, len(self._lines))) is not None:
            pieces.append((after, self._lexed(after, trusting=True)))
        for first, last in pieces:
            piece = self.piece(first, last).lstrip()
            body = "" if is_one_line(piece) else " pass"
            before = BEFORE.get(word_of(piece), "")
            after_it = "\ndef f(): pass" if piece.startswith("@") else ""
            if isinstance(tree_of(f"{before}{piece}{body}{after_it}"), OmissionKind):
                return True
        return False


def tree_of(text: str) -> ast.Module | OmissionKind:
    """Return the tree of a text, or why there is none."""
    try:
        return ast.parse(text)
    except SyntaxError as error:
        return OmissionKind.NESTING if "too many" in str(error.msg) else OmissionKind.SYNTAX
    except ValueError:
        return OmissionKind.SYNTAX
    except (RecursionError, MemoryError):
        return OmissionKind.NESTING


def indent_of(line: str) -> int | None:
    """Return how far a line is indented, None if it holds no code."""
    bare = line.lstrip(" \t\f")
    if not bare.strip() or bare.startswith("#"):
        return None
    before = line[: len(line) - len(bare)].rpartition("\f")[2]
    return len(before.expandtabs(8))


def leading(line: str) -> str:
    """Return the white space that a line begins with."""
    return line[: len(line) - len(line.lstrip())]


def word_of(line: str) -> str:
    """Return the word that a line begins with, nothing where it begins with something else."""
    found = _WORD.match(line)
    return found[1] if found else ""


def first_code(indents: Sequence[int | None], start: int, end: int) -> int | None:
    """Return the first of some lines that holds code, None if none does."""
    return next((line for line in range(start, end) if indents[line] is not None), None)


def without_comment(header: str) -> str:
    """Return a header without a comment behind its colon, which would take in what follows."""
    comments = [each for each in tokens(header) if each.kind == "comment"]
    last = comments[-1] if comments else None
    return header[: last.start] if last is not None and last.end == len(header) else header


def is_one_line(header: str) -> bool:
    """Tell whether a clause has its statements on the line of its colon."""
    return not without_comment(header).rstrip().endswith(":")
