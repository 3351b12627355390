"""Fitting a workspace's calibration and measuring it on later commits than it was fitted on.

The model is a logistic regression on the probe's log-odds, as shipped, and the churn of the file
(`churn.FEATURES`), with a prior from other repositories. With the probe alone it is Platt scaling.
"""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from enum import Enum
from functools import cache
from importlib.resources import files
from itertools import groupby
from typing import Any

import cattrs
import numpy as np
import numpy.typing as npt
from attrs import frozen
from scipy.optimize import minimize

from linewise.errors import LinewiseError
from linewise.lab.evaluate.bootstrap import Interval, differences, intervals
from linewise.lab.evaluate.metrics import HEADLINE, brier_score
from linewise.lab.evaluate.sample import sample_of
from linewise.probe.calibration import sigmoid
from linewise.workspace.churn import DAY, FEATURES
from linewise.workspace.labels import Example
from linewise.workspace.store import Weights

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

CHURN_PRECISION, LEVEL_PRECISION, SLOPE_PRECISION = 100.0, 3.0, 1.0
"""How firmly the fit holds on to what it starts from, as inverse variances in log-odds: the weights
of other repositories, their level, and a probe that says nothing."""
COMMIT_WEIGHT = 2.0
"""How many independent lines the lines of one commit tell as much as, at most."""
POOLED_WEIGHT = 800.0
"""How many independent lines a repository counts as in the prior."""
BACKGROUND_LINES = 8
"""Of each commit, for the churn of files: it is the same for all lines of a file."""
HALF_LIFE_DAYS = 365.0
"""A line this much older than another counts half: how fast code is reworked drifts."""
LATER = 0.3
"""The share of commits, the last ones, that the fit is measured on."""
PERIODS = 6
"""How often the fit is renewed over these, as a workspace's is from time to time."""
LEAST_COMMITS, LEAST_LINES, LEAST_CHANGED = 100, 400, 30


class TooFewLabelsError(LinewiseError):
    """The history says too little to fit anything to it."""


class Inputs(Enum):
    """What a fit may look at."""

    BOTH = "probe and churn"
    PROBE = "probe alone"
    CHURN = "churn alone"


@frozen(eq=False)
class Data:
    """Labelled lines in the order they were written.

    ``evidence`` (n,) are log-odds as shipped, ``context`` (n, f) the features of `churn`,
    ``changed`` (n,) the labels, ``commit`` (n,) the commits they belong to and ``time`` (n,) when
    they were made, in seconds since 1970.
    """

    evidence: Floats
    context: Floats
    changed: Bools
    commit: npt.NDArray[np.str_]
    time: npt.NDArray[np.int64]

    def where(self, chosen: Bools) -> Data:
        """Return some of the lines."""
        return Data(
            self.evidence[chosen],
            self.context[chosen],
            self.changed[chosen],
            self.commit[chosen],
            self.time[chosen],
        )


@frozen(eq=False)
class Background:
    """Labelled lines of which only the churn of their files is known; fields as in `Data`."""

    context: Floats
    changed: Bools
    commit: npt.NDArray[np.str_]
    time: npt.NDArray[np.int64]

    def where(self, chosen: Bools) -> Background:
        """Return some of the lines."""
        return Background(
            self.context[chosen], self.changed[chosen], self.commit[chosen], self.time[chosen]
        )


@frozen(eq=False)
class Prior:
    """Weights of churn in other repositories, for inputs standardized by ``mean`` and ``scale``.

    ``provenance`` is for people.
    """

    churn: tuple[float, ...]
    intercept: float
    mean: tuple[float, ...]
    scale: tuple[float, ...]
    provenance: dict[str, Any]


@frozen(eq=False)
class Prediction:
    """Probabilities for the later lines by fits to earlier ones, and the lines themselves."""

    lines: Data
    p: Floats


