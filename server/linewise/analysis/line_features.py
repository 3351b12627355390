"""Lexical and syntactic features of code lines: what a line looks like and where it stands.

Needs a parsed document and nothing else; one walk over the tree serves all lines.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from tree_sitter import Node

from linewise.analysis.syntax import Syntax
from linewise.analysis.units import find_units

Floats = npt.NDArray[np.float64]

_IDENTIFIER = re.compile(r"[^\W\d]\w*")
_BUILTINS = re.compile(
    r"\b(len|range|sorted|sum|min|max|int|str|float|list|set|dict|map|filter|zip|enumerate|abs|round"
    r"|any|all|join|split|append)\b"
)

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
    kinds = np.full(total, -1, np.int64)
    counts = np.zeros((total, len(_COUNTS)))
    depths = np.zeros((total, len(_DEPTHS)))
    stack: list[tuple[Node, int, int, int, int]] = [(syntax.tree.root_node, 0, 0, 0, 0)]
    while stack:
        node, loops, branches, functions, depth = stack.pop()
        kind, first = node.type, node.start_point.row
        column = _COUNT.get(kind)
        if column is not None:
            counts[first, column] += 1
        column = _KIND.get(kind)
        if column is not None:
            # A parent comes before its children, so the innermost statement has the last word.
            last = min(node.end_point.row + 1, total)
            kinds[first:last] = column
            depths[first:last] = loops, branches, functions, depth
        loops += kind in _LOOPS
        branches += kind in _BRANCHES
        functions += kind == "function_definition"
        stack.extend(
            (child, loops, branches, functions, depth + 1) for child in reversed(node.children)
        )
    return kinds, counts, depths


def _text(syntax: Syntax, wanted: Sequence[int]) -> Floats:
    contents = [syntax.lines.content(line) for line in wanted]
    words = [_IDENTIFIER.findall(content) for content in contents]
    remaining = Counter(word for each in words for word in set(each))
    repeated = Counter(content.strip() for content in contents)
    seen: set[str] = set()
    rows = []
    for content, found in zip(contents, words, strict=True):
        distinct = set(found)
        for word in distinct:
            remaining[word] -= 1
        body = content.strip()
        opened = sum(body.count(each) for each in "([{")
        rows.append(
            (
                len(content) - len(content.lstrip()),
                len(body),
                len(found),
                len(distinct - seen),
                sum(remaining[word] > 0 for word in distinct),
                sum(map(len, found)) / max(1, len(found)),
                len(_BUILTINS.findall(body)),
                len(re.findall(r"(?<![\w.])[012](?![\w.])", body)),
                opened,
                opened - sum(body.count(each) for each in ")]}"),
                repeated[body] - 1,
            )
        )
        seen |= distinct
    return np.array(rows, np.float64).reshape(len(contents), len(_TEXT))


def _place(syntax: Syntax, lines: npt.NDArray[np.int64], kind: Floats, indent: Floats) -> Floats:
    names = list(_STATEMENTS)
    units = find_units(syntax)
    unit = np.searchsorted([each.first_line for each in units], lines, side="right") - 1
    place = np.zeros((len(lines), len(_PLACE)))
    change = np.diff(indent, prepend=indent[:1], append=indent[-1:])
    for number in np.unique(unit):
        rows = np.flatnonzero(unit == number)
        count, order = len(rows), np.arange(len(rows))
        of_unit = kind[rows].sum(axis=0)
        place[rows, 0] = order / max(1, count - 1)
        place[rows, 1], place[rows, 2], place[rows, 3] = order, count - 1 - order, count
        place[rows, 4] = of_unit[names.index("return")]
        place[rows, 5] = of_unit[names.index("if")] + of_unit[names.index("elif")]
        place[rows, 6] = of_unit[names.index("for")] + of_unit[names.index("while")]
    place[:, 7], place[:, 8] = len(lines), len(units)
    place[:, 9] = change[1:] < 0
    place[:, 10], place[:, 11] = change[:-1], change[1:]
    return place
