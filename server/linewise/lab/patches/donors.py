"""Right programs of the same task, nearest first, dressed like the failing program.

A donor may differ from the failing program only where it matters: its local names are renamed
(α-renaming) to those of the failing program, its indentation is converted, and its comments,
docstrings and blank lines are left out.
"""

from __future__ import annotations

import io
import re
import tokenize
from collections import Counter, defaultdict
from collections.abc import Iterable
from difflib import SequenceMatcher
from typing import Any

from attrs import frozen

from linewise.analysis.code_lines import code_lines
from linewise.analysis.lines import LineTable
from linewise.analysis.syntax import Syntax, parse

_LOCALS = """
(parameters (identifier) @name)
(lambda_parameters (identifier) @name)
(typed_parameter . (identifier) @name)
(default_parameter name: (identifier) @name)
(typed_default_parameter name: (identifier) @name)
(assignment left: (identifier) @name)
(assignment left: (pattern_list (identifier) @name))
(assignment left: (tuple_pattern (identifier) @name))
(augmented_assignment left: (identifier) @name)
(for_statement left: (identifier) @name)
(for_statement left: (pattern_list (identifier) @name))
(for_statement left: (tuple_pattern (identifier) @name))
(for_in_clause left: (identifier) @name)
(for_in_clause left: (pattern_list (identifier) @name))
(for_in_clause left: (tuple_pattern (identifier) @name))
(named_expression name: (identifier) @name)
(as_pattern_target (identifier) @name)
"""
_ALL = "(identifier) @name"
_WORD = re.compile(r"\w+|[^\w\s]")
_HOLE = "·"


@frozen
class Donor:
    """A right program's code lines, without line ends; ``sample_id`` is empty for a reference."""

    lines: tuple[str, ...]
    sample_id: str
    model: str
    renamed: bool


@frozen(eq=False)
class Anonymised:
    """A program's code lines with every local name replaced, and those names in order by line."""

    numbers: tuple[int, ...]
    lines: tuple[str, ...]
    masked: tuple[str, ...]
    names: tuple[tuple[str, ...], ...]

    @classmethod
    def of(cls, text: str) -> Anonymised:
        """Read a program; ``numbers`` are its code lines, counted from 0."""
        syntax = parse(text)
        numbers = code_lines(syntax)
        found = _occurrences(syntax)
        lines, masked, names = [], [], []
        for number in numbers:
            start, end = syntax.lines.starts[number], syntax.lines.ends[number]
            pieces, at, here = [], start, []
            for first, last in found.get(number, ()):
                pieces += [text[at:first], _HOLE]
                here.append(text[first:last])
                at = last
            line = "".join((*pieces, text[at:end]))
            lines.append(text[start:end].rstrip())
            masked.append(re.sub(r"\s*#[^'\"]*$", "", line).rstrip())
            names.append(tuple(here))
        return cls(numbers, tuple(lines), tuple(masked), tuple(names))


def ranked(
    program: str, candidates: Iterable[dict[str, Any]], limit: int
) -> list[tuple[dict[str, Any], float]]:
    """Return the ``limit`` nearest candidates (rows with ``program``) and their distances.

    The distance is that of the bags of anonymised code lines: the lines that only one has, over
    the lines of both, 0 to 1. Candidates that are the same but for names and prose count once.
    """
    ours = _bag(program)
    near, seen = [], set()
    for candidate in candidates:
        theirs = _bag(candidate["program"])
        identity = frozenset(theirs.items())
        if identity in seen:
            continue
        seen.add(identity)
        apart = (ours - theirs).total() + (theirs - ours).total()
        near.append((candidate, apart / max(1, ours.total() + theirs.total())))
    return sorted(near, key=lambda each: each[1])[:limit]


def dressed(program: str, donor: dict[str, Any]) -> list[Donor]:
    """Return a donor with the failing program's names, and, if that differs, with its own."""
    text = _reindented(donor["program"], program)
    sample, model = donor.get("sample_id", ""), donor["model"]
    own = Donor(Anonymised.of(text).lines, sample, model, renamed=False)
    renamed_text = renamed(text, renaming(program, text))
    other = Donor(Anonymised.of(renamed_text).lines, sample, model, renamed=True)
    return [own] if other.lines == own.lines else [other, own]


