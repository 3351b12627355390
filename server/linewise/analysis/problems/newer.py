"""Syntax that is newer than the Python that runs, written as older Python would have it.

What is written binds and reads the same names on the same lines. So what is known of a text does
not depend on the Python that Linewise runs on.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from linewise.analysis.lexer import Token, tokens

_VERSION = sys.version_info[:2]
MARK = "__linewise_"
"""What all names begin with that `older` writes."""
_FORMATTED, _GENERIC, _ALIAS = f"{MARK}f__", f"{MARK}generic__", f"{MARK}alias__"
_Edit = tuple[int, int, str]
# Without one of these there is nothing new in a text.
_HINT = re.compile(
    r"""\btype\s+\w|\blazy\s|\bexcept\b[^:\n]*,|\b(?:def|class)\s+\w+\s*\[|[\[({]\s*\*"""
    r"""|\b(?:[fFtT][rR]?|[rR][fFtT])['"]"""
)


class TypeVar(ast.AST):
    """A type parameter; Pyflakes goes by the name of the class, which Python 3.12 has too."""

    _fields = ("name", "bound", "default_value")


class TypeAlias(ast.stmt):
    """``type X = int``; Pyflakes goes by the name of the class, which Python 3.12 has too."""

    _fields = ("name", "value")


def older(text: str, version: tuple[int, int] = _VERSION) -> str:
    r"""Return a text without syntax that came after a version of Python, line by line the same.

    ``\n`` alone must end its lines. `native` makes of its tree what newer Pythons would.
    """
    if _HINT.search(text) is None:
        return text
    found = [each for each in tokens(text) if each.kind != "comment"]
    edits = [*_strings(text, found, version), *_statements(text, found, version)]
    if version < (3, 15):
        edits += _unpacked(text, found)
    pieces: list[str] = []
    at = 0
    for start, end, new in sorted(edits):
        if start >= at:
            pieces += (text[at:start], new)
            at = end
    return "".join((*pieces, text[at:]))


def native(tree: ast.Module) -> None:
    """Turn what `older` wrote into the nodes that newer Pythons have for it."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        for name, value in ast.iter_fields(node):
            if isinstance(value, list):
                value[:] = [_native(each) for each in value]
            elif isinstance(value, ast.AST):
                setattr(node, name, _native(value))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            every = node.args.posonlyargs or node.args.args
            if every and every[0].arg == _GENERIC and every[0].annotation is not None:
                _take_parameters(node, every.pop(0).annotation)
        elif isinstance(node, ast.ClassDef) and node.bases:
            first = node.bases[0]
            if isinstance(first, ast.Call) and _is(first.func, _GENERIC):
                _take_parameters(node, node.bases.pop(0).args[0])  # type: ignore[attr-defined]
        waiting += ast.iter_child_nodes(node)


def _native(node: ast.AST) -> ast.AST:
    new = node
    if isinstance(node, ast.Call) and _is(node.func, _FORMATTED):
        values: list[ast.expr] = [
            ast.copy_location(ast.FormattedValue(each, -1), each) for each in node.args
        ]
        new = ast.copy_location(ast.JoinedStr(values), node)
    elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Lambda):
        arguments = node.value.args
        if arguments.args and arguments.args[0].arg == _ALIAS:
            alias: Any = ast.copy_location(TypeAlias(), node)
            alias.name, alias.value = node.targets[0], node.value.body
            new = alias
            _take_parameters(new, arguments.defaults[0])
    return new


def _is(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _take_parameters(node: ast.AST, given: ast.AST | None) -> None:
    """Give a node its ``type_params``, written as a tuple of tuples: name, then what it reads."""
    assert isinstance(given, ast.Tuple)  # noqa: S101 - `_parameters` wrote it
    node.type_params = []  # type: ignore[attr-defined]
    for each in given.elts:
        assert isinstance(each, ast.Tuple) and isinstance(each.elts[0], ast.Constant)  # noqa: S101, PT018
        read = ast.copy_location(ast.Tuple(each.elts[1:], ast.Load()), each)
        parameter: Any = TypeVar()
        parameter.name, parameter.bound, parameter.default_value = each.elts[0].value, read, None
        node.type_params.append(ast.copy_location(parameter, each))  # type: ignore[attr-defined]


def _strings(text: str, found: Sequence[Token], version: tuple[int, int]) -> Iterator[_Edit]:
    """Write f-strings that only Python 3.12 understands as calls, and t-strings as f-strings."""
    group: list[Token] = []
    for each in (*found, None):
        if each is not None and each.kind in ("newline", "joint") and group:
            continue
        if each is not None and each.kind == "string":
            group.append(each)
            continue
        if any(_is_new(text, one, version) for one in group):
            yield group[0].start, group[-1].end, _called(text, group, version)
        elif version < (3, 14):
            for one in group:
                prefix = _prefix(text, one)
                if "t" in prefix:
                    changed = prefix.replace("t", "f")
                    yield one.start, one.start + len(prefix), changed
        group = []


def _prefix(text: str, token: Token) -> str:
    return text[token.start : token.end].partition("'")[0].partition('"')[0].lower()


def _is_new(text: str, token: Token, version: tuple[int, int]) -> bool:
    if version >= (3, 12) or not token.holes:
        return False
    at = token.start + len(_prefix(text, token))
    quote = text[at : at + 3] if text[at : at + 3] in ("'''", '"""') else text[at]
    barred = (quote, "\\", "#", *("\n",) * (len(quote) == 1))
    return any(sign in text[start:end] for start, end in token.holes for sign in barred)


def _called(text: str, group: Sequence[Token], version: tuple[int, int]) -> str:
    pieces, at = [f"{_FORMATTED}("], group[0].start
    for start, end in (hole for each in group for hole in each.holes):
        if start >= at:
            breaks = "\n" * text.count("\n", at, start)
            # A comment in a hole ends before the hole does.
            pieces.append(f"{breaks}({older(text[start:end], version)}), ")
            at = end
    return "".join((*pieces, "\n" * text.count("\n", at, group[-1].end), ")"))


def _statements(text: str, found: Sequence[Token], version: tuple[int, int]) -> Iterator[_Edit]:
    level, begins = 0, True
    for at, each in enumerate(found):
        if each.kind in ("open", "close"):
            level = max(0, level + (1 if each.kind == "open" else -1))
        word = text[each.start : each.end]
        if begins and each.kind == "name":
            if word == "async":
                continue
            if word in ("def", "class") and version < (3, 13):
                yield from _generic(text, found, at, word)
            elif word == "type" and version < (3, 13):
                yield from _alias(text, found, at)
            elif word == "except" and version < (3, 14):
                yield from _bare_except(text, found, at)
            elif word == "lazy" and version < (3, 15) and _word(text, found, at + 1) in _IMPORTS:
                yield each.start, found[at + 1].start, ""
        begins = level == 0 and (
            each.kind == "newline" or word in (";", ":") or (begins and each.kind == "joint")
        )


_IMPORTS = ("import", "from")


def _word(text: str, found: Sequence[Token], at: int) -> str:
    return text[found[at].start : found[at].end] if at < len(found) else ""


def _matching(found: Sequence[Token], at: int) -> int | None:
    """Return the place of the bracket that closes one."""
    level = 0
    for place in range(at, len(found)):
        level += (found[place].kind == "open") - (found[place].kind == "close")
        if level == 0:
            return place
    return None


def _generic(text: str, found: Sequence[Token], at: int, word: str) -> Iterator[_Edit]:
    if at + 2 >= len(found) or _word(text, found, at + 2) != "[":
        return
    close = _matching(found, at + 2)
    if close is None or close + 1 >= len(found):
        return
    given = _parameters(text, found, at + 2, close)
    start, follows = found[at + 2].start, _word(text, found, close + 1)
    if word == "def" and follows == "(":
        bare = _word(text, found, close + 2) == ")"
        yield start, found[close + 1].end, f"({_GENERIC}: {given}{'' if bare else ', '}"
    elif word == "class":
        end = found[close + 1].end if follows == "(" else found[close].end
        yield start, end, f"({_GENERIC}({given}){', ' if follows == '(' else ')'}"


def _alias(text: str, found: Sequence[Token], at: int) -> Iterator[_Edit]:
    if at + 2 >= len(found) or found[at + 1].kind != "name":
        return
    equals, given = at + 2, "()"
    if _word(text, found, equals) == "[":
        close = _matching(found, equals)
        if close is None:
            return
        given, equals = _parameters(text, found, equals, close), close + 1
    if _word(text, found, equals) == "=" and _word(text, found, equals + 1) != "=":
        name = _word(text, found, at + 1)
        yield found[at].start, found[equals].end, f"{name} = lambda {_ALIAS}={given}: "


def _parameters(text: str, found: Sequence[Token], opening: int, close: int) -> str:
    """Write type parameters as a tuple of tuples: a name, then what its bound and default read."""
    inside = _uncommented(text[found[opening].end : found[close].start])
    written, level, at, begins = ["("], 0, 0, True

    def piece(end: int) -> str:
        read = inside[at:end]
        return f"{read}, " if read.strip() else read

    for each in tokens(inside):
        level += (each.kind == "open") - (each.kind == "close")
        sign = inside[each.start : each.end] if level == 0 and each.kind == "sign" else ""
        if begins and each.kind == "name":
            breaks = "\n" * inside.count("\n", at, each.start)
            written.append(f'{breaks}("{inside[each.start : each.end]}", ')
            begins = False
        elif not begins and sign in (":", "="):
            written.append(piece(each.start))
        elif not begins and sign == ",":
            written.append(f"{piece(each.start)}), ")
            begins = True
        else:
            continue
        at = each.end
    written.append("\n" * inside.count("\n", at) if begins else f"{piece(len(inside))}), ")
    return "".join((*written, ")"))


def _uncommented(text: str) -> str:
    kept, at = [], 0
    for each in tokens(text):
        if each.kind == "comment":
            kept.append(text[at : each.start])
            at = each.end
    return "".join((*kept, text[at:]))


def _bare_except(text: str, found: Sequence[Token], at: int) -> Iterator[_Edit]:
    """Put ``A, B`` of ``except A, B:`` in brackets."""
    first = at + 2 if _word(text, found, at + 1) == "*" else at + 1
    level, several = 0, False
    for place in range(first, len(found)):
        word, kind = _word(text, found, place), found[place].kind
        level += (kind == "open") - (kind == "close")
        if kind == "newline" or (level == 0 and word == "as"):
            return
        several |= level == 0 and word == ","
        if level == 0 and word == ":":
            if several:
                inside = text[found[first].start : found[place].start]
                yield found[first].start, found[place].start, f"({inside})"
            return


def _unpacked(text: str, found: Sequence[Token]) -> Iterator[_Edit]:
    """Take the star from ``[*each for each in every]``, which Python 3.15 has."""
    for at, each in enumerate(found[:-1]):
        star = found[at + 1]
        if each.kind != "open" or text[star.start] != "*":
            continue
        level = 0
        for place in range(at, len(found)):
            level += (found[place].kind == "open") - (found[place].kind == "close")
            word = _word(text, found, place)
            if level == 0 or (level == 1 and word == ","):
                break
            if level == 1 and word == "for":
                yield star.start, star.end, ""
                if text[star.end : star.end + 1] == "*":
                    yield star.end, star.end + 1, ""
                break
