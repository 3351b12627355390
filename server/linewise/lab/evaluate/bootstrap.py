"""Intervals from a bootstrap over problems, of a figure and of the difference of two.

Items of one problem share its difficulty, so resampling items would make intervals too narrow.
Two methods measured on the same items share that difficulty too: their difference is resampled as
a pair, which is far sharper than comparing two intervals.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import numpy.typing as npt
from attrs import frozen

from linewise.lab.evaluate.sample import Floats, Metric, Sample, sample_of

RESAMPLES = 1000
_WEIGHTS_IN_MEMORY = 4_000_000
"""Resamples are weighted in batches of so many numbers: 32 MB, whatever the sample's size."""


@frozen
class Interval:
    """A figure with its 95 % percentile bootstrap interval."""

    value: float
    low: float
    high: float


def with_interval(
    metric: Metric,
    labels: npt.ArrayLike,
    p: npt.ArrayLike,
    groups: npt.NDArray[np.generic],
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Interval:
    """Return ``metric`` with an interval from resampling whole ``groups`` with replacement."""
    found = intervals({"": metric}, sample_of(labels, p), groups, resamples=resamples, seed=seed)
    return found[""]


def intervals(
    metrics: Mapping[str, Metric],
    sample: Sample,
    groups: npt.NDArray[np.generic],
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> dict[str, Interval]:
    """Return several metrics of one sample, all from the same resamples."""
    whole = np.ones((1, len(sample.p)))
    batches = [
        {name: metric.values(sample, weights) for name, metric in metrics.items()}
        for weights in _weightings(groups, resamples, seed)
    ]
    return {
        name: _interval(metric.values(sample, whole), [batch[name] for batch in batches])
        for name, metric in metrics.items()
    }


def differences(
    metrics: Mapping[str, Metric],
    one: Sample,
    other: Sample,
    groups: npt.NDArray[np.generic],
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> dict[str, Interval]:
    """Return metrics of ``one`` less those of ``other``, over the same items in the same order.

    Both are weighted by the same resample: this is the paired bootstrap.
    """
    whole = np.ones((1, len(one.p)))
    batches = [
        {name: each.values(one, w) - each.values(other, w) for name, each in metrics.items()}
        for w in _weightings(groups, resamples, seed)
    ]
    return {
        name: _interval(
            each.values(one, whole) - each.values(other, whole), [batch[name] for batch in batches]
        )
        for name, each in metrics.items()
    }


def _weightings(groups: npt.NDArray[np.generic], resamples: int, seed: int) -> Iterator[Floats]:
    """Yield batches (R, n): how often each item occurs when whole groups are drawn."""
    _, codes = np.unique(groups, return_inverse=True)
    if not len(codes):
        return
    count = int(codes.max()) + 1
    generator = np.random.default_rng(seed)
    batch = max(1, _WEIGHTS_IN_MEMORY // len(codes))
    for begin in range(0, resamples, batch):
        size = min(batch, resamples - begin)
        drawn = generator.multinomial(count, np.full(count, 1.0 / count), size=size)
        yield drawn[:, codes].astype(np.float64)


def _interval(value: Floats, batches: list[Floats]) -> Interval:
    resampled = np.concatenate(batches) if batches else np.empty(0)
    known = resampled[np.isfinite(resampled)]
    # A metric that no resample defines (one class only) has no interval either.
    low, high = np.quantile(known, [0.025, 0.975]) if len(known) else (np.nan, np.nan)
    return Interval(float(value[0]), float(low), float(high))
