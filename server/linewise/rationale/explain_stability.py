"""Whether an explanation survives rewrites that change nothing of what the code does."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np

from linewise.rationale.explain_text import ExplainedText, Rewritten
from linewise.rationale.explanation import CategoryShare, Stability
from linewise.rationale.noise.rewrites import GONE, RewriteError
from linewise.rationale.noise.snr import normalised, rank_snr, signal_noise

LEAST_REPETITIONS = 3

Weights = Mapping[str, float]
"""The signed weight of each category."""


def by_category(categories: Iterable[CategoryShare]) -> Weights:
    """Return the categories' signed weights."""
    return {each.name: each.weight for each in categories}


def repeated(
    text: ExplainedText,
    line: int,
    count: int,
    weigh: Callable[[ExplainedText, int], Weights],
    *,
    enough: Callable[[], str | None],
) -> tuple[list[Weights], str | None]:
    """Weigh what a line became in each of ``count`` rewrites; say why it could not be, if so.

    ``enough`` is asked before each rewrite, and ends it with a reason.
    """
    found: list[Weights] = []
    reason = "no rewrite of this code is known to be harmless and to change it"
    for seed in range(count):
        if (stop := enough()) is not None:
            return found, stop
        try:
            rewrite: Rewritten | None = text.rewrite(seed)
        except RewriteError as error:
            reason = str(error)
            continue
        if rewrite is not None and rewrite.lines[line] != GONE:
            found.append(weigh(rewrite.text, rewrite.lines[line]))
    return found, reason


def stability(repetitions: Sequence[Weights], reason: str | None) -> Stability:
    """Return the signal-to-noise ratio of the categories' weights over repetitions.

    ``reason`` is why there are not more of them.
    """
    count = len(repetitions)
    names = sorted({name for each in repetitions for name in each})
    if count < LEAST_REPETITIONS:
        return Stability(None, None, None, count, reason)
    if len(names) < 2:
        return Stability(None, None, None, count, "all tokens are of one category")
    weights = normalised([[each.get(name, 0.0) for name in names] for each in repetitions])
    found, ranks = signal_noise(weights), rank_snr(weights)
    if not np.isfinite(found.snr):
        same = "the rewrites change nothing of the explanation: its noise is 0"
        return Stability(None, None, None, count, same)
    return Stability(found.snr, ranks if np.isfinite(ranks) else None, found.reliability, count)
