"""How an explanation is worded, the same in the terminal, in a hover and in pictures."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from linewise.rationale.explanation import (
    Against,
    LogitShares,
    Stability,
    Trust,
    sentence,
)
from linewise.wording import edit_message, ordinal

if TYPE_CHECKING:
    from linewise.analysis.problems.problem import Problem
    from linewise.rationale.explain_line import ScoredLine

_SHORT = {"logits of the edit probability": "log-odds", "nats of log-probability": "nats"}


def quoted(code: str) -> str:
    """Quote code where there is no markup."""
    return f"`{code}`"


def short_unit(unit: str) -> str:
    """Return the unit of weights in a word or two."""
    return _SHORT.get(unit, unit)


def standing(scored: ScoredLine) -> str:
    """Say how probable an edit is, and how that compares with the file's other lines."""
    score = scored.score
    message = edit_message(score.probability, scored.base_rate, calibrated=score.calibrated)
    return f"{message}; {ordinal(score.rank)} of {scored.lines:,} code lines in this file"


def problems_sentence(
    problems: tuple[Problem, ...], code: Callable[[str], str] = quoted
) -> str | None:
    """Say what is wrong with the line, in one sentence; None if nothing is known to be."""
    said = list(dict.fromkeys(sentence(each, code) for each in problems))
    if not said:
        return None
    more = f", and {len(said) - 2} more" if len(said) > 2 else ""
    return f"{'; '.join(said[:2])}{more}."


def logit_sentence(logit: LogitShares) -> str:
    """Say what moved the line's log-odds, before calibration, away from the file's mean."""
    return (
        f"Facts about the line move its log-odds by {logit.facts:+.2f} from the file's mean, "
        f"the model's reading by {logit.head:+.2f}."
    )


def sufficiency_sentence(trust: Trust, unit: str) -> str:
    """Say how much of the score the rationale carries alone."""
    if trust.sufficiency is None:
        return f"Sufficiency cannot be tested: {trust.reason}."
    size = _sizes(trust)
    return f"The heaviest {size} of tokens alone give {_against(trust.sufficiency, unit)}."


def comprehensiveness_sentence(trust: Trust, unit: str) -> str:
    """Say how much of the score is lost without the rationale."""
    if trust.comprehensiveness is None:
        return f"Comprehensiveness cannot be tested: {trust.reason}."
    size = _sizes(trust)
    return f"Without the heaviest {size} it loses {_against(trust.comprehensiveness, unit)}."


def stability_sentence(stability: Stability) -> str:
    """Say whether the categories' weights survive harmless rewrites."""
    if stability.snr is None:
        return f"SNR unknown: {stability.reason}."
    return f"SNR {number(stability.snr)} over {stability.repetitions} versions of the same code."


def number(value: float) -> str:
    """Write a ratio with two digits that count."""
    return f"{value:.1f}" if value >= 1 else f"{value:.2f}"


def bar(share: float, cells: int, of: float) -> str:
    """Return a bar for a share: ``of`` is the share that fills all ``cells``; never empty."""
    return "▇" * max(round(cells * share / of), 1)


def snippet(code: str, length: int = 48) -> str:
    """Return code on one line, its beginning if it is long; what is not printable is escaped."""
    shown = "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode("ascii")
        for each in " ".join(code.split())
    )
    return shown if len(shown) <= length else shown[: length - 1] + "…"


def _sizes(trust: Trust) -> str:
    low, high = trust.fractions[0], trust.fractions[-1]
    return f"{100 * low:.0f} %" if low == high else f"{100 * low:.0f} to {100 * high:.0f} %"


def _against(figure: Against, unit: str) -> str:
    return (
        f"{figure.value:+.2f} {short_unit(unit)}, random ones {figure.random:+.2f}: better than "
        f"{100 * figure.beaten:.0f} % of them"
    )
