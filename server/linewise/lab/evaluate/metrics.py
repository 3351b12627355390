"""Metrics of calibration: Brier score and skill, three kinds of calibration error.

Definitions and sources: docs/evaluation.md. Ranking metrics: `linewise.lab.evaluate.ranking`.
"""

from __future__ import annotations

import numpy as np
from scipy.fft import dct

from linewise.lab.evaluate.ranking import RANKING, auc
from linewise.lab.evaluate.sample import Floats, Ints, Metric, Sample

BINS = 10
GRID = 1025
"""Points on [0, 1] for smECE: errors below 1/1024 are not told apart."""


def _brier(sample: Sample, weights: Floats) -> Floats:
    loss = weights @ np.square(sample.p - sample.labels)
    return np.asarray(loss / weights.sum(axis=1))


def _brier_skill(sample: Sample, weights: Floats) -> Floats:
    rate = weights @ sample.labels / weights.sum(axis=1)
    skill = 1.0 - _brier(sample, weights) / (rate * (1.0 - rate))
    return np.where((rate > 0) & (rate < 1), skill, np.nan)


def _binned_error(sample: Sample, weights: Floats, index: Ints) -> Floats:
    residual = np.zeros((len(sample.p), index.max() + 1))
    residual[np.arange(len(sample.p)), index] = sample.labels - sample.p
    return np.asarray(np.abs(weights @ residual).sum(axis=1) / weights.sum(axis=1))


def _equal_width(sample: Sample, weights: Floats) -> Floats:
    return _binned_error(sample, weights, sample.equal_width(BINS))


def _equal_mass(sample: Sample, weights: Floats) -> Floats:
    return _binned_error(sample, weights, sample.equal_mass(BINS))


def _smooth(sample: Sample, weights: Floats) -> Floats:
    """Return smECE (Błasiok and Nakkiran 2023, arXiv 2309.12236): the fixed point of its width.

    A reflected Gaussian kernel on [0, 1] scales the k-th cosine by exp(-(π k σ)² / 2), so one
    cosine transform serves every width that the search tries.
    """
    residual = sample.grid(GRID).T @ (weights * (sample.labels - sample.p)).T
    # A point at either end is seen by its own mirror image too: a whole, where type I has a half.
    residual[[0, -1]] *= 2.0
    cosines = dct(residual, type=1, axis=0) / weights.sum(axis=1)
    frequency = np.pi * np.arange(GRID)[:, None]
    low, high = np.zeros(weights.shape[0]), np.ones(weights.shape[0])
    for _ in range(12):
        width = (low + high) / 2
        smoothed = dct(cosines * np.exp(-0.5 * np.square(frequency * width)), type=1, axis=0)
        # The transform is its own inverse up to 2 (GRID - 1), which is also the mean's divisor.
        error = np.abs(smoothed / 2.0)
        error[[0, -1]] /= 2.0
        wider = error.sum(axis=0) / (GRID - 1) > width
        low, high = np.where(wider, width, low), np.where(wider, high, width)
    return (low + high) / 2


brier_score = Metric("Brier score", higher=False, compute=_brier)
brier_skill = Metric("Brier skill", higher=True, compute=_brier_skill)
expected_calibration_error = Metric("ECE", higher=False, compute=_equal_width)
equal_mass_error = Metric("ECE, equal mass", higher=False, compute=_equal_mass)
smooth_error = Metric("smECE", higher=False, compute=_smooth)

HEADLINE: dict[str, Metric] = {
    "bss": brier_skill,
    "ece": expected_calibration_error,
    "auc": auc,
}
CALIBRATION: dict[str, Metric] = {
    "brier": brier_score,
    "ece_mass": equal_mass_error,
    "smece": smooth_error,
}
METRICS: dict[str, Metric] = {**HEADLINE, **CALIBRATION, **RANKING}
