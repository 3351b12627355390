"""What is asked of every unit of a workspace, and what its answers are stored under."""

from __future__ import annotations

from functools import cache
from typing import Any

from attrs import frozen

from linewise.rationale.attribution import (
    DEFAULT_EDIT_METHOD,
    DEFAULT_TOKEN_METHOD,
    NextTokens,
    methods,
)
from linewise.rationale.statistics.counts import Schema
from linewise.rationale.study.target import Target
from linewise.rationale.taxonomy.categories import NoCategories, categorize, read_text
from linewise.workspace.scan.records import Method

REPEATED = 16
"""Of so many units, one is explained again in rewrites of its file."""
REWRITES = 2
REWRITTEN_LINES = 2_000
"""Longer files are not rewritten: that would cost more than explaining."""
GREEDY = ("greedy", "greedy-shortlist")
MASS = 0.5
"""Where every token has a weight, the rationale are the fewest that bear this share of it."""
LINE = "line: "
"""What the category of a target begins with that is a line: the kind of its statement follows."""


@frozen
class Choice:
    """What is asked of every unit, and how much that may cost.

    Of edit risks, that of the riskiest line is asked about. Of next tokens, ``tokens`` are drawn,
    each with at most ``context`` tokens before it to rest on; greedy rationales end at ``places``
    tokens. Without a ``method``, the target's default is used.
    """

    target: Target = Target.EDIT
    method: str | None = None
    tokens: int = 1
    context: int = 96
    places: int = 6


def method_of(choice: Choice, vocabulary: int) -> Method:
    """Return what statistics by this choice are stored under.

    Raises
    ------
    LinewiseError
        If there is no such method, or it does not fit the target.
    """
    name = _checked(choice)
    options: dict[str, Any] = {} if name in GREEDY else {"mass": MASS}
    unit = "logits of the edit probability"
    if choice.target is Target.NEXT_TOKEN:
        unit = NextTokens.unit
        options |= {"tokens": choice.tokens, "context": choice.context}
        if name in GREEDY:
            options["places"] = choice.places
    weight = f"{name}, {methods()[name].unit.replace('{}', unit)}"
    return Method(name, str(choice.target), options, Schema(_categories(), vocabulary, weight))


@cache
def _categories() -> tuple[str, ...]:
    """Return the categories of tokens, then those of lines that are targets."""
    return (*_labels("category"), *(LINE + kind for kind in statement_kinds()))


@cache
def statement_kinds() -> tuple[str, ...]:
    """Return the kinds of statements that lines are told apart by."""
    return _labels("statement")


def _labels(level: str) -> tuple[str, ...]:
    document = read_text("x", "python")
    assert not isinstance(document, NoCategories)  # noqa: S101 - of Python there are some
    return categorize(document, [0], [1])[level].labels


def _checked(choice: Choice) -> str:
    if choice.method is None:
        return DEFAULT_EDIT_METHOD if choice.target is Target.EDIT else DEFAULT_TOKEN_METHOD
    # Only now: what explains takes long to import, and the defaults fit.
    from linewise.rationale.explain import method_for

    return method_for(choice.target, choice.method)