@cache
def read_prior() -> Prior:
    """Return what comes with Linewise: made by ``python -m benchmarks.git_calibration --prior``."""
    text = files(__package__).joinpath("prior.json").read_text("utf-8")
    return cattrs.structure(json.loads(text), Prior)


def background(examples: Sequence[Example]) -> Background:
    """Return a few lines of each commit, comments left out."""
    chosen: list[Example] = []
    for commit, group in groupby(examples, key=lambda each: each.commit):
        lines = [each for each in group if not each.text.lstrip().startswith(b"#")]
        chance = random.Random(commit)  # noqa: S311 - a draw, not a secret
        chosen += chance.sample(lines, min(BACKGROUND_LINES, len(lines)))
    return Background(
        np.array([each.context for each in chosen], np.float64).reshape(len(chosen), len(FEATURES)),
        np.array([each.changed for each in chosen], bool),
        np.array([each.commit for each in chosen], str),
        np.array([each.time for each in chosen], np.int64),
    )


def pooled_prior(repositories: Sequence[Background], provenance: dict[str, Any]) -> Prior:
    """Return the weights that fit several repositories at once, each counting as much."""
    context = np.concatenate([each.context for each in repositories])
    mean, scale = context.mean(axis=0), context.std(axis=0)
    weights = [_weight(each.commit, each.time, float(each.time.max())) for each in repositories]
    even = [POOLED_WEIGHT * weight / weight.sum() for weight in weights]
    level, *churn = maximum(
        (context - mean) / scale,
        np.concatenate([each.changed for each in repositories]),
        np.concatenate(even),
        start=np.zeros(1 + context.shape[1]),
        precision=np.array([0.0, *[1.0] * context.shape[1]]),
    )
    return Prior(tuple(churn), level, tuple(mean.tolist()), tuple(scale.tolist()), provenance)


def require_enough(data: Data) -> None:
    """Refuse what no calibration can be fitted to.

    Raises
    ------
    TooFewLabelsError
        If there are too few commits, labelled lines or changed ones; the message has the numbers.
    """
    commits = len(set(data.commit.tolist()))
    changed = int(data.changed.sum())
    if commits < LEAST_COMMITS or len(data.changed) < LEAST_LINES or changed < LEAST_CHANGED:
        raise TooFewLabelsError(
            f"the history has too few labels for a calibration of its own: {commits} commits with "
            f"{len(data.changed)} lines, {changed} of them changed soon after; needed are "
            f"{LEAST_COMMITS}, {LEAST_LINES} and {LEAST_CHANGED}. The shipped calibration stays; "
            "try again when there are more commits, or with a longer --window"
        )


def fit(data: Data, background: Background, now: float, inputs: Inputs = Inputs.BOTH) -> Weights:
    """Fit to scored lines and, for the churn of files, to all labelled lines before ``now``.

    Lines written long before ``now`` (seconds since 1970) count less. A probe that ranks the
    lines of this workspace the wrong way round is left out (slope 0).
    """
    prior = read_prior()
    churn, level = np.zeros(len(prior.churn)), prior.intercept
    if inputs is not Inputs.PROBE:
        columns = (background.context - np.array(prior.mean)) / np.array(prior.scale)
        start = np.array([prior.intercept, *prior.churn])
        precision = np.array([LEVEL_PRECISION, *[CHURN_PRECISION] * len(prior.churn)])
        weight = _weight(background.commit, background.time, now)
        level, *found = maximum(
            columns, background.changed, weight, start=start, precision=precision
        )
        churn = np.array(found) / np.array(prior.scale)
        level -= float(churn @ np.array(prior.mean))
    offset = data.context @ churn + level
    middle = float(data.evidence.mean())
    columns = (data.evidence - middle)[:, None] * float(inputs is not Inputs.CHURN)
    weight = _weight(data.commit, data.time, now)
    rest = {
        "start": np.zeros(2),
        "precision": np.array([LEVEL_PRECISION, SLOPE_PRECISION]),
        "offset": offset,
    }
    shift, slope = maximum(columns, data.changed, weight, **rest)
    if slope < 0:
        shift, slope = maximum(np.zeros_like(columns), data.changed, weight, **rest)
    return Weights(float(slope), tuple(churn.tolist()), float(level + shift - slope * middle))


