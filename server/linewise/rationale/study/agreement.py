"""How well two sets of tokens agree, what chance would give, and intervals over people and pieces.

People who marked the same pieces make a crossed design: answers share their person and their
piece. Both are resampled, independently of each other, and an answer counts as often as its person
times its piece was drawn (Owen 2007, *The pigeonhole bootstrap*); the intervals err on the wide
side. Pairs of a person with themselves, which resampling people would make, count for nothing.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.stats import hypergeom

from linewise.lab.evaluate.bootstrap import RESAMPLES, Interval
from linewise.rationale.statistics.intervals import Intervals, percentile, resampling

Floats = npt.NDArray[np.float64]

MEASURES = ("jaccard", "precision", "recall", "f1")
"""Jaccard's index is intersection over union, IoU."""


def measures(chosen: frozenset[int], marked: frozenset[int]) -> Floats:
    """Return the `MEASURES` (4,) of a choice against what a person marked, each 0 to 1.

    Precision is that of the choice. A measure that divides by nothing is nan.
    """
    return _measures(len(chosen & marked), len(chosen), len(marked))


def expected(chosen: int, marked: int, candidates: int) -> Floats:
    """Return the expected `MEASURES` (4,) of ``chosen`` of the ``candidates``, drawn at random.

    Exact: how many of the ``marked`` a draw without replacement hits is hypergeometric.
    """
    hits = np.arange(min(chosen, marked) + 1)
    weights = np.asarray(hypergeom.pmf(hits, candidates, marked, chosen))
    return np.asarray(weights @ [_measures(both, chosen, marked) for both in hits.tolist()])


def _measures(both: int, chosen: int, marked: int) -> Floats:
    below = np.array([chosen + marked - both, chosen, marked, (chosen + marked) / 2], np.float64)
    return both / np.where(below > 0, below, np.nan)


def over_answers(values: Floats, *, resamples: int = RESAMPLES, seed: int = 0) -> Intervals:
    """Return means (M,) of values (people, pieces, M), nan where there is no answer.

    A lone person, or a lone piece, is not resampled: the interval then holds for it alone.
    """
    return _crossed(values[:, None], np.ones((1, 1), bool), resamples, seed)


def over_pairs(values: Floats, *, resamples: int = RESAMPLES, seed: int = 0) -> Intervals:
    """Return means (M,) of values (people, people, pieces, M), nan where there is no pair."""
    return _crossed(values, ~np.eye(len(values), dtype=bool), resamples, seed)


def _crossed(values: Floats, wanted: npt.NDArray[np.bool_], resamples: int, seed: int) -> Intervals:
    """Resample the rows, the columns (the same people, unless there is one) and the pieces."""
    known = np.isfinite(values) & wanted[:, :, None, None]
    sums = np.where(known, values, 0.0)
    # Who answered nothing, and what nobody answered, is no part of the sample.
    some, others = (np.asarray(known.any(axis=axes)) for axes in ((1, 2, 3), (0, 2, 3)))
    if len(some) == len(others):
        some = others = some | others
    chosen = np.ix_(some, others, known.any(axis=(0, 1, 3)))
    known, sums = known[chosen], sums[chosen]
    rows, columns, pieces, _ = known.shape
    of_rows, of_pieces = _drawn(rows, resamples, seed), _drawn(pieces, resamples, seed + 1)
    of_columns = of_rows if columns == rows else np.ones((len(of_rows), columns))

    def mean(people: Floats, others: Floats, drawn: Floats) -> Floats:
        weighted = [
            np.einsum("rp,rq,pqim,ri->rm", people, others, each, drawn, optimize=True)
            for each in (sums, known.astype(np.float64))
        ]
        below = np.where(weighted[1] > 0, weighted[1], np.nan)
        return np.asarray(weighted[0] / below)

    value = mean(*(np.ones((1, count)) for count in (rows, columns, pieces)))[0]
    if max(rows, pieces) < 2:
        return percentile(value, np.empty((0, *value.shape)))
    return percentile(value, mean(of_rows, of_columns, of_pieces))


def _drawn(count: int, resamples: int, seed: int) -> Floats:
    return resampling(count, resamples, seed) if count > 1 else np.ones((resamples, count))


def krippendorff(marks: list[Floats], *, resamples: int = RESAMPLES, seed: int = 0) -> Interval:
    """Return Krippendorff's alpha of marks, one (people, tokens) array of 0, 1 or nan per piece.

    For two values and people who may lack (nan), with n₀ and n₁ votes on a token of m = n₀ + n₁,
    tokens of one vote left out, and the totals N₀, N₁ and N (Krippendorff 2004, §11.3, nominal):

        α = 1 - (N - 1) · Σ n₀ n₁ / (m - 1) / (N₀ N₁)

    1 is perfect agreement, 0 that of chance; nan if nobody or everybody marked everything. Only
    pieces are resampled: a person drawn twice would agree with themselves.
    """
    sums = np.array([_alpha_sums(each) for each in marks]).reshape(len(marks), 3)
    drawn = resampling(len(marks), resamples, seed)
    return percentile(_alpha(sums.sum(axis=0)), _alpha(drawn @ sums)).at()


def _alpha_sums(marks: Floats) -> tuple[float, float, float]:
    """Return a piece's Σ n₀ n₁ / (m - 1), N₀ and N₁."""
    votes = np.isfinite(marks).sum(axis=0)
    ones = np.nansum(marks, axis=0)[votes > 1]
    zeros = votes[votes > 1] - ones
    return float((zeros * ones / (zeros + ones - 1)).sum()), float(zeros.sum()), float(ones.sum())


def _alpha(sums: Floats) -> Floats:
    disagreement, zeros, ones = np.moveaxis(np.asarray(sums), -1, 0)
    chance = np.where(zeros * ones > 0, zeros * ones, np.nan)
    return np.asarray(1 - (zeros + ones - 1) * disagreement / chance)
