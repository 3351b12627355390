"""Calibration and ranking metrics, with intervals from a bootstrap over problems.

Items of one problem share its difficulty, so resampling items would make intervals too narrow.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from attrs import frozen
from sklearn.metrics import brier_score_loss, roc_auc_score

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Metric = Callable[[Bools, Floats], float]


@frozen
class Interval:
    """A figure with its 95 % percentile bootstrap interval."""

    value: float
    low: float
    high: float


def brier_skill(labels: Bools, p: Floats) -> float:
    """Return 1 - Brier / (ybar (1 - ybar)): 0 is the base rate's skill, 1 is perfect."""
    rate = labels.mean()
    return float(1.0 - brier_score_loss(labels, p) / (rate * (1.0 - rate)))


def expected_calibration_error(labels: Bools, p: Floats, bins: int = 10) -> float:
    """Return the ECE over equal-width bins of [0, 1], weighted by how many items each holds."""
    index = np.minimum((p * bins).astype(int), bins - 1)
    count = np.bincount(index, minlength=bins)
    gap = np.bincount(index, labels, bins) - np.bincount(index, p, bins)
    return float(np.abs(gap).sum() / count.sum())


def auc(labels: Bools, p: Floats) -> float:
    """Return the area under the ROC curve of ``p`` for ``labels``."""
    return float(roc_auc_score(labels, p))


METRICS: dict[str, Metric] = {
    "bss": brier_skill,
    "ece": expected_calibration_error,
    "auc": auc,
}


def with_interval(
    metric: Metric,
    labels: Bools,
    p: Floats,
    groups: npt.NDArray[np.generic],
    *,
    resamples: int = 1000,
    seed: int = 0,
) -> Interval:
    """Return ``metric`` with an interval from resampling whole ``groups`` with replacement."""
    generator = np.random.default_rng(seed)
    _, codes = np.unique(groups, return_inverse=True)
    members = np.split(np.argsort(codes, kind="stable"), np.cumsum(np.bincount(codes))[:-1])
    values = []
    for _ in range(resamples):
        picked = np.concatenate(
            [members[group] for group in generator.integers(len(members), size=len(members))]
        )
        values.append(metric(labels[picked], p[picked]))
    low, high = np.nanquantile(values, [0.025, 0.975])
    return Interval(metric(labels, p), float(low), float(high))
