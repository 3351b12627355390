"""Whether two distributions over categories differ, by how much, and where.

Both are given by rows of sums over clusters of units (J, K), aligned: row j of both holds the same
cluster. That pairs what belongs together (two models on the same files, risky and safe lines of
the same files) and costs nothing where the two share no unit (two folders). `tables.amounts`
yields such rows, once `aligned` has put them on the clusters of a tally.

*Intervals* resample clusters. *p-values* flip, at random, the sign of each cluster's contribution
to the difference of the two distributions: if they are equal, that contribution is as likely to
point one way as the other (a wild bootstrap with the null imposed; Cameron, Gelbach and Miller
2008, Rev. Econ. Stat. 90(3), recommend it for few clusters). The least p-value that J clusters can
show is about 2^(1-J).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from attrs import frozen
from scipy.special import rel_entr

from linewise.lab.evaluate.bootstrap import RESAMPLES, Interval
from linewise.rationale.statistics.aggregators import Floats, shares
from linewise.rationale.statistics.intervals import Intervals, corrected, percentile, resampling
from linewise.rationale.statistics.tables import Amount, amounts
from linewise.rationale.statistics.tally import CLUSTERS, Tally

FLIPS = 9999
_ROUNDING = 1e-12


@frozen
class CategoryDifference:
    """A category's share in ``a`` and in ``b`` (0 to 1) and how they differ.

    ``effect`` is the share in a less that in b; ``q`` is the least rate of false discoveries at
    which the category would be reported (Benjamini and Hochberg 1995, over all categories seen).
    """

    category: str
    a: float
    b: float
    effect: Interval
    p: float
    q: float


@frozen
class CategoryShift:
    """How much more ``a`` holds of a category than ``b``, beyond what random rationales show.

    ``a``, ``b`` and ``chance_a``, ``chance_b`` are shares, 0 to 1; ``beyond`` is
    (a - chance_a) - (b - chance_b), ``p`` that of it being 0, and ``q`` as in
    `CategoryDifference`.
    """

    category: str
    a: float
    b: float
    chance_a: float
    chance_b: float
    beyond: Interval
    p: float
    q: float


@frozen
class Divergence:
    """``distance`` is that of Jensen and Shannon with base 2: 0 (equal) to 1 (nothing shared).

    Between samples of one distribution it is above 0 by chance; ``distance`` is corrected for that
    by the bootstrap. ``p`` is that of the distributions being equal.
    """

    distance: Interval
    p: float
    categories: tuple[CategoryDifference, ...]


def aligned(tally: Tally, of: Amount) -> Floats:
    """Return how much fell to each category, by cluster (CLUSTERS, K), empty clusters included."""
    found = np.zeros((CLUSTERS, len(tally.schema.categories)))
    found[tally.occupied] = amounts(tally, of)
    return found


def jensen_shannon(a: npt.ArrayLike, b: npt.ArrayLike) -> Floats:
    """Return the distance (…), 0 to 1, of amounts (…, K) as distributions; nan for no mass."""
    p, q = shares(np.asarray(a, np.float64)), shares(np.asarray(b, np.float64))
    middle = (p + q) / 2
    # Of equal distributions, rounding errors may leave less than nothing.
    apart = np.maximum((rel_entr(p, middle) + rel_entr(q, middle)).sum(axis=-1), 0.0)
    known = p.any(axis=-1) & q.any(axis=-1)
    return np.where(known, np.sqrt(apart / np.log(4)), np.nan)


def discovery_rates(p_values: Floats) -> Floats:
    """Return, for each p-value (K,), the least false discovery rate at which it is reported.

    That is min over j ≥ k of p₍ⱼ₎ K / j (Benjamini and Hochberg 1995). `scipy.stats` has it too,
    but takes longer to import than a whole report's statistics to compute.
    """
    order = np.argsort(p_values)
    ascending = p_values[order] * len(order) / np.arange(1, len(order) + 1)
    found = np.empty_like(p_values)
    found[order] = np.minimum.accumulate(ascending[::-1])[::-1]
    return np.minimum(found, 1.0)


def compare(
    a: Floats,
    b: Floats,
    categories: Sequence[str],
    *,
    resamples: int = RESAMPLES,
    flips: int = FLIPS,
    seed: int = 0,
) -> Divergence:
    """Compare two distributions over the K ``categories``, given by clusters (J, K) each.

    Categories that neither holds are left out. Raises ValueError if one of them holds nothing.
    """
    if not a.any() or not b.any():
        raise ValueError("an empty distribution differs from nothing")
    seen = np.flatnonzero(a.any(axis=0) | b.any(axis=0))
    occupied = a.any(axis=1) | b.any(axis=1)
    one, other = a[occupied][:, seen], b[occupied][:, seen]
    p, q = shares(one.sum(axis=0)), shares(other.sum(axis=0))

    weights = resampling(len(one), resamples, seed)
    mine, yours = weights @ one, weights @ other
    both = mine.any(axis=1) & yours.any(axis=1)
    mine, yours = mine[both], yours[both]
    observed = jensen_shannon(p, q)
    # The bias of the squared distance is additive; that of the distance is not, close to 0.
    squared = corrected(np.square(observed), np.square(jensen_shannon(mine, yours)), 0.0, 1.0)
    distance = Intervals(*np.sqrt([squared.value, squared.low, squared.high])).at()
    effect = percentile(p - q, shares(mine) - shares(yours))

    under_null = _flipped(_contributions(one, other), flips, seed)
    distances = jensen_shannon(*_apart((p + q) / 2, under_null))
    by_category = _p_value(np.abs(under_null), np.abs(p - q))
    discovery = discovery_rates(by_category)
    return Divergence(
        distance,
        float(_p_value(distances, observed)),
        tuple(
            CategoryDifference(
                categories[int(each)],
                float(p[k]),
                float(q[k]),
                effect.at(k),
                float(by_category[k]),
                float(discovery[k]),
            )
            for k, each in enumerate(seen)
        ),
    )


def shifts(
    a: tuple[Floats, Floats],
    b: tuple[Floats, Floats],
    categories: Sequence[str],
    *,
    resamples: int = RESAMPLES,
    flips: int = FLIPS,
    seed: int = 0,
) -> tuple[CategoryShift, ...]:
    """Compare how two distributions differ from their controls, category by category.

    ``a`` and ``b`` are a distribution and its control each, by clusters (J, K) as in `compare`.
    Two models cut texts into different tokens, so already random rationales of theirs may differ.
    Raises ValueError if one of them holds nothing.
    """
    parts = (*a, *b)
    if not all(each.any() for each in parts):
        raise ValueError("an empty distribution differs from nothing")
    seen = np.flatnonzero(np.any([each.any(axis=0) for each in parts], axis=0))
    occupied = np.any([each.any(axis=1) for each in parts], axis=0)
    rows = [each[occupied][:, seen] for each in parts]
    shown = [shares(each.sum(axis=0)) for each in rows]
    beyond = (shown[0] - shown[1]) - (shown[2] - shown[3])

    weights = resampling(int(occupied.sum()), resamples, seed)
    drawn = [weights @ each for each in rows]
    known = np.all([each.any(axis=1) for each in drawn], axis=0)
    resampled = [shares(each[known]) for each in drawn]
    found = percentile(beyond, (resampled[0] - resampled[1]) - (resampled[2] - resampled[3]))

    contributions = _contributions(rows[0], rows[2]) - _contributions(rows[1], rows[3])
    by_category = _p_value(np.abs(_flipped(contributions, flips, seed)), np.abs(beyond))
    discovery = discovery_rates(by_category)
    return tuple(
        CategoryShift(
            categories[int(each)],
            float(shown[0][k]),
            float(shown[2][k]),
            float(shown[1][k]),
            float(shown[3][k]),
            found.at(k),
            float(by_category[k]),
            float(discovery[k]),
        )
        for k, each in enumerate(seen)
    )


def _contributions(a: Floats, b: Floats) -> Floats:
    """Return what each cluster (J, K) contributes to the difference of the distributions.

    With the common distribution m = (p + q) / 2, cluster j contributes
    (aⱼ - m Σaⱼ) / Σa - (bⱼ - m Σbⱼ) / Σb; over all clusters that adds up to p - q exactly.
    """
    common = (shares(a.sum(axis=0)) + shares(b.sum(axis=0))) / 2
    return np.asarray(_residual(a, common) - _residual(b, common))


def _flipped(contributions: Floats, flips: int, seed: int) -> Floats:
    """Return differences (flips, K) as they would be if they were 0 but for chance."""
    return np.asarray(_signs(flips, len(contributions), seed) @ contributions)


@lru_cache(maxsize=4)
def _signs(flips: int, clusters: int, seed: int) -> Floats:
    """Return random signs (flips, J): the same for every comparison of so many clusters."""
    signs = np.random.default_rng(seed).choice((-1.0, 1.0), size=(flips, clusters))
    signs.flags.writeable = False
    return signs


def _residual(rows: Floats, common: Floats) -> Floats:
    return np.asarray((rows - rows.sum(axis=1, keepdims=True) * common) / rows.sum())


def _apart(common: Floats, differences: Floats) -> tuple[Floats, Floats]:
    """Return two distributions (R, K) each that differ so around a common one (K,)."""
    return (
        np.maximum(common + differences / 2, 0.0),
        np.maximum(common - differences / 2, 0.0),
    )


def _p_value(under_null: Floats, observed: Floats) -> Floats:
    """Return the share (…) of null figures (R, …) as large as observed, which counts as one."""
    # Shares that are equal but for rounding do not differ.
    as_large = (under_null >= observed * (1 - 1e-9) - _ROUNDING).sum(axis=0)
    return np.asarray((1 + as_large) / (1 + len(under_null)))
