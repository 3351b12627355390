"""Calibrators: from a probe's logit to a probability that holds. Plain JSON, never pickle."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from attrs import frozen

Floats = npt.NDArray[np.floating]


@frozen
class Platt:
    """Platt scaling, ``p = sigmoid(slope · logit + intercept)`` (Platt 1999).

    ``base_rate`` is the share of edited items where it was fitted, ``n`` how many there were.
    """

    slope: float
    intercept: float
    base_rate: float
    n: int

    def __call__(self, logits: Floats) -> npt.NDArray[np.float64]:
        """Return probabilities in (0, 1) for ``logits`` of any shape."""
        scaled = self.slope * np.asarray(logits, np.float64) + self.intercept
        # Beyond ±30 the sigmoid is 0 or 1 to the last bit; clipping keeps exp() finite.
        return np.asarray(1.0 / (1.0 + np.exp(-np.clip(scaled, -30.0, 30.0))), np.float64)
