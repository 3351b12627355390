"""The lines that a flagged line's risk rests on, as the related information of its diagnostic."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from lsprotocol import types

from linewise.lsp.convert import finite, line_range
from linewise.lsp.outcome import LEAST_WEIGHT, Outcome
from linewise.rationale.explain_wording import short_unit

if TYPE_CHECKING:
    from linewise.analysis.lines import PositionEncoding
    from linewise.rationale.explanation import Explanation

MOST = 3


def heaviest_lines(explanation: Explanation) -> list[tuple[int, float]]:
    """Return the other lines that raise a line's risk most, `MOST` at most, and their weights."""
    weights: defaultdict[int, float] = defaultdict(float)
    for token in explanation.tokens:
        if token.line != explanation.line:
            weights[token.line] += token.weight
    found = [(line, finite(weight)) for line, weight in weights.items() if weight >= LEAST_WEIGHT]
    return sorted(found, key=lambda each: -each[1])[:MOST]


def related(
    outcome: Outcome, explanation: Explanation, encoding: PositionEncoding
) -> tuple[types.DiagnosticRelatedInformation, ...]:
    """Return the heaviest lines as the protocol has them."""
    unit = short_unit(explanation.weight_unit)
    return tuple(
        types.DiagnosticRelatedInformation(
            types.Location(outcome.document.uri, line_range(line, outcome.scored.table, encoding)),
            f"Raises the risk of line {explanation.line + 1} by {weight:.2f} in {unit}",
        )
        for line, weight in heaviest_lines(explanation)
    )
