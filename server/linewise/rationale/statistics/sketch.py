"""A mergeable sketch of a distribution: counts in bins of equal relative width.

The bins are those of DDSketch (Masson, Rim and Lee, VLDB 2019, arXiv 1908.10693), on both sides
of zero: bin i > 0 holds magnitudes in (γ^(i-1), γ^i] · `SMALLEST` with γ = (1 + α) / (1 - α), and
its representative is within the relative error α of all of them. Counts add up, so sketches merge
exactly, whatever the order; nothing is sampled.
"""

from __future__ import annotations

from math import ceil, log

import numpy as np
import numpy.typing as npt

from linewise.rationale.statistics.aggregators import Floats, Ints

RELATIVE_ERROR = 0.01
"""α: a quantile is at most so far, relatively, from the sample's own."""
SMALLEST, LARGEST = 2.0**-30, 2.0**33
"""Magnitudes up to the first count as 0; those beyond the second count as it."""
_GAMMA = (1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR)
SIDE = ceil(log(LARGEST / SMALLEST) / log(_GAMMA))
BINS = 2 * SIDE + 1
"""Bins in ascending order of value; the middle one is zero's."""


def bin_of(values: npt.ArrayLike) -> Ints:
    """Return the bin (…) of each finite value (…)."""
    x = np.asarray(values, np.float64)
    magnitude = np.clip(np.abs(x), SMALLEST, LARGEST)
    place = np.ceil(np.log(magnitude / SMALLEST) / log(_GAMMA)).astype(np.int64)
    return np.asarray(SIDE + np.sign(x).astype(np.int64) * np.minimum(place, SIDE))


def representatives() -> Floats:
    """Return the value (BINS,) that stands for each bin."""
    place = np.arange(1, SIDE + 1)
    side = SMALLEST * np.power(_GAMMA, place) * 2 / (1 + _GAMMA)
    return np.concatenate((-side[::-1], [0.0], side))


def quantile(counts: npt.ArrayLike, q: float, bins: Ints | None = None) -> Floats:
    """Return the ``q``-quantile (…) of counts (…, n), nan where all counts are 0.

    The counts are those of the ``bins`` (n,), ascending; of all bins if None. It is the lower
    quantile: the smallest value below or at which the share ``q`` of the sample lies, up to
    `RELATIVE_ERROR`.
    """
    values = representatives() if bins is None else representatives()[bins]
    reached = np.cumsum(np.asarray(counts), axis=-1)
    total = reached[..., -1:]
    place = (reached < q * total).sum(axis=-1)
    return np.where(total[..., 0] > 0, values[np.minimum(place, len(values) - 1)], np.nan)
