"""Everything there is to say about a line: its score, what that rests on, and how far."""

from __future__ import annotations

from attrs import frozen

from linewise.analysis.problems.problem import Problem
from linewise.engine import Engine, ScoredText
from linewise.errors import LinewiseError
from linewise.models.runtime import TargetModel
from linewise.rationale.explain import Explainer
from linewise.rationale.explain_text import ExplainedText
from linewise.rationale.explanation import Explanation, LogitShares
from linewise.rationale.line_logit import logit_shares
from linewise.results import LineScore


@frozen(eq=False)
class ScoredLine:
    """A line's probability and what is known of it before the model is asked why.

    ``logit`` is how its logit came about; ``problems`` are what is known to be wrong with it.
    ``lines`` code lines of the document were scored, and ``base_rate`` of such lines were edited
    where the calibrator was fitted.
    """

    score: LineScore
    logit: LogitShares
    problems: tuple[Problem, ...]
    lines: int
    base_rate: float


@frozen(eq=False)
class ExplainedLine:
    """An explanation beside the line's score, which is None if edit risks were not asked about."""

    scored: ScoredLine | None
    explanation: Explanation


def explainer_of(engine: Engine) -> Explainer:
    """Return what explains the lines that an engine scores.

    Raises
    ------
    LinewiseError
        If its model cannot be asked about parts of a text.
    """
    if not isinstance(engine.model, TargetModel):
        raise LinewiseError("lines can only be explained with an installed model")
    return Explainer(engine.model, engine.probe)


def scored_line(
    engine: Engine, scored: ScoredText, text: ExplainedText, line: int
) -> ScoredLine | None:
    """Return what is known of a 0-based line of a scored text, None where it holds no code."""
    for row, score in enumerate(scored.lines):
        if score.line == line:
            return ScoredLine(
                score,
                logit_shares(engine.probe, scored.facts, scored.heads, row),
                tuple(each for each in text.problems if each.line == line),
                len(scored.lines),
                scored.base_rate,
            )
    return None
