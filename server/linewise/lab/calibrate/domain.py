"""Fitting the out-of-domain score on training units' mean hidden states."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from sklearn.decomposition import PCA
from sklearn.model_selection import GroupShuffleSplit

from linewise.errors import LabDataError
from linewise.probe.domain import Domain

Floats = npt.NDArray[np.float64]

DIRECTIONS = 32
"""Principal directions kept: the rest of the variance is close to noise, and counts as such."""
STRANGE = 0.95
"""The share of training units below strangeness 1."""


def unit_means(hidden: npt.NDArray[np.floating], ranges: npt.NDArray[np.integer]) -> Floats:
    """Return the mean hidden state (U, d) of token ranges (U, 2), rows (first, end), of (T, d).

    Memory is that of the means: tokens are read unit by unit.
    """
    means = [np.asarray(hidden[first:end], np.float64).mean(axis=0) for first, end in ranges]
    return np.array(means).reshape(len(ranges), hidden.shape[1])


def fit_domain(
    hidden: npt.ArrayLike,
    groups: npt.ArrayLike,
    logp: npt.ArrayLike | None = None,
    *,
    directions: int = DIRECTIONS,
) -> Domain:
    """Fit the score on units' mean hidden states (U, d); ``groups`` (U,) are their problems.

    The distance that is called 1 is read off problems the directions were not fitted on.

    Raises
    ------
    LabDataError
        If a hidden state is not finite or there are too few problems.
    """
    states, names = np.asarray(hidden, np.float64), np.asarray(groups)
    damaged = ~np.isfinite(states).all(axis=1)
    if damaged.any():
        first = names[np.flatnonzero(damaged)[0]]
        raise LabDataError(
            f"{damaged.sum()} of {len(states)} units have activations that are not finite, the "
            f"first of problem {first}; delete the cached activations and make them again"
        )
    if len(np.unique(names)) < 4 or len(states) < 8:
        raise LabDataError(f"{len(states)} units are too few to tell what is out of domain")
    chosen, rest = next(
        GroupShuffleSplit(1, test_size=0.3, random_state=0).split(states, groups=names)
    )
    mean, scale = states.mean(axis=0), np.maximum(states.std(axis=0), 1e-6)
    standard = (states - mean) / scale
    most = min(directions, len(chosen) - 1, states.shape[1] - 1)
    pca = PCA(most, random_state=0).fit(standard[chosen])
    spread = np.sqrt(np.maximum(pca.explained_variance_, 1e-12))
    logs = None if logp is None else np.asarray(logp, np.float64)
    raw = Domain(
        mean=tuple(mean.tolist()),
        scale=tuple(scale.tolist()),
        directions=tuple(map(tuple, (pca.components_ / spread[:, None]).tolist())),
        rest=float(max(pca.noise_variance_, 1e-12)),
        unit_distance=1.0,
    )
    return Domain(
        mean=raw.mean,
        scale=raw.scale,
        directions=raw.directions,
        rest=raw.rest,
        unit_distance=float(np.quantile(raw.strangeness(states[rest]), STRANGE)),
        logp=None if logs is None else _level(logs),
    )


def _level(logp: Floats) -> tuple[float, float]:
    """Return the median and the lower tail of units' mean log-probabilities."""
    median, least = np.nanquantile(logp, [0.5, 1.0 - STRANGE])
    return float(median), float(min(least, median - 1e-6))
