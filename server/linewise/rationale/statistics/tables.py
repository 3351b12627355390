"""What a tally says of its categories: counts, shares, means and medians, with intervals.

All intervals of one call come from the same resamples of whole clusters of units.
"""

from __future__ import annotations

from enum import StrEnum

import numpy as np
from attrs import frozen

from linewise.lab.evaluate.bootstrap import RESAMPLES, Interval
from linewise.rationale.statistics import sketch
from linewise.rationale.statistics.aggregators import Floats, Ints, shares
from linewise.rationale.statistics.counts import QUANTUM, Cells
from linewise.rationale.statistics.intervals import Intervals, percentile, resampling
from linewise.rationale.statistics.tally import Tally


class Amount(StrEnum):
    """What a share is a share of."""

    COUNT = "count"
    """Rationale tokens, one per pair of categories."""
    WEIGHT = "weight"
    """Absolute weights, in their own unit."""


@frozen
class CategoryRow:
    """A category of rationale tokens.

    ``count`` is a number of (target, rationale) pairs; the shares (0 to 1) add up to 1 over the
    categories; ``mean`` and ``median`` are of the signed weights of the pairs, in their unit, the
    median within 1 % (`sketch`). A figure that is undefined, for want of pairs, is nan.
    """

    category: str
    count: int
    count_share: Interval
    weight_share: Interval
    mean: Interval
    median: Interval


@frozen(eq=False)
class Matrix:
    """Target × rationale by category, (K, K) each; a row is a target's category.

    ``counts`` are exact, ``share`` is the part of a row's pairs (0 to 1), nan in an empty row;
    ``mean`` are the signed weights of the pairs, nan where there are none.
    """

    categories: tuple[str, ...]
    counts: Ints
    share: Intervals
    mean: Intervals


def amounts(tally: Tally, of: Amount) -> Floats:
    """Return how much fell to each category of rationale tokens, by cluster (J, K)."""
    if of is Amount.COUNT:
        return np.asarray(tally.rows(Cells.PAIRS).sum(axis=1), np.float64)
    both = tally.rows(Cells.POSITIVE) + tally.rows(Cells.NEGATIVE)
    return np.asarray(both.sum(axis=1) * QUANTUM)


def category_table(
    tally: Tally, *, resamples: int = RESAMPLES, seed: int = 0
) -> tuple[CategoryRow, ...]:
    """Return a row per category, in the order of the schema."""
    weights = resampling(len(tally.occupied), resamples, seed)
    counts, sizes = amounts(tally, Amount.COUNT), amounts(tally, Amount.WEIGHT)
    count_share = percentile(shares(counts.sum(axis=0)), shares(weights @ counts))
    weight_share = percentile(shares(sizes.sum(axis=0)), shares(weights @ sizes))
    mean = _mean(_signed(tally).sum(axis=1), counts, weights)
    exact = tally.rows(Cells.PAIRS).sum(axis=(0, 1))
    spread = tally.rows(Cells.SPREAD)
    return tuple(
        CategoryRow(
            category,
            int(exact[k]),
            count_share.at(k),
            weight_share.at(k),
            mean.at(k),
            _median(spread[:, k], weights),
        )
        for k, category in enumerate(tally.schema.categories)
    )


def matrix(tally: Tally, *, resamples: int = RESAMPLES, seed: int = 0) -> Matrix:
    """Return which categories of tokens rest on which, and by how much on average."""
    weights = resampling(len(tally.occupied), resamples, seed)
    counts = tally.rows(Cells.PAIRS)
    pairs = counts.astype(np.float64)
    share = _mean(pairs, pairs.sum(axis=2, keepdims=True), weights)
    mean = _mean(_signed(tally), pairs, weights)
    return Matrix(tally.schema.categories, np.asarray(counts.sum(axis=0)), share, mean)


def _signed(tally: Tally) -> Floats:
    """Return the sums of signed weights by target's and rationale's category (J, K, K)."""
    return np.asarray((tally.rows(Cells.POSITIVE) - tally.rows(Cells.NEGATIVE)) * QUANTUM)


def _mean(sums: Floats, counts: Floats, weights: Floats) -> Intervals:
    """Return Σ sums / Σ counts (…) of clusters (J, …), resampled as one ratio."""
    with np.errstate(invalid="ignore"):
        value = sums.sum(axis=0) / counts.sum(axis=0)
        drawn = [np.tensordot(weights, each, axes=1) for each in (sums, counts)]
        return percentile(value, drawn[0] / drawn[1])


def _median(spread: Ints, weights: Floats) -> Interval:
    """Return the median of clusters' sketches (J, BINS)."""
    used = np.flatnonzero(spread.any(axis=0))
    if not len(used):
        return Interval(np.nan, np.nan, np.nan)
    # Bins in use only: a sketch has thousands, a category's weights lie in dozens of them.
    value = sketch.quantile(spread[:, used].sum(axis=0), 0.5, used)
    return percentile(value, sketch.quantile(weights @ spread[:, used], 0.5, used)).at()