def renaming(program: str, donor: str) -> dict[str, str]:
    """Return which local names of ``donor`` play the part of which of ``program``.

    Names meet where the anonymised lines align; each takes the partner it meets most often, each
    partner once. A name is left alone where its partner means something else to the donor.
    """
    ours, theirs = Anonymised.of(program), Anonymised.of(donor)
    meetings: Counter[tuple[str, str]] = Counter()
    matcher = SequenceMatcher(None, theirs.masked, ours.masked, autojunk=False)
    for tag, first, last, start, end in matcher.get_opcodes():
        weight = 3 if tag == "equal" else 1
        for mine, yours in zip(theirs.names[first:last], ours.names[start:end], strict=False):
            for pair in zip(mine, yours, strict=False):
                meetings[pair] += weight
    taken: dict[str, str] = {}
    for pair, _ in meetings.most_common():
        if pair[0] not in taken and pair[1] not in taken.values():
            taken[pair[0]] = pair[1]
    syntax = parse(donor)
    used = {donor[slice(*syntax.span(node))] for node in syntax.captures(_ALL).get("name", [])}
    while clashes := [own for own, other in taken.items() if other in used - set(taken)]:
        for own in clashes:
            del taken[own]
    return {own: other for own, other in taken.items() if own != other}


def renamed(text: str, names: dict[str, str]) -> str:
    """Return a program with local names replaced, all at once."""
    syntax = parse(text)
    pieces, at = [], 0
    for spans in (each for _, each in sorted(_occurrences(syntax).items())):
        for start, end in spans:
            pieces += [text[at:start], names.get(text[start:end], text[start:end])]
            at = end
    return "".join((*pieces, text[at:]))


def _bag(text: str) -> Counter[str]:
    return Counter("".join(_WORD.findall(line)) for line in Anonymised.of(text).masked)


def _occurrences(syntax: Syntax) -> dict[int, list[tuple[int, int]]]:
    """Return where local names stand, as code-point spans by 0-based line.

    Attributes and the names of keyword arguments are never local names.
    """
    text = syntax.lines.text

    def name_of(span: tuple[int, int]) -> str:
        return text[span[0] : span[1]]

    bound = {name_of(syntax.span(node)) for node in syntax.captures(_LOCALS).get("name", [])}
    bound -= {"self", "cls", "_"}
    found = defaultdict(list)
    for node in syntax.captures(_ALL).get("name", []):
        parent, span = node.parent, syntax.span(node)
        field = {"attribute": "attribute", "keyword_argument": "name"}
        label = field.get(parent.type) if parent is not None else None
        if label and parent is not None and parent.child_by_field_name(label) == node:
            continue
        if name_of(span) in bound:
            found[syntax.lines.line_at(span[0])].append(span)
    return found


def _reindented(donor: str, program: str) -> str:
    """Return ``donor`` with one level of indentation written as ``program`` writes it."""
    wanted, own = _indent(program), _indent(donor)
    if not wanted or not own or wanted == own:
        return donor
    lines, within = donor.splitlines(keepends=True), _within_strings(donor)
    for number, line in enumerate(lines):
        body = line.lstrip(" \t")
        depth, rest = divmod(len(line) - len(body), len(own))
        if number not in within and not rest and line.startswith(own * depth):
            lines[number] = wanted * depth + body
    return "".join(lines)


def _indent(text: str) -> str:
    found = [match[0] for line in text.splitlines() if (match := re.match(r"[ \t]+(?=\S)", line))]
    return min(found, key=len, default="")


def _within_strings(text: str) -> set[int]:
    """Return the 0-based lines that begin inside a string."""
    inside: set[int] = set()
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.STRING:
                inside.update(range(token.start[0], token.end[0]))
    except (tokenize.TokenError, SyntaxError):
        return set(range(len(LineTable(text))))
    return inside
