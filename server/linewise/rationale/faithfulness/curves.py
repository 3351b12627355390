"""Sufficiency and comprehensiveness of one unit's rationale, against random ones of equal size.

For a target with score s (a log-probability, a logit) and the share f of tokens that weigh most:

    sufficiency(f)       = s(only those tokens)                 how much they carry alone
    comprehensiveness(f) = s(all tokens) - s(without those)     how much is lost without them

as in papers on rationales since DeYoung et al. 2020 (ERASER, arXiv 1911.03429, who report
s(all) - sufficiency instead). Both are in the unit of the score, and more is better. Neither means
much alone, since a model sees few texts with holes: only the comparison with random rationales of
the same sizes, through the same holes, does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
from attrs import frozen
from scipy.integrate import trapezoid

from linewise.lab.evaluate.bootstrap import Interval
from linewise.rationale.statistics.aggregators import Bools, Floats, Ints
from linewise.rationale.statistics.intervals import percentile, resampling

Score = Callable[[Bools], Floats]
"""Maps masks of kept tokens (B, T) to the target's scores (B,)."""

FRACTIONS = (0.05, 0.1, 0.2, 0.3, 0.5)
RANDOM_RATIONALES = 20
BATCH = 64


@frozen
class AgainstRandom:
    """A figure of a rationale beside the same figure of random rationales of equal sizes.

    ``difference`` is the rationale's less the random ones' mean, with an interval over the random
    draws: it says how exactly this one unit's difference is known, not how units vary.
    ``beaten`` is the share of random rationales that do worse; equal ones count half.
    """

    value: float
    random: float
    difference: Interval
    beaten: float


@frozen(eq=False)
class Faithfulness:
    """The deletion tests of one rationale. Curves (F,) belong to ``fractions`` (F,).

    ``whole`` and ``nothing`` are the scores with all tokens and with none but the fixed ones.
    ``sufficiency_area`` and ``comprehensiveness_area`` are the mean heights of the curves
    (area under the curve by width), in the unit of the score.
    """

    fractions: tuple[float, ...]
    whole: float
    nothing: float
    sufficiency: Floats
    comprehensiveness: Floats
    sufficiency_area: AgainstRandom
    comprehensiveness_area: AgainstRandom


def faithfulness(
    weights: npt.ArrayLike,
    score: Score,
    *,
    fixed: Bools | None = None,
    fractions: Sequence[float] = FRACTIONS,
    draws: int = RANDOM_RATIONALES,
    seed: int = 0,
    batch: int = BATCH,
) -> Faithfulness:
    """Measure the rationale that takes tokens in descending order of ``weights`` (T,).

    Weights that speak against the target come last: the rationale is for it. Equal ones are taken
    from the latest token on. Tokens in ``fixed`` (T,), such as the target's own, are always kept
    and never chosen, by random rationales neither. A fraction f of T' free tokens is ⌈f · T'⌉ of
    them. The score is asked once per distinct mask of a size: 2 · F · (1 + draws) + 2 masks at
    most, ``batch`` at a time.

    Raises ValueError if no token is free, a weight is nan, or the fractions are not in (0, 1] and
    ascending.
    """
    values = np.asarray(weights, np.float64)
    held = np.zeros(len(values), bool) if fixed is None else fixed
    free = np.flatnonzero(~held)
    if not len(free) or np.isnan(values[free]).any():
        raise ValueError("a rationale needs tokens to choose from, each with a weight")
    if not fractions or not all(
        0 < low < high <= 1 for low, high in zip((1e-9, *fractions), fractions, strict=False)
    ):
        raise ValueError(f"fractions must ascend within (0, 1]: {fractions}")
    ranked = free[np.lexsort((-free, -values[free]))]
    generator = np.random.default_rng(seed)
    orders = np.stack([ranked, *(generator.permutation(free) for _ in range(draws))])
    sizes = np.array([int(np.ceil(round(f * len(free), 9))) for f in fractions])

    chosen = _chosen(orders, sizes, len(values))
    edges = np.stack([np.ones(len(values), bool), held])
    masks = np.concatenate([edges, *(chosen | held), *~chosen])
    scores = _scored(score, masks, batch)
    whole, nothing = scores[:2]
    alone, without = scores[2:].reshape(2, len(orders), len(sizes))
    losses = whole - without
    return Faithfulness(
        tuple(fractions),
        float(whole),
        float(nothing),
        alone[0],
        losses[0],
        _against_random(_height(alone, fractions), seed),
        _against_random(_height(losses, fractions), seed),
    )


def _chosen(orders: Ints, sizes: Ints, tokens: int) -> Bools:
    """Return the masks (orders, sizes, T) of the first so many tokens of each order."""
    rank = np.full((len(orders), tokens), tokens)
    np.put_along_axis(rank, orders, np.arange(orders.shape[1])[None], axis=1)
    return np.asarray(rank[:, None] < sizes[:, None])


def _scored(score: Score, masks: Bools, batch: int) -> Floats:
    """Return the score (N,) of each mask (N, T), asking for no mask twice.

    Masks of like size are asked for together, so that short inputs do not pad to long ones.
    """
    distinct, inverse = np.unique(masks, axis=0, return_inverse=True)
    by_size = np.argsort(distinct.sum(axis=1), kind="stable")
    found = np.empty(len(distinct))
    for begin in range(0, len(distinct), batch):
        some = by_size[begin : begin + batch]
        found[some] = score(distinct[some])
    return np.asarray(found[inverse.ravel()])


def _height(curves: Floats, fractions: Sequence[float]) -> Floats:
    """Return the mean height (…) of curves (…, F) over the fractions' range."""
    if len(fractions) == 1:
        return np.asarray(curves[..., 0])
    return np.asarray(trapezoid(curves, fractions, axis=-1) / (fractions[-1] - fractions[0]))


def _against_random(heights: Floats, seed: int) -> AgainstRandom:
    """Compare the first height (1 + draws,) with the others."""
    ours, others = heights[0], heights[1:]
    if not len(others):
        nothing = Interval(float("nan"), float("nan"), float("nan"))
        return AgainstRandom(float(ours), float("nan"), nothing, float("nan"))
    weights = resampling(len(others), seed=seed)
    resampled = ours - weights @ others / max(1, len(others))
    return AgainstRandom(
        float(ours),
        float(others.mean()),
        percentile(ours - others.mean(), resampled).at(),
        float(((others < ours) + 0.5 * (others == ours)).mean()),
    )
