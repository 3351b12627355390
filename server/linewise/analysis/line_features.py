"""Lexical and syntactic features of code lines: what a line looks like and where it stands.

Needs a parsed document and nothing else; one walk over the tree serves all lines.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from attrs import frozen
from tree_sitter import Node

from linewise.analysis.syntax import Syntax
from linewise.analysis.units import find_units

Floats = npt.NDArray[np.float64]

_IDENTIFIER = re.compile(r"[^\W\d]\w*")
_BUILTINS = re.compile(
    r"\b(len|range|sorted|sum|min|max|int|str|float|list|set|dict|map|filter|zip|enumerate|abs|round"
    r"|any|all|join|split|append)\b"
)

_SMALL_NUMBERS = re.compile(r"(?<![\w.])[012](?![\w.])")
REMEMBERED_LINES, REMEMBERED_CHARACTERS = 10_000, 200
"""How many lines' looks are remembered, and how long such a line is at most: 10 MB when full."""

# What a line is part of: the innermost statement that covers its start.
_STATEMENTS = {
    "assignment": ("assignment",),
    "augmented": ("augmented_assignment",),
    "return": ("return_statement",),
    "if": ("if_statement", "match_statement", "case_clause"),
    "elif": ("elif_clause",),
    "else": ("else_clause", "finally_clause"),
    "for": ("for_statement",),
    "while": ("while_statement",),
    "def": ("function_definition",),
    "class": ("class_definition",),
    "decorated": ("decorated_definition",),
    "import": ("import_statement", "import_from_statement", "future_import_statement"),
    "expression": ("expression_statement",),
    "try": ("try_statement", "except_clause", "with_statement"),
    "raise": ("raise_statement", "assert_statement"),
    "jump": ("break_statement", "continue_statement", "pass_statement"),
}
# How many nodes of a kind begin on the line.
_COUNTS = {
    "calls": ("call",),
    "attributes": ("attribute",),
    "subscripts": ("subscript",),
    "slices": ("slice",),
    "identifiers": ("identifier",),
    "integers": ("integer", "float"),
    "strings": ("string",),
    "arithmetic": ("binary_operator", "unary_operator"),
    "comparisons": ("comparison_operator",),
    "logic": ("boolean_operator", "not_operator"),
    "comprehensions": (
        "list_comprehension",
        "set_comprehension",
        "dictionary_comprehension",
        "generator_expression",
    ),
    "lambdas": ("lambda",),
    "conditionals": ("conditional_expression",),
    "collections": ("list", "tuple", "dictionary", "set"),
    "arguments": ("argument_list", "parameters"),
    "constants": ("true", "false", "none"),
    "strict": ("<", ">"),
    "lax": ("<=", ">="),
    "equal": ("==", "!=", "is", "in", "not in", "is not"),
    "plus": ("+", "-"),
    "times": ("*", "/", "//", "%", "**"),
    "errors": ("ERROR",),
}
_LOOPS = frozenset(("for_statement", "while_statement"))
_BRANCHES = frozenset(("if_statement", "elif_clause", "else_clause", "try_statement"))
_DEPTHS = ("loop depth", "branch depth", "function depth", "tree depth")
_TEXT = (
    "indent",
    "length",
    "words",
    "new words",
    "words used later",
    "mean word length",
    "builtins",
    "small numbers",
    "brackets",
    "open brackets",
    "repeated",
)
_PLACE = (
    "position in unit",
    "lines before in unit",
    "lines after in unit",
    "unit lines",
    "unit returns",
    "unit branches",
    "unit loops",
    "document lines",
    "document units",
    "last of block",
    "indent change before",
    "indent change after",
)
FEATURES: tuple[str, ...] = (
    *(f"is {name}" for name in _STATEMENTS),
    *_COUNTS,
    *_DEPTHS,
    *_TEXT,
    *_PLACE,
    "after return",
    "before return",
)
"""The names of the columns of `line_features`, in order."""

_KIND = {node: column for column, nodes in enumerate(_STATEMENTS.values()) for node in nodes}
_COUNT = {node: column for column, nodes in enumerate(_COUNTS.values()) for node in nodes}


def line_features(syntax: Syntax, wanted: Sequence[int]) -> Floats:
    """Return features (lines, len(FEATURES)) of the ``wanted`` 0-based lines, all finite."""
    kinds, counts, depths = _walk(syntax)
    lines = np.asarray(wanted, np.int64)
    kind = np.zeros((len(lines), len(_STATEMENTS)))
    known = kinds[lines] >= 0
    kind[np.flatnonzero(known), kinds[lines][known]] = 1.0
    text = _text(syntax, wanted)
    place = _place(syntax, lines, kind, text[:, 0])
    returns = kind[:, list(_STATEMENTS).index("return")]
    after = np.concatenate(([0.0], returns[:-1]))[: len(lines)]
    before = np.concatenate((returns[1:], [0.0]))[: len(lines)]
    return np.column_stack((kind, counts[lines], depths[lines], text, place, after, before))


