"""Mistakes inside one expression: operators, constants, names, arguments, attributes."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from tree_sitter import Node

from linewise.lab.mutations.mutation import Mutation, Source, walk

_COMPARISONS = {
    "<": ("<=", ">"),
    "<=": ("<", ">="),
    ">": (">=", "<"),
    ">=": (">", "<="),
    "==": ("!=", ">="),
    "!=": ("==",),
    "in": ("not in",),
    "not in": ("in",),
    "is": ("is not",),
    "is not": ("is",),
}
_OPERATORS = {
    "+": ("-", "*"),
    "-": ("+",),
    "*": ("+", "**"),
    "/": ("//", "*"),
    "//": ("/",),
    "%": ("//",),
    "**": ("*",),
    "&": ("|",),
    "|": ("&",),
    "^": ("|",),
    "<<": (">>",),
    ">>": ("<<",),
    "+=": ("-=", "="),
    "-=": ("+=", "="),
    "*=": ("+=",),
    "/=": ("//=",),
    "//=": ("/=",),
    "and": ("or",),
    "or": ("and",),
}
_CONFUSED = (
    ("min", "max"),
    ("any", "all"),
    ("sum", "max", "len"),
    ("list", "set", "sorted"),
    ("int", "float", "str"),
    ("floor", "ceil", "round"),
    ("append", "extend"),
    ("upper", "lower", "swapcase"),
    ("isupper", "islower"),
    ("isdigit", "isalpha", "isalnum"),
    ("startswith", "endswith"),
    ("strip", "lstrip", "rstrip"),
    ("keys", "values", "items"),
    ("find", "rfind", "index"),
    ("union", "intersection", "difference"),
    ("remove", "discard", "pop"),
    ("heappush", "heappop"),
)
_WRAPPERS = frozenset({"abs", "float", "int", "len", "list", "reversed", "round", "set", "sorted"})
_WRAPPERS_OF_TEXT = frozenset({"str", "tuple"})


def operators(source: Source, node: Node) -> Iterator[Mutation]:
    """Yield wrong comparisons, arithmetic and Boolean operators, and lost negations."""
    if node.type == "comparison_operator":
        for child in node.children:
            for other in _COMPARISONS.get(child.type, ()):
                yield source.replace("wrong comparison", child, other)
    elif node.type in ("binary_operator", "augmented_assignment", "boolean_operator"):
        operator = node.child_by_field_name("operator")
        for other in _OPERATORS.get(operator.type if operator else "", ()):
            if operator is not None:
                yield source.replace("wrong operator", operator, other)
    elif node.type == "not_operator":
        argument = node.child_by_field_name("argument")
        if argument is not None:
            yield source.replace("negated condition", node, source.of_node(argument))
    if node.type == "boolean_operator":
        for side in ("left", "right"):
            if (operand := node.child_by_field_name(side)) is not None:
                yield source.replace("missing condition", node, source.of_node(operand))


def constants(source: Source, node: Node) -> Iterator[Mutation]:
    """Yield wrong numbers, Booleans and texts."""
    text = source.of_node(node)
    if node.type == "integer" and text.isdecimal() and len(text) < 10:
        for value in {int(text) + 1, abs(int(text) - 1)}:
            yield source.replace("wrong constant", node, str(value))
        if text == "0" and node.parent is not None and node.parent.type == "subscript":
            yield source.replace("wrong constant", node, "-1")
    elif node.type in ("true", "false"):
        yield source.replace("wrong constant", node, "False" if node.type == "true" else "True")
    elif node.type == "string" and node.parent and node.parent.type != "expression_statement":
        content = next((each for each in node.children if each.type == "string_content"), None)
        if content is not None and (changed := source.of_node(content).swapcase()):
            if changed != source.of_node(content):
                yield source.replace("wrong constant", content, changed)
            else:
                yield source.replace("wrong constant", content, "")


def off_by_one(source: Source, node: Node) -> Iterator[Mutation]:
    """Yield bounds and indices that are one too far or too short."""
    if node.type == "binary_operator":
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        operator = node.child_by_field_name("operator")
        if left and right and operator and operator.type in "+-" and source.of_node(right) == "1":
            yield source.replace("off by one", node, source.of_node(left))
        return
    bounds: list[Node] = []
    if node.type == "call":
        function, arguments = (node.child_by_field_name(each) for each in ("function", "arguments"))
        if function and arguments and source.of_node(function) == "range":
            bounds = arguments.named_children
    elif node.type == "subscript":
        bounds = node.children_by_field_name("subscript")
    elif node.type == "slice":
        bounds = node.named_children
    for bound in bounds:
        if bound.type in ("identifier", "call", "attribute"):
            for change in (" + 1", " - 1"):
                yield source.replace("off by one", bound, source.of_node(bound) + change)


def variables(source: Source, node: Node) -> Iterator[Mutation]:
    """Yield other variables of the same function where one is read."""
    parent = node.parent
    if node.type != "identifier" or parent is None or not _is_read(node, parent):
        return
    names = source.names_before(node)
    if source.of_node(node) in names:
        for other in names:
            if other != source.of_node(node):
                yield source.replace("wrong variable", node, other)


def _is_read(node: Node, parent: Node) -> bool:
    here = {"name": "name", "left": "left", "attribute": "attribute"}
    if any(parent.child_by_field_name(field) == node for field in here):
        return parent.type in ("binary_operator", "boolean_operator", "comparison_operator")
    if parent.type == "pattern_list":
        return False
    return not (
        parent.type.endswith(("parameter", "parameters"))
        or (parent.type == "call" and parent.child_by_field_name("function") == node)
    )


def calls(source: Source, node: Node) -> Iterator[Mutation]:
    """Yield swapped and missing arguments, missing conversions and confused functions."""
    if node.type != "call":
        return
    function, arguments = (node.child_by_field_name(each) for each in ("function", "arguments"))
    if function is None or arguments is None or arguments.type != "argument_list":
        return
    given = arguments.named_children
    for first, second in pairwise(given):
        start, end = source.syntax.span(first)[0], source.syntax.span(second)[1]
        between = source.text[source.syntax.span(first)[1] : source.syntax.span(second)[0]]
        if first.type == second.type == "keyword_argument":
            continue
        if "keyword_argument" not in (first.type, second.type):
            swapped = source.of_node(second) + between + source.of_node(first)
            yield Mutation("swapped arguments", start, end, swapped)
        yield Mutation("missing argument", source.syntax.span(first)[1], end, "")
    name = source.of_node(function)
    if len(given) == 1 and name in _WRAPPERS | _WRAPPERS_OF_TEXT:
        yield source.replace("missing conversion", node, source.of_node(given[0]))
    called = function.child_by_field_name("attribute") or function
    for group in _CONFUSED:
        if source.of_node(called) in group:
            for other in group:
                if other != source.of_node(called):
                    yield source.replace("wrong function", called, other)


def attributes(source: Source, node: Node) -> Iterator[Mutation]:
    """Yield other attributes that the program uses on the same object in the same way."""
    name = node.child_by_field_name("attribute") if node.type == "attribute" else None
    of = node.child_by_field_name("object")
    if name is None or of is None:
        return
    used = set()
    for other in walk(source.syntax.tree.root_node):
        if other.type == "attribute" and _called(other) == _called(node):
            whose, what = (other.child_by_field_name(each) for each in ("object", "attribute"))
            if whose and what and source.of_node(whose) == source.of_node(of):
                used.add(source.of_node(what))
    for alternative in sorted(used - {source.of_node(name)}):
        yield source.replace("wrong attribute", name, alternative)


def _called(node: Node) -> bool:
    parent = node.parent
    return (
        parent is not None
        and parent.type == "call"
        and parent.child_by_field_name("function") == node
    )


def slices(source: Source, node: Node) -> Iterator[Mutation]:
    """Yield a sequence that is not sliced or indexed at all."""
    if node.type == "subscript":
        value = node.child_by_field_name("value")
        subscript = node.child_by_field_name("subscript")
        if value and subscript and subscript.type == "slice":
            yield source.replace("missing slice", node, source.of_node(value))


def conditions(source: Source, node: Node) -> Iterator[Mutation]:
    """Yield conditions negated, tightened by a variable, or lost from a comprehension."""
    if node.type in ("if_statement", "elif_clause", "while_statement"):
        condition = node.child_by_field_name("condition")
        if condition is None:
            return
        text = source.of_node(condition)
        if condition.type in ("identifier", "call", "attribute", "subscript"):
            yield source.replace("negated condition", condition, f"not {text}")
        elif condition.type == "boolean_operator":
            yield source.replace("negated condition", condition, f"not ({text})")
        joined = text if condition.type != "boolean_operator" else f"({text})"
        for name in source.names_before(condition):
            yield source.replace("extra condition", condition, f"{joined} and {name}")
    elif node.type == "if_clause" and node.parent and "comprehension" in node.parent.type:
        start, end = source.syntax.span(node)
        before = len(source.text[:start].rstrip())
        yield Mutation("missing condition", before, end, "")
