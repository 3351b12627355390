"""The tree of a text of which some statements do not parse: all others are in it.

Of a statement that does not parse nothing is known but its words. In its place stand statements
that bind the names it seems to bind, and read those it mentions: while somebody types it, nobody
is told that the names it is about are undefined, or unused.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Sequence

from attrs import frozen

from linewise.analysis.lexer import tokens
from linewise.analysis.lines import without_surrogates
from linewise.analysis.problems.mentions import stand_in
from linewise.analysis.problems.newer import MARK, native, older
from linewise.analysis.problems.problem import LeftOut
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
_CLASS = re.compile(r"\s*class\s+(\w+)")
_CONFLICT = re.compile(r"(?:<{7}|\|{7}|={7}|>{7})(?:\s|$)")
_DECORATED = re.compile(r"@|(?:async|def|class)\b")
_WORD = re.compile(r"\s*(\w*)")
# What may stand before a piece of code to make it a module.
_BEFORE = {
    "case": "match 0:\n",
    "elif": "if 1: pass\n",
    "else": "if 1: pass\n",
    "except": "try: pass\n",
    "finally": "try: pass\n",
}
_DEEPEST = 100
"""How many blocks one within the other Python takes."""
_LEXED = 5
"""How many lines are read in search of the ends of statements, per line of the text …"""
_FEW = 10
"""… and for each statement when that many were."""
_TOKENS = 500_000
"""How many tokens are read in search of them: the time a long line takes is bounded too."""


@frozen(eq=False)
class Parsed:
    """A module's tree, and what of its text is not in it."""

    tree: ast.Module
    left_out: tuple[LeftOut, ...] = ()


def parse_module(text: str) -> Parsed:
    """Parse a module as far as it can be; whatever Python runs, the same names are bound and read.

    Never fails.
    """
    with warnings.catch_warnings():
        # An invalid escape in somebody's string is nothing the log should hear of.
        warnings.simplefilter("ignore")
        return _parsed(text)


def _parsed(text: str) -> Parsed:
    tree = _tree(text)
    if isinstance(tree, ast.Module):
        return Parsed(tree)
    clean = without_surrogates(text).removeprefix("\ufeff").replace("\r\n", "\n")
    clean = clean.replace("\r", "\n")
    # No parser takes it, and no string may hide it: a sign that is none of Python's.
    clean = clean.replace("\0", "$")
    rewritten = older(clean)
    tree = _tree(rewritten)
    if isinstance(tree, ast.Module):
        if rewritten != clean:
            native(tree)
        return Parsed(tree)
    return _Salvage(clean.split("\n")).module()


def _tree(text: str) -> ast.Module | OmissionKind:
    """Return the tree of a text, or why there is none."""
    try:
        return ast.parse(text)
    except SyntaxError as error:
        return OmissionKind.NESTING if "too many" in str(error.msg) else OmissionKind.SYNTAX
    except ValueError:
        return OmissionKind.SYNTAX
    except (RecursionError, MemoryError):
        return OmissionKind.NESTING


