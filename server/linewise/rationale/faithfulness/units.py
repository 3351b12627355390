"""Faithfulness over many units: how often, and by how much, a method beats random rationales."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from attrs import frozen

from linewise.lab.evaluate.bootstrap import RESAMPLES, Interval
from linewise.rationale.faithfulness.curves import AgainstRandom
from linewise.rationale.statistics.aggregators import Floats, one_hot
from linewise.rationale.statistics.intervals import percentile, resampling


@frozen
class Verdict:
    """What a method's deletion tests come to over ``units`` units of ``groups`` groups.

    ``better`` is the share of units (0 to 1) whose figure is above the mean of random rationales,
    ``beaten`` the mean share of random rationales a unit beats (.5 is chance), ``difference`` the
    mean difference in the unit of the score. Intervals resample whole groups.
    """

    units: int
    groups: int
    better: Interval
    beaten: Interval
    difference: Interval


def verdict(
    found: Sequence[AgainstRandom],
    groups: npt.ArrayLike,
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Verdict:
    """Sum up one figure of many units; ``groups`` (n,) names what each is of, a file, say.

    Raises ValueError if there is no unit.
    """
    if not found:
        raise ValueError("no unit was measured")
    _, codes = np.unique(np.asarray(groups), return_inverse=True)
    count = int(codes.max()) + 1
    figures = np.array(
        [[each.value > each.random, each.beaten, each.difference.value, 1.0] for each in found]
    )
    rows = one_hot(codes, count).astype(np.float64).T @ figures
    weights = resampling(count, resamples, seed)
    means = percentile(_means(rows.sum(axis=0)), _means(weights @ rows))
    return Verdict(len(found), count, means.at(0), means.at(1), means.at(2))


def _means(sums: Floats) -> Floats:
    return np.asarray(sums[..., :-1] / sums[..., -1:])
