"""The tree of a text of which some statements do not parse: all others are in it.

Of a statement that does not parse nothing is known but its words. In its place stand statements
that bind the names it seems to bind, and read those it mentions: while somebody types it, nobody
is told that the names it is about are undefined, or unused.
"""

from __future__ import annotations

import ast
import re
import warnings

from attrs import frozen

from linewise.analysis.lines import without_surrogates
from linewise.analysis.problems.layout import (
    BEFORE,
    Layout,
    first_code,
    indent_of,
    is_one_line,
    leading,
    tree_of,
    without_comment,
    word_of,
)
from linewise.analysis.problems.mentions import stand_in
from linewise.analysis.problems.newer import MARK, native, older
from linewise.analysis.problems.problem import LeftOut
from linewise.results import OmissionKind

_CLASS = re.compile(r"\s*class\s+(\w+)")
_CONFLICT = re.compile(r"(?:<{7}|\|{7}|={7}|>{7})(?:\s|$)")
_DEEPEST = 100
"""How many blocks one within the other Python takes."""


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
    tree = tree_of(text)
    if isinstance(tree, ast.Module):
        return Parsed(tree)
    clean = without_surrogates(text).removeprefix("\ufeff").replace("\r\n", "\n")
    clean = clean.replace("\r", "\n")
    # No parser takes it, and no string may hide it: a sign that is none of Python's.
    clean = clean.replace("\0", "$")
    rewritten = older(clean)
    tree = tree_of(rewritten)
    if isinstance(tree, ast.Module):
        if rewritten != clean:
            native(tree)
        return Parsed(tree)
    return _Salvage(clean.split("\n")).module()


class _Salvage:
    """Goes through the statements of a text that does not parse, block by block.

    A statement that parses is taken as it is; of one that does not, the blocks are gone through,
    and what has none is left out.
    """

    def __init__(self, lines: list[str]) -> None:
        self._lines = lines
        self._out = list(lines)
        self._indents = [indent_of(line) for line in lines]
        self._layout = Layout(lines, self._indents)
        self._left: list[LeftOut] = []
        self._depth = 0

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
        tree = tree_of(text)
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
            words = words if here > indent else leading(self._lines[at])
            at = self._statement(at, stop, indent, words)
        return at

    def _statement(self, at: int, stop: int, indent: int, blank: str) -> int:
        """Keep a statement, or what of it can be; return the line after it."""
        here = self._indents[at]
        assert here is not None  # noqa: S101 - only lines with code begin statements
        head, end = self._layout.extent(at, stop)
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
        if first_code(self._indents, head, end) is None:
            self._leave(at, end, kind, blank)
            return end
        if (
            not self._layout.piece(at, head).lstrip().startswith("@")
            and self._kept(at, head) is None
        ):
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
        word = word_of(self._lines[at])
        before = BEFORE[word] if word == "case" else "if 1:\n" if indented else ""
        reason = tree_of(before + piece)
        if isinstance(reason, ast.Module):
            return None
        rewritten = older(piece)
        if rewritten == piece:
            return reason
        again = tree_of(before + rewritten)
        if not isinstance(again, ast.Module):
            return again
        self._out[at:end] = rewritten.split("\n")
        return None

    def _is_header(self, at: int, head: int) -> OmissionKind | None:
        """Return why lines do not begin a compound statement or a clause, None if they do."""
        piece = "\n".join(self._lines[at:head]).lstrip()
        word = word_of(piece)
        before = BEFORE.get(word, "")
        if word == "case":
            piece = f" {piece}"
        after = "\nfinally: pass" if word == "try" else ""
        body = "\n case _: pass" if word == "match" else "" if is_one_line(piece) else " pass"
        reason: object = None
        for written in dict.fromkeys((piece, older(piece))):
            reason = tree_of(f"{before}{without_comment(written)}{body}{after}")
            if isinstance(reason, ast.Module):
                if written != piece:
                    indent = leading(self._lines[at])
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
            start, head = at, head if at == opening else self._layout.logical(at)
            at = self._layout.end_of_clause(head, end, start)
            reason = self._is_header(start, head)
            inside = first_code(self._indents, head, at)
            if (
                reason is None
                and inside is None
                and not is_one_line(self._layout.piece(start, head))
            ):
                reason = kind if start == opening else OmissionKind.SYNTAX
            elif reason is not None and start == opening:
                named = _CLASS.match(self._lines[start])
                if named is not None and inside is not None:
                    self._leave(start, head, reason, None)
                    self._out[start] = f"{leading(self._lines[start])}class {named[1]}:"
                    reason = None
            if reason is not None and start == opening:
                return reason
            if reason is not None:
                self._leave(start, at, reason, None)
                continue
            handled |= word_of(self._lines[start]) in ("except", "finally")
            if inside is not None:
                self._depth += 1
                self._inner(inside, at)
                self._depth -= 1
        if word_of(self._lines[opening]) == "try" and not handled:
            self._out[opening] = f"{leading(self._lines[opening])}if 1:"
            self._left.append(LeftOut(opening, opening, kind))
        return None

    def _after_decorators(self, at: int, head: int) -> int | None:
        """Return the line of what is decorated; decorators that do not parse are left out."""
        while self._lines[at].lstrip().startswith("@"):
            after = self._layout.logical(at)
            if isinstance(
                tree_of(f"{self._layout.piece(at, after).lstrip()}\ndef f(): pass"), OmissionKind
            ):
                self._leave(at, after, OmissionKind.SYNTAX, None)
            following = first_code(self._indents, after, head)
            if following is None:
                return None
            at = following
        return at

    def _inner(self, at: int, stop: int) -> None:
        """Go through the block that begins at a line."""
        depth, blank = self._indents[at], leading(self._lines[at])
        assert depth is not None  # noqa: S101 - it is a line with code
        while at < stop:
            at = self._block(at, stop, depth)
            if at < stop:
                end = self._layout.extent(at, stop)[1]
                self._leave(at, end, OmissionKind.SYNTAX, blank)
                at = end

    def _leave(self, at: int, end: int, kind: OmissionKind, blank: str | None) -> None:
        """Leave lines out; with an indentation, statements stand in for them."""
        last = max(line for line in range(at, end) if line == at or self._indents[line] is not None)
        self._left.append(LeftOut(at, last, kind))
        self._out[at:end] = [""] * (end - at)
        if blank is None:
            return
        if word_of(self._lines[at]) == "case":
            self._out[at] = f"{blank}case 0: pass"
        else:
            self._out[at] = blank + stand_in(self._layout.piece(at, end))
