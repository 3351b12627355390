"""Probabilities and their log-odds."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def log_odds(p: npt.ArrayLike) -> Floats:
    """Return ln(p / (1 - p)), within ±30."""
    p = np.clip(np.asarray(p, np.float64), 1e-13, 1 - 1e-13)
    return np.asarray(np.log(p) - np.log1p(-p))


def probability(z: npt.ArrayLike) -> Floats:
    """Return the probability of log-odds."""
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(np.asarray(z, np.float64), -30.0, 30.0))))
