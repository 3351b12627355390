"""Bootstrap intervals over clusters: each statistic is recomputed from resampled clusters.

Tokens of one unit share its author, topic and style, so whole clusters are drawn, never tokens.
A cluster is a row of sums; a resample is a vector of how often each row was drawn, and since all
that is reported derives from sums, one matrix product yields the sums of a thousand resamples.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt
from attrs import frozen

from linewise.lab.evaluate.bootstrap import RESAMPLES, Interval

Floats = npt.NDArray[np.float64]
_TAILS = (0.025, 0.975)


@frozen(eq=False)
class Intervals:
    """Figures of any shape with 95 % intervals, nan where there are fewer than two clusters."""

    value: Floats
    low: Floats
    high: Floats

    def at(self, *index: int) -> Interval:
        """Return one figure."""
        return Interval(*(float(each[index]) for each in (self.value, self.low, self.high)))


@lru_cache(maxsize=4)
def resampling(clusters: int, resamples: int = RESAMPLES, seed: int = 0) -> Floats:
    """Return how often (R, J) each of J clusters is drawn; no rows if there are fewer than two.

    One cluster alone says nothing about how clusters differ.
    """
    if clusters < 2:
        return np.empty((0, clusters))
    generator = np.random.default_rng(seed)
    drawn = generator.multinomial(clusters, np.full(clusters, 1.0 / clusters), size=resamples)
    found = drawn.astype(np.float64)
    # All that ask for the same resamples share them.
    found.flags.writeable = False
    return found


def percentile(value: npt.ArrayLike, resampled: Floats) -> Intervals:
    """Return the percentile interval of a figure (...) from resampled ones (R, ...).

    Resamples that do not define the figure (nan) are left out.
    """
    centre = np.asarray(value, np.float64)
    low, high = _quantiles(centre, resampled)
    return Intervals(centre, low, high)


def centred(value: npt.ArrayLike, resampled: Floats) -> Intervals:
    """Return the percentile interval of resampled figures, moved from their mean to ``value``.

    For plug-in entropies, which are biased downwards: resampling adds the same bias once more, so
    that the percentile interval would lie beside the figure. What this one tells is how far the
    figure would vary between samples of this size.
    """
    centre = np.asarray(value, np.float64)
    moved = resampled - resampled.mean(axis=0) + centre if len(resampled) else resampled
    return percentile(centre, moved)


def corrected(value: npt.ArrayLike, resampled: Floats, least: float, most: float) -> Intervals:
    """Return a biased figure (...) less its bias, with its basic interval, both cut to its range.

    For distances, which chance alone makes larger than 0: with v as observed, its bias is that of
    the resampled figures, mean - v, and the interval is [2v - q₉₇․₅, 2v - q₂․₅] (Davison and
    Hinkley 1997, §2.1.2 and §5.2.1). Without resamples it is as observed.
    """
    observed = np.asarray(value, np.float64)
    low, high = _quantiles(observed, resampled)
    mean = resampled.mean(axis=0) if len(resampled) else observed
    bounds = (2 * observed - each for each in (mean, high, low))
    return Intervals(*(np.clip(each, least, most) for each in bounds))


def _quantiles(centre: Floats, resampled: Floats) -> tuple[Floats, Floats]:
    known = np.isfinite(resampled).sum(axis=0) >= 2
    low, high = np.full(centre.shape, np.nan), np.full(centre.shape, np.nan)
    if known.any():
        bounds = np.nanquantile(resampled[:, known], _TAILS, axis=0)
        low[known], high[known] = bounds
    return low, high