def maximum(
    columns: Floats,
    changed: Bools,
    weight: Floats,
    *,
    start: Floats,
    precision: Floats,
    offset: Floats | float = 0.0,
) -> Floats:
    """Return the most probable (intercept, coefficients) of a logistic regression.

    ``columns`` (n, k) and ``offset`` (n,) enter the log-odds, ``weight`` (n,) is what a line
    counts; ``start`` (1 + k,) and ``precision`` (1 + k,) are mean and inverse variance of the
    Gaussian prior.
    """

    def loss(values: Floats) -> tuple[float, Floats]:
        z = offset + values[0] + columns @ values[1:]
        away = values - start
        residual = weight * (sigmoid(z) - changed)
        value = weight @ (np.logaddexp(0.0, z) - changed * z) + precision @ np.square(away) / 2
        return float(value), np.append(residual.sum(), residual @ columns) + precision * away

    return np.asarray(minimize(loss, start, jac=True, method="L-BFGS-B").x)


def _weight(commit: npt.NDArray[np.str_], time: npt.NDArray[np.int64], now: float) -> Floats:
    """Return what lines count: a commit ``COMMIT_WEIGHT`` at most, and less the older it is."""
    _, codes, counts = np.unique(commit, return_inverse=True, return_counts=True)
    size = counts[codes]
    age = (now - time) / (HALF_LIFE_DAYS * DAY)
    return np.asarray(np.minimum(size, COMMIT_WEIGHT) / size * 0.5**age, np.float64)


def apply(weights: Weights, data: Data) -> Floats:
    """Return the probabilities (n,) of lines."""
    shift = data.context @ np.array(weights.churn) + weights.intercept
    return sigmoid(weights.slope * data.evidence + shift)


def predict_later(
    data: Data,
    background: Background,
    window_days: float,
    inputs: Inputs = Inputs.BOTH,
    *,
    periods: int = PERIODS,
) -> Prediction:
    """Predict the last commits' lines, period by period.

    Each period is predicted by a fit to the lines whose window had closed before it began: by
    what was known then.

    Raises
    ------
    TooFewLabelsError
        If nothing was known when the later commits begin, or none of their lines changed.
    """
    times = np.unique(data.time)
    first = round((1 - LATER) * len(times))
    found: list[Data] = []
    p: list[Floats] = []
    for part in np.array_split(times[first:], periods):
        if not len(part):
            continue
        known = data.where(data.time + window_days * DAY <= part[0])
        lines = data.where((data.time >= part[0]) & (data.time <= part[-1]))
        before = background.where(background.time + window_days * DAY <= part[0])
        if len(set(known.changed.tolist())) < 2:
            raise TooFewLabelsError("the history is too short to be measured on later commits")
        found.append(lines)
        p.append(apply(fit(known, before, float(part[0]), inputs), lines))
    later = data.where(data.time >= times[first])
    if len(set(later.changed.tolist())) < 2:
        raise TooFewLabelsError("of the later commits' lines all or none were changed soon after")
    return Prediction(later, np.concatenate(p))


def measure(later: Prediction) -> dict[str, Interval]:
    """Return Brier skill, ECE and AUC with intervals from resampling commits."""
    lines = later.lines
    return intervals(HEADLINE, sample_of(lines.changed, later.p), lines.commit)


def gain(later: Prediction) -> Interval:
    """Return by how much the Brier score is below that of the shipped calibration."""
    lines = later.lines
    shipped = sample_of(lines.changed, sigmoid(lines.evidence))
    fitted = sample_of(lines.changed, later.p)
    return differences({"": brier_score}, shipped, fitted, lines.commit)[""]