def _walk(syntax: Syntax) -> tuple[npt.NDArray[np.int64], Floats, Floats]:
    """Return each line's statement (-1: none), counts and depths, from one walk."""
    total = len(syntax.lines)
    innermost = np.full(total, -1, np.int64)
    statements: list[tuple[int, int, int, int, int]] = []
    counted: list[int] = []
    stack: list[tuple[Node, tuple[int, int, int, int]]] = [(syntax.tree.root_node, (0, 0, 0, 0))]
    while stack:
        node, depths = stack.pop()
        kind = node.type
        column = _COUNT.get(kind)
        if column is not None:
            counted.append(node.start_point.row * len(_COUNTS) + column)
        column = _KIND.get(kind)
        if column is not None:
            # A parent comes before its children, so the innermost statement has the last word.
            innermost[node.start_point.row : node.end_point.row + 1] = len(statements)
            statements.append((column, *depths))
        children = node.children
        if children:
            loops, branches, functions, depth = depths
            inside = (
                loops + (kind in _LOOPS),
                branches + (kind in _BRANCHES),
                functions + (kind == "function_definition"),
                depth + 1,
            )
            stack += [(child, inside) for child in children[::-1]]
    counts = np.bincount(np.array(counted, np.int64), minlength=total * len(_COUNTS))
    # The last row is that of lines outside any statement.
    rows = np.array([*statements, (-1, 0, 0, 0, 0)], np.int64)[innermost]
    return rows[:, 0], counts.reshape(total, -1).astype(float), rows[:, 1:].astype(float)


@frozen
class _Look:
    """What a line's own text says of it: its words, and the columns of `_TEXT` that need no other.

    ``before`` are the columns ahead of those that compare words, ``after`` the ones behind.
    """

    body: str
    words: frozenset[str]
    before: tuple[int, int, int]
    after: tuple[float, int, int, int, int]


def _look(content: str) -> _Look:
    body, found = content.strip(), _IDENTIFIER.findall(content)
    opened = sum(body.count(each) for each in "([{")
    return _Look(
        body,
        frozenset(found),
        (len(content) - len(content.lstrip()), len(body), len(found)),
        (
            sum(map(len, found)) / max(1, len(found)),
            len(_BUILTINS.findall(body)),
            len(_SMALL_NUMBERS.findall(body)),
            opened,
            opened - sum(body.count(each) for each in ")]}"),
        ),
    )


_remembered_look = lru_cache(REMEMBERED_LINES)(_look)


def _text(syntax: Syntax, wanted: Sequence[int]) -> Floats:
    contents = [syntax.lines.content(line) for line in wanted]
    looks = [
        _look(each) if len(each) > REMEMBERED_CHARACTERS else _remembered_look(each)
        for each in contents
    ]
    remaining = Counter(word for each in looks for word in each.words)
    repeated = Counter(each.body for each in looks)
    seen: set[str] = set()
    rows = []
    for each in looks:
        new = each.words - seen
        seen |= new
        later = 0
        for word in each.words:
            remaining[word] -= 1
            later += remaining[word] > 0
        rows.append((*each.before, len(new), later, *each.after, repeated[each.body] - 1))
    return np.array(rows, np.float64).reshape(len(contents), len(_TEXT))


def _place(syntax: Syntax, lines: npt.NDArray[np.int64], kind: Floats, indent: Floats) -> Floats:
    names = list(_STATEMENTS)
    units = find_units(syntax)
    unit = np.searchsorted([each.first_line for each in units], lines, side="right") - 1
    # The rows of a unit follow one another.
    begin, end = np.searchsorted(unit, unit), np.searchsorted(unit, unit, side="right")
    order, count = np.arange(len(lines)) - begin, end - begin
    sums = np.concatenate((np.zeros((1, kind.shape[1])), np.cumsum(kind, axis=0)))
    of_unit = sums[end] - sums[begin]
    change = np.diff(indent, prepend=indent[:1], append=indent[-1:])
    return np.column_stack(
        (
            order / np.maximum(1, count - 1),
            order,
            count - 1 - order,
            count,
            of_unit[:, names.index("return")],
            of_unit[:, names.index("if")] + of_unit[:, names.index("elif")],
            of_unit[:, names.index("for")] + of_unit[:, names.index("while")],
            np.full(len(lines), len(lines)),
            np.full(len(lines), len(units)),
            change[1:] < 0,
            change[:-1],
            change[1:],
        )
    )
