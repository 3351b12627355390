"""Calibrators: from a probe's logit to a probability that holds. Plain JSON, never pickle.

The laboratory fits them; here they are numbers and NumPy.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from attrs import field, frozen

Floats = npt.NDArray[np.floating]
Probabilities = npt.NDArray[np.float64]

_LEAST = 1e-6
"""Probabilities closer to 0 or 1 than this are not told apart from it."""


def sigmoid(logits: npt.ArrayLike) -> Probabilities:
    """Return probabilities in (0, 1) for logits of any shape."""
    # Beyond ±30 the sigmoid is 0 or 1 to the last bit; clipping keeps exp() finite.
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(logits, -30.0, 30.0))), np.float64)


def log_odds(p: npt.ArrayLike, least: float = _LEAST) -> Probabilities:
    """Return the logits of probabilities, those closer than ``least`` to 0 or 1 as if there."""
    clipped = np.clip(np.asarray(p, np.float64), least, 1.0 - least)
    return np.asarray(np.log(clipped / (1.0 - clipped)), np.float64)


@frozen
class Platt:
    """Platt scaling, ``p = sigmoid(slope · logit + intercept)`` (Platt 1999).

    With intercept 0 it is temperature scaling (temperature 1 / slope); with slope 1 as well, no
    scaling at all. ``base_rate`` is the share of edited items where it was fitted, ``n`` how many
    there were.
    """

    slope: float
    intercept: float
    base_rate: float
    n: int

    def __call__(self, logits: Floats) -> Probabilities:
        """Return probabilities in (0, 1) for ``logits`` of any shape."""
        return sigmoid(self.slope * np.asarray(logits, np.float64) + self.intercept)


@frozen
class Beta:
    """Beta calibration (Kull, Silva Filho and Flach 2017): Platt with a slope for either tail.

    ``p = sigmoid(rise · ln s - fall · ln(1 - s) + shift)``, s being the logit's sigmoid.
    """

    rise: float
    fall: float
    shift: float
    base_rate: float
    n: int

    def __call__(self, logits: Floats) -> Probabilities:
        """Return probabilities in (0, 1) for ``logits`` of any shape."""
        z = np.asarray(logits, np.float64)
        # ln s = -ln(1 + exp(-z)), ln(1 - s) = -ln(1 + exp(z)), without forming s.
        return sigmoid(
            -self.rise * np.logaddexp(0.0, -z) + self.fall * np.logaddexp(0.0, z) + self.shift
        )


@frozen
class Isotonic:
    """Isotonic regression: ``probabilities`` at ascending ``logits``, linear in between."""

    logits: tuple[float, ...]
    probabilities: tuple[float, ...] = field()
    base_rate: float
    n: int

    @probabilities.validator
    def _check(self, _attribute: object, value: tuple[float, ...]) -> None:
        if not value or len(value) != len(self.logits):
            raise ValueError("isotonic calibration needs one probability per logit, at least one")

    def __call__(self, logits: Floats) -> Probabilities:
        """Return probabilities in [0, 1] for ``logits`` of any shape."""
        found = np.interp(np.asarray(logits, np.float64), self.logits, self.probabilities)
        return np.asarray(found, np.float64)


Calibrator = Platt | Beta | Isotonic
"""Told apart by their fields, so that JSON needs no tag."""
