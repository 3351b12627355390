"""Whether the tokens that weigh most are those the score rests on: deletion tests of one line."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from linewise.rationale.attribution import Attribution, Targets
from linewise.rationale.explanation import Against, Trust
from linewise.rationale.faithfulness.curves import AgainstRandom, faithfulness


def trust(
    targets: Targets, found: Attribution, fractions: Sequence[float], draws: int, *, batch: int
) -> Trust:
    """Compare each target's rationale with ``draws`` random ones, by means over the targets.

    The last token of a target's context is always kept, and is part of no rationale: without it
    there would be no score. ``batch`` sets of kept tokens are scored at a time.
    """
    figures = []
    for target in range(targets.count):
        context = targets.context(target)
        fixed = np.ones(len(targets.ids), bool)
        fixed[context[:-1]] = False
        if fixed.all():
            continue
        figures.append(
            faithfulness(
                np.nan_to_num(found.weights[target]),
                lambda keep, target=target: targets.scores(target, keep),  # type: ignore[misc]
                fixed=fixed,
                fractions=fractions,
                draws=draws,
                batch=batch,
            )
        )
    if not figures:
        reason = "only one token is read, and it cannot be left out"
        return Trust(tuple(fractions), draws, None, None, reason)
    return Trust(
        tuple(fractions),
        draws,
        _mean([each.sufficiency_area for each in figures]),
        _mean([each.comprehensiveness_area for each in figures]),
    )


def _mean(figures: Sequence[AgainstRandom]) -> Against:
    values = np.array([(each.value, each.random, each.beaten) for each in figures])
    return Against(*values.mean(axis=0).tolist())
