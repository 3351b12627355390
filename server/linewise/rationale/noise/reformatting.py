"""Reformatting that keeps every statement: indentation, quotes, spaces, blank lines.

Works on the tokens of the text, one line at a time, so that each line's counterpart is known; the
syntax tree of the result is compared with that of the original.
"""

from __future__ import annotations

import keyword
import re
import tokenize
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import pairwise

import numpy as np
from attrs import frozen

from linewise.analysis.lines import LineTable
from linewise.rationale.noise.rewrites import GONE, Rewrite, RewriteError, parsed, same

_PLAIN_STRING = re.compile(r"""([A-Za-z]*)(['"])([^'"\\\n]*)\2""")
_BINARY = re.compile(r"(\*\*|//|<<|>>|[-+*/%@&|^])=?|[=!<>]=|[=<>]")
_OPERANDS = frozenset((tokenize.NUMBER, tokenize.STRING))
_VALUES = frozenset(("None", "True", "False"))
_OUTSIDE = frozenset(
    (tokenize.NL, tokenize.NEWLINE, tokenize.COMMENT, tokenize.DEDENT, tokenize.ENDMARKER)
)
Edit = tuple[int, int, str]
"""Columns [start, end) of a line, and what to put there."""


@frozen
class Style:
    """How to write code. None leaves that side of it as it is.

    ``indent`` is one level of indentation, ``quote`` that of one-line strings that contain
    neither quote nor backslash, ``spaced`` whether binary operators stand between spaces and
    commas before one, ``blank_lines`` how many take the place of each run of blank lines.
    """

    indent: str | None = None
    quote: str | None = None
    spaced: bool | None = None
    blank_lines: int | None = None


def random_style(seed: int) -> Style:
    """Return a style drawn by ``seed``; every side of it is fixed."""
    generator = np.random.default_rng(seed)
    return Style(
        indent=str(generator.choice(["  ", "    ", "   ", "        ", "\t"])),
        quote=str(generator.choice(["'", '"'])),
        spaced=bool(generator.integers(2)),
        blank_lines=int(generator.integers(3)),
    )


def reformat(text: str, style: Style) -> Rewrite:
    """Return ``text`` in another style, without white space at the ends of lines.

    Raises
    ------
    RewriteError
        If the text does not parse, or cannot be written so without changing what it does.
    """
    tree, table = parsed(text), LineTable(text)
    tokens = _tokens(table)
    edits: dict[int, list[Edit]] = defaultdict(list)
    for line, edit in (
        *_indentation(tokens, style.indent),
        *_quotes(tokens, style.quote),
        *_spaces(tokens, style.spaced),
        *_line_ends(tokens, table),
    ):
        edits[line].append(edit)
    contents = [_edited(table.content(line), edits[line]) for line in range(len(table))]
    rewrite = _with_blank_lines(table, contents, _blank(tokens, table), style.blank_lines)
    if not same(tree, parsed(rewrite.text)):
        raise RewriteError("this code means something else when reformatted; leave it as it is")
    return rewrite


def _tokens(table: LineTable) -> list[tokenize.TokenInfo]:
    lines = iter([table.content(line) + "\n" for line in range(len(table))])
    try:
        return list(tokenize.generate_tokens(lambda: next(lines, "")))
    except (tokenize.TokenError, SyntaxError) as error:
        raise RewriteError(f"this code cannot be split into tokens ({error})") from error


def _indentation(
    tokens: Iterable[tokenize.TokenInfo], indent: str | None
) -> Iterator[tuple[int, Edit]]:
    """Yield the new indentation of each line that begins a statement, or is only a comment."""
    if indent is None:
        return
    tokens = list(tokens)
    stack, depths, fresh = [""], {"": 0}, True
    for token in tokens:
        if token.type == tokenize.INDENT:
            stack.append(token.string)
            depths.setdefault(token.string, len(stack) - 1)
        elif token.type == tokenize.DEDENT:
            stack.pop()
        elif fresh and token.type not in _OUTSIDE:
            yield token.start[0] - 1, (0, token.start[1], indent * (len(stack) - 1))
            fresh = False
        elif token.type == tokenize.NEWLINE:
            fresh = True
    for token in tokens:
        margin = token.line[: token.start[1]]
        if token.type == tokenize.COMMENT and not margin.strip() and margin in depths:
            yield token.start[0] - 1, (0, token.start[1], indent * depths[margin])


