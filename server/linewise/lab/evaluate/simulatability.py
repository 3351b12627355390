"""Simulatability: what a reader could predict of the probe from the hover's summary alone.

A simple model reads the category shares of a line's rationale and predicts, on files it never saw,
what the probe said: its log-odds (ridge regression) and whether the line is flagged (logistic
regression). An explanation that carries nothing does no better than the base rate of the other
files; the same model on *shuffled* summaries shows what its fitting alone costs or gains
(arXiv 2402.01761 on simulation as a test of explanations; the protocol is ours).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from attrs import frozen
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.model_selection import GroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from linewise.errors import LabDataError
from linewise.lab.evaluate.bootstrap import RESAMPLES, Interval, differences, intervals
from linewise.lab.evaluate.metrics import brier_skill
from linewise.lab.evaluate.ranking import auc
from linewise.lab.evaluate.sample import Floats, Metric, Sample, sample_of

FOLDS = 5
_ALPHAS = np.logspace(-3, 3, 13)
Reader = Callable[[Floats, Floats, Floats], Floats]
"""Maps summaries (n, K) and answers (n,) of known files, and other summaries, to predictions."""


def _explained(sample: Sample, weights: Floats) -> Floats:
    mean = weights @ sample.labels / weights.sum(axis=1)
    spread = weights @ np.square(sample.labels) - np.square(mean) * weights.sum(axis=1)
    return np.asarray(1.0 - weights @ np.square(sample.labels - sample.p) / spread)


def _accuracy(sample: Sample, weights: Floats) -> Floats:
    right = (sample.p >= 0.5) == (sample.labels > 0.5)
    return np.asarray(weights @ right / weights.sum(axis=1))


explained_variance = Metric("R²", higher=True, compute=_explained)
accuracy = Metric("accuracy", higher=True, compute=_accuracy)
FLAGGED = {"bss": brier_skill, "auc": auc, "accuracy": accuracy}
LOG_ODDS = {"r2": explained_variance}


@frozen
class Simulation:
    """Figures by name: ``r2`` of the log-odds; ``bss``, ``auc``, ``accuracy`` of being flagged.

    ``summary``, ``base_rate`` and ``shuffled`` are those of the three readers on held-out files;
    ``over_base_rate`` and ``over_shuffled`` are the paired differences. Intervals resample files.
    ``flagged`` is the share of the ``lines`` that the probe flags.
    """

    lines: int
    files: int
    flagged: float
    summary: dict[str, Interval]
    base_rate: dict[str, Interval]
    shuffled: dict[str, Interval]
    over_base_rate: dict[str, Interval]
    over_shuffled: dict[str, Interval]


def simulate(
    summaries: npt.ArrayLike,
    log_odds: npt.ArrayLike,
    files: npt.ArrayLike,
    *,
    threshold: float = 0.0,
    folds: int = FOLDS,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Simulation:
    """Predict the probe's ``log_odds`` (n,) from category shares (n, K), file by held-out file.

    A line is flagged where its log-odds reach ``threshold``.

    Raises
    ------
    LabDataError
        If there are fewer files than ``folds``, or all lines (or none) are flagged.
    """
    shares, answers = np.asarray(summaries, np.float64), np.asarray(log_odds, np.float64)
    groups = np.asarray(files)
    flags = (answers >= threshold).astype(np.float64)
    if len(np.unique(groups)) < folds:
        raise LabDataError(f"simulatability needs lines of at least {folds} files; add files")
    if flags.min() == flags.max():
        raise LabDataError("all lines are flagged, or none; move the threshold")
    mixed = np.random.default_rng(seed).permutation(shares)
    parts = []
    for target, reader, metrics in ((answers, _ridge, LOG_ODDS), (flags, _logistic, FLAGGED)):
        read, base, noise = (
            sample_of(target, _held_out(how, features, target, groups, folds))
            for how, features in ((reader, shares), (_base_rate, shares), (reader, mixed))
        )
        parts.append(
            [
                *(
                    intervals(metrics, each, groups, resamples=resamples, seed=seed)
                    for each in (read, base, noise)
                ),
                *(
                    differences(metrics, read, each, groups, resamples=resamples, seed=seed)
                    for each in (base, noise)
                ),
            ]
        )
    merged = [one | other for one, other in zip(*parts, strict=True)]
    return Simulation(len(answers), len(np.unique(groups)), float(flags.mean()), *merged)


def _held_out(
    reader: Reader, features: Floats, target: Floats, groups: npt.NDArray[np.generic], folds: int
) -> Floats:
    """Return a prediction (n,) for each line by a reader that saw no line of its file."""
    found = np.empty(len(target))
    for train, test in GroupKFold(folds).split(features, target, groups):
        found[test] = reader(features[train], target[train], features[test])
    return found


def _base_rate(_: Floats, target: Floats, unseen: Floats) -> Floats:
    return np.full(len(unseen), target.mean())


def _ridge(known: Floats, target: Floats, unseen: Floats) -> Floats:
    model = make_pipeline(StandardScaler(), RidgeCV(_ALPHAS)).fit(known, target)
    return np.asarray(model.predict(unseen), np.float64)


def _logistic(known: Floats, target: Floats, unseen: Floats) -> Floats:
    if target.min() == target.max():
        return _base_rate(known, target, unseen)
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(known, target)
    return np.asarray(model.predict_proba(unseen)[:, 1], np.float64)
