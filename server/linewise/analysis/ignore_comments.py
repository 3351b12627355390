"""Comments by which code says that Linewise should leave it alone, and how they are written.

``# linewise: ignore`` ignores its line, or the next line of code if it stands alone;
``# linewise: ignore-function`` the outermost function or method around it, and
``# linewise: ignore-file`` the file. Several are separated by commas.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from enum import StrEnum

from attrs import frozen

from linewise.analysis.code_lines import code_lines
from linewise.analysis.lines import LineTable
from linewise.analysis.syntax import Syntax, parse
from linewise.analysis.units import Unit, UnitKind, find_units


class Scope(StrEnum):
    """How much a comment ignores."""

    LINE = "line"
    FUNCTION = "function"
    FILE = "file"


@frozen
class Edit:
    """A replacement of the code points from ``start`` to ``end`` (exclusive)."""

    start: int
    end: int
    text: str


WORDS = {Scope.LINE: "ignore", Scope.FUNCTION: "ignore-function", Scope.FILE: "ignore-file"}
_SCOPES = {word: scope for scope, word in WORDS.items()}
_WORD = r"ignore(?:-function|-file)?"
_DIRECTIVE = re.compile(rf"#\s*linewise:\s*({_WORD}(?:\s*,\s*{_WORD})*)(?![\w-])")
_DECLARATION = re.compile(r"^\ufeff?#(?:!|.*?coding[:=])")
_FUNCTIONS = (UnitKind.FUNCTION, UnitKind.METHOD)


@frozen
class _Comment:
    """A comment: its span in code points, its 0-based line, whether nothing stands before it."""

    start: int
    end: int
    line: int
    alone: bool
    scopes: tuple[Scope, ...]


def ignored_lines(text: str) -> frozenset[int]:
    """Return the 0-based lines that comments ignore."""
    if "linewise:" not in text:
        return frozenset()
    syntax = parse(text)
    code = code_lines(syntax)
    ignored: set[int] = set()
    for comment in _comments(syntax):
        if Scope.FILE in comment.scopes:
            return frozenset(range(len(syntax.lines)))
        if Scope.FUNCTION in comment.scopes and (unit := _function(syntax, comment.line)):
            ignored.update(range(unit.first_line, unit.last_line + 1))
        if Scope.LINE in comment.scopes:
            ignored.update(_next(code, comment.line) if comment.alone else [comment.line])
    return frozenset(ignored)


def ignore_edit(syntax: Syntax, line: int, scope: Scope) -> Edit | None:
    """Return the edit that makes comments ignore a 0-based line of code, at the scope asked for.

    A comment that is there already is extended. None where no comment can stand (in a string of
    several lines, before a line that a backslash continues) or where nothing would change.
    """
    if scope is Scope.FILE:
        return _file_edit(syntax)
    if scope is Scope.FUNCTION:
        unit = _function(syntax, line)
        if unit is None or unit.signature is None:
            return None
        line = syntax.lines.line_at(unit.signature[0])
    comment = next((each for each in _comments(syntax) if each.line == line), None)
    if comment is not None:
        return _extended(syntax.lines, comment, scope)
    if not _ends_in_code(syntax, line):
        return None
    end = syntax.lines.starts[line] + len(syntax.lines.content(line).rstrip())
    return Edit(end, syntax.lines.ends[line], f"  # linewise: {WORDS[scope]}")


def function_at(syntax: Syntax, line: int) -> str | None:
    """Return the qualified name of the outermost function or method around a 0-based line."""
    unit = _function(syntax, line)
    return unit.name if unit is not None else None


def _comments(syntax: Syntax) -> Iterator[_Comment]:
    for node in syntax.captures("(comment) @comment").get("comment", ()):
        start, end = syntax.span(node)
        line = syntax.lines.line_at(start)
        # tree-sitter ends a comment before the line break; a lone return belongs to the break.
        end = min(end, syntax.lines.ends[line])
        found = _DIRECTIVE.search(syntax.lines.text[start:end])
        words = re.split(r"\s*,\s*", found.group(1)) if found else []
        alone = not syntax.lines.text[syntax.lines.starts[line] : start].strip()
        yield _Comment(start, end, line, alone, tuple(_SCOPES[word] for word in words))


def _next(code: Sequence[int], line: int) -> Sequence[int]:
    following = bisect_right(code, line)
    return code[following : following + 1]


def _function(syntax: Syntax, line: int) -> Unit | None:
    for unit in find_units(syntax):
        if unit.first_line <= line <= unit.last_line:
            return unit if unit.kind in _FUNCTIONS else None
    return None


def _extended(table: LineTable, comment: _Comment, scope: Scope) -> Edit | None:
    text = table.text[comment.start : comment.end]
    found = _DIRECTIVE.search(text)
    if found is None:
        words = f"{text.rstrip()}  # linewise: {WORDS[scope]}"
        return Edit(comment.start, comment.end, words)
    if scope in comment.scopes:
        return None
    first, last = (comment.start + at for at in found.span(1))
    return Edit(first, last, f"{found.group(1)}, {WORDS[scope]}")


def _file_edit(syntax: Syntax) -> Edit | None:
    """Put the comment on a line of its own below those that must come first, or into one there."""
    lines = syntax.lines
    first = 0
    while first < min(2, len(lines)) and _DECLARATION.match(lines.content(first)):
        first += 1
    code = code_lines(syntax)
    head = code[0] if code else len(lines)
    for comment in _comments(syntax):
        if comment.alone and comment.scopes and comment.line < head:
            return _extended(lines, comment, Scope.FILE)
    newline = lines.text[lines.ends[0] : lines.starts[1]] if len(lines) > 1 else "\n"
    if first >= len(lines):
        return Edit(len(lines.text), len(lines.text), f"{newline}# linewise: ignore-file")
    at = lines.starts[first] + lines.content(first).startswith("\ufeff")
    return Edit(at, at, f"# linewise: ignore-file{newline}")


def _ends_in_code(syntax: Syntax, line: int) -> bool:
    """Whether a comment may follow on a line: its end is in no string and not continued."""
    content = syntax.lines.content(line)
    if content.rstrip("\r\n").endswith("\\"):
        return False
    end = syntax.lines.ends[line]
    strings = map(syntax.span, syntax.captures("(string) @string").get("string", ()))
    return not any(start < end < stop for start, stop in strings)