class _Salvage:
    """Goes through the statements of a text that does not parse, block by block.

    A statement that parses is taken as it is; of one that does not, the blocks are gone through,
    and what has none is left out.
    """

    def __init__(self, lines: list[str]) -> None:
        self._lines = lines
        self._out = list(lines)
        self._indents = [_indent(line) for line in lines]
        self._left: list[LeftOut] = []
        self._ends: dict[int, int] = {}
        self._depth = 0
        self._room = _LEXED * len(lines) + 1000
        self._tokens = _TOKENS
        self._text = "\n".join(lines)
        starts = [0]
        for line in lines:
            starts.append(starts[-1] + len(line) + 1)
        self._starts = starts

    def module(self) -> Parsed:
        """Return what could be parsed."""
        if any(line.startswith("<<<<<<< ") for line in self._lines):
            for at, line in enumerate(self._lines):
                if _CONFLICT.match(line):
                    self._left.append(LeftOut(at, at, OmissionKind.SYNTAX))
                    self._lines[at], self._indents[at], self._out[at] = "", None, ""
        statements: list[tuple[int, int]] = []
        at = 0
        while at < len(self._lines):
            if self._indents[at] is None:
                at += 1
                continue
            end = self._statement(at, len(self._lines), 0, "")
            statements.append((at, end))
            at = end
        # All at once takes a fraction of the time; statement by statement shows which one fails.
        tree = self._parsed(0, len(self._lines))
        if not isinstance(tree, ast.Module):
            tree = ast.Module(self._one_by_one(statements), [])
        return Parsed(tree, tuple(sorted(self._left, key=lambda each: each.first)))

    def _one_by_one(self, statements: list[tuple[int, int]]) -> list[ast.stmt]:
        body: list[ast.stmt] = []
        for at, end in statements:
            tree = self._parsed(at, end)
            if not isinstance(tree, ast.Module):
                self._give_up(at, end, tree, "")
                tree = self._parsed(at, end)
            if isinstance(tree, ast.Module):
                ast.increment_lineno(tree, at)
                body += tree.body
        return body

    def _parsed(self, start: int, end: int) -> ast.Module | OmissionKind:
        """Return the tree of what is kept of some lines."""
        text = "\n".join(self._out[start:end])
        tree = _tree(text)
        if isinstance(tree, ast.Module) and MARK in text:
            native(tree)
        return tree

    def _block(self, at: int, stop: int, indent: int) -> int:
        """Go through the statements of a block; return the line that ends it."""
        words = ""
        while at < stop:
            here = self._indents[at]
            if here is None:
                at += 1
                continue
            if here < indent:
                break
            words = words if here > indent else _leading(self._lines[at])
            at = self._statement(at, stop, indent, words)
        return at

    def _statement(self, at: int, stop: int, indent: int, blank: str) -> int:
        """Keep a statement, or what of it can be; return the line after it."""
        here = self._indents[at]
        assert here is not None  # noqa: S101 - only lines with code begin statements
        head, end = self._extent(at, stop)
        if self._depth > _DEEPEST:
            self._leave(at, end, OmissionKind.NESTING, blank)
            return end
        if here > indent:
            # Not even Python knows what it belongs to.
            self._leave(at, end, OmissionKind.SYNTAX, blank)
            return end
        kind = self._kept(at, end)
        if kind is None:
            return end
        if _first_code(self._indents, head, end) is None:
            self._leave(at, end, kind, blank)
            return end
        if not self._piece(at, head).lstrip().startswith("@") and self._kept(at, head) is None:
            # What is indented below it belongs to nothing.
            return head
        before = len(self._left)
        reason = self._compound(at, head, end, kind)
        if reason is None and len(self._left) > before:
            reason = self._kept(at, end)
        elif reason is None:
            reason = kind
        if reason is not None:
            del self._left[before:]
            self._give_up(at, end, reason, blank)
        return end

    def _give_up(self, at: int, end: int, kind: OmissionKind, blank: str) -> None:
        self._left = [each for each in self._left if not at <= each.first < end]
        self._leave(at, end, kind, blank)

    def _kept(self, at: int, end: int) -> OmissionKind | None:
        """Return why some lines are no statement, None if they are one."""
        piece = "\n".join(self._out[at:end])
        indented = bool(self._indents[at])
        word = _word(self._lines[at])
        before = _BEFORE[word] if word == "case" else "if 1:\n" if indented else ""
        reason = _tree(before + piece)
        if isinstance(reason, ast.Module):
            return None
        rewritten = older(piece)
        if rewritten == piece:
            return reason
        again = _tree(before + rewritten)
        if not isinstance(again, ast.Module):
            return again
        self._out[at:end] = rewritten.split("\n")
        return None

    def _is_header(self, at: int, head: int) -> OmissionKind | None:
        """Return why lines do not begin a compound statement or a clause, None if they do."""
        piece = "\n".join(self._lines[at:head]).lstrip()
        word = _word(piece)
        before = _BEFORE.get(word, "")
        if word == "case":
            piece = f" {piece}"
        after = "\nfinally: pass" if word == "try" else ""
        body = "\n case _: pass" if word == "match" else "" if _one_line(piece) else " pass"
        reason: object = None
        for written in dict.fromkeys((piece, older(piece))):
            reason = _tree(f"{before}{_closed(written)}{body}{after}")
            if isinstance(reason, ast.Module):
                if written != piece:
                    indent = _leading(self._lines[at])
                    self._out[at:head] = (indent + written.lstrip()).split("\n")
                return None
        assert isinstance(reason, OmissionKind)  # noqa: S101 - there was at least one try
        return reason

    def _compound(self, at: int, head: int, end: int, kind: OmissionKind) -> OmissionKind | None:
        """Keep what can be of a compound statement; return why nothing can, None if something."""
        opening = self._after_decorators(at, head)
        if opening is None:
            return kind
        handled = False
        at = opening
        while at < end:
            start, head = at, head if at == opening else self._logical(at)
            at = self._end_of_clause(head, end, start)
            reason = self._is_header(start, head)
            inside = _first_code(self._indents, head, at)
            if reason is None and inside is None and not _one_line(self._piece(start, head)):
                reason = kind if start == opening else OmissionKind.SYNTAX
            elif reason is not None and start == opening:
                named = _CLASS.match(self._lines[start])
                if named is not None and inside is not None:
                    self._leave(start, head, reason, None)
                    self._out[start] = f"{_leading(self._lines[start])}class {named[1]}:"
                    reason = None
            if reason is not None and start == opening:
                return reason
            if reason is not None:
                self._leave(start, at, reason, None)
                continue
            handled |= _word(self._lines[start]) in ("except", "finally")
            if inside is not None:
                self._depth += 1
                self._inner(inside, at)
                self._depth -= 1
        if _word(self._lines[opening]) == "try" and not handled:
            self._out[opening] = f"{_leading(self._lines[opening])}if 1:"
            self._left.append(LeftOut(opening, opening, kind))
        return None

    def _after_decorators(self, at: int, head: int) -> int | None:
        """Return the line of what is decorated; decorators that do not parse are left out."""
        while self._lines[at].lstrip().startswith("@"):
            after = self._logical(at)
            if isinstance(_tree(f"{self._piece(at, after).lstrip()}\ndef f(): pass"), OmissionKind):
                self._leave(at, after, OmissionKind.SYNTAX, None)
            following = _first_code(self._indents, after, head)
            if following is None:
                return None
            at = following
        return at

    def _inner(self, at: int, stop: int) -> None:
        """Go through the block that begins at a line."""
        depth, blank = self._indents[at], _leading(self._lines[at])
        assert depth is not None  # noqa: S101 - it is a line with code
        while at < stop:
            at = self._block(at, stop, depth)
            if at < stop:
                end = self._extent(at, stop)[1]
                self._leave(at, end, OmissionKind.SYNTAX, blank)
                at = end

    def _leave(self, at: int, end: int, kind: OmissionKind, blank: str | None) -> None:
        """Leave lines out; with an indentation, statements stand in for them."""
        last = max(line for line in range(at, end) if line == at or self._indents[line] is not None)
        self._left.append(LeftOut(at, last, kind))
        self._out[at:end] = [""] * (end - at)
        if blank is None:
            return
        if _word(self._lines[at]) == "case":
            self._out[at] = f"{blank}case 0: pass"
        else:
            self._out[at] = blank + stand_in(self._piece(at, end))

    def _piece(self, at: int, end: int) -> str:
        return "\n".join(self._lines[at:end])

    def _end_of_clause(self, head: int, end: int, start: int) -> int:
        """Return the line after the block of a clause that begins at a line."""
        at, own = head, self._indents[start] or 0
        while at < end:
            here = self._indents[at]
            if here is not None and here <= own and not self._closes(at):
                return at
            at = at + 1 if here is None else self._logical(at)
        return end

    def _extent(self, at: int, stop: int) -> tuple[int, int]:
        """Return the line after a statement's first logical line, and that after all of it."""
        own = self._indents[at] or 0
        head = self._logical(at)
        line = at
        while self._lines[line].lstrip().startswith("@"):
            following = _first_code(self._indents, head, stop)
            if following is None or not self._decorated(following, own):
                break
            line, head = following, self._logical(following)
        end = place = head
        while place < stop:
            here = self._indents[place]
            if here is None:
                place += 1
                continue
            clause = here == own and _CLAUSE.match(self._lines[place].lstrip())
            if here <= own and not clause and not self._closes(place):
                break
            place = end = self._logical(place)
        return min(head, stop), min(end, stop)

    def _decorated(self, line: int, indent: int) -> bool:
        """Tell whether a decorator that is indented as far may be followed by a line."""
        may = _DECORATED.match(self._lines[line].lstrip()) is not None
        return may and self._indents[line] == indent

    def _closes(self, line: int) -> bool:
        return self._lines[line].lstrip()[:1] in (")", "]", "}")

    def _logical(self, at: int) -> int:
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
        if odd and (after := _first_code(self._indents, end, len(self._lines))) is not None:
            pieces.append((after, self._lexed(after, trusting=True)))
        for first, last in pieces:
            piece = self._piece(first, last).lstrip()
            body = "" if _one_line(piece) else " pass"
            before = _BEFORE.get(_word(piece), "")
            after_it = "\ndef f(): pass" if piece.startswith("@") else ""
            if isinstance(_tree(f"{before}{piece}{body}{after_it}"), OmissionKind):
                return True
        return False


def _indent(line: str) -> int | None:
    """Return how far a line is indented, None if it holds no code."""
    bare = line.lstrip(" \t\f")
    if not bare.strip() or bare.startswith("#"):
        return None
    before = line[: len(line) - len(bare)].rpartition("\f")[2]
    return len(before.expandtabs(8))


def _leading(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


def _word(line: str) -> str:
    found = _WORD.match(line)
    return found[1] if found else ""


def _first_code(indents: Sequence[int | None], start: int, end: int) -> int | None:
    return next((line for line in range(start, end) if indents[line] is not None), None)


def _closed(header: str) -> str:
    """Return a header without a comment behind its colon, which would take in what follows."""
    comments = [each for each in tokens(header) if each.kind == "comment"]
    last = comments[-1] if comments else None
    return header[: last.start] if last is not None and last.end == len(header) else header


def _one_line(header: str) -> bool:
    """Tell whether a clause has its statements on the line of its colon."""
    return not _closed(header).rstrip().endswith(":")