def _quotes(tokens: Iterable[tokenize.TokenInfo], quote: str | None) -> Iterator[tuple[int, Edit]]:
    for token in tokens:
        found = _PLAIN_STRING.fullmatch(token.string) if token.type == tokenize.STRING else None
        if quote and found:
            edit = (token.start[1], token.end[1], f"{found[1]}{quote}{found[3]}{quote}")
            yield token.start[0] - 1, edit


def _spaces(
    tokens: Iterable[tokenize.TokenInfo], spaced: bool | None
) -> Iterator[tuple[int, Edit]]:
    """Yield the gaps around binary operators and behind commas, where both sides share a line."""
    if spaced is None:
        return
    gap, depth, in_string, binary = " " if spaced else "", 0, 0, False
    for one, other in pairwise(tokens):
        if one.type == tokenize.OP:
            depth += (one.string in "([{") - (one.string in ")]}")
        # From Python 3.12 on, an f-string is several tokens; what it prints is left alone.
        in_string += {"FSTRING_START": 1, "FSTRING_END": -1}.get(tokenize.tok_name[one.type], 0)
        behind = binary or one.string == ","
        keyword_argument = depth and other.string == "="
        is_binary = _BINARY.fullmatch(other.string) and _is_operand(one)
        binary = bool(is_binary and not keyword_argument)
        same_line = one.end[0] == other.start[0] and other.type not in _OUTSIDE
        if (behind or binary) and same_line and not in_string:
            yield one.end[0] - 1, (one.end[1], other.start[1], gap)


def _is_operand(token: tokenize.TokenInfo) -> bool:
    """Return whether an operator behind this token has a left side."""
    if token.type == tokenize.NAME:
        return not keyword.iskeyword(token.string) or token.string in _VALUES
    return token.type in _OPERANDS or token.string in (")", "]", "}")


def _line_ends(
    tokens: Iterable[tokenize.TokenInfo], table: LineTable
) -> Iterator[tuple[int, Edit]]:
    for one, other in pairwise(tokens):
        if other.type in (tokenize.NL, tokenize.NEWLINE) and one.end[0] == other.start[0]:
            line = other.start[0] - 1
            yield line, (one.end[1], len(table.content(line)), "")


def _edited(content: str, edits: list[Edit]) -> str:
    for start, end, new in sorted(set(edits), reverse=True):
        content = content[:start] + new + content[end:]
    return content


def _blank(tokens: Iterable[tokenize.TokenInfo], table: LineTable) -> set[int]:
    """Return the blank lines that belong to no string and to no continued line."""
    within = {
        line
        for token in tokens
        if token.type not in _OUTSIDE
        for line in range(token.start[0] - 1, token.end[0])
    }
    return {
        line
        for line in range(len(table) - 1)
        if not table.content(line).strip()
        and line not in within
        and not (line and table.content(line - 1).endswith("\\"))
    }


def _with_blank_lines(
    table: LineTable, contents: list[str], blank: set[int], wanted: int | None
) -> Rewrite:
    """Join lines, with ``wanted`` blank lines for each run of ``blank`` ones; map old to new."""
    pieces: list[str] = []
    lines: list[int] = []
    run = 0
    for line, content in enumerate(contents):
        terminator = table.text[table.ends[line] : table.full_span(line)[1]]
        run = run + 1 if line in blank else 0
        if wanted is None or not run:
            lines.append(len(pieces))
            pieces.append(("" if run else content) + terminator)
            continue
        lines.append(len(pieces) + run - 1 if run <= wanted else GONE)
        if line + 1 not in blank:
            pieces += [terminator] * wanted
    return Rewrite("".join(pieces), tuple(lines))
