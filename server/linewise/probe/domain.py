"""Whether code is of the kind a probe was calibrated on: a score per unit, and how to heed it.

*Strangeness* is a distance of the unit's mean hidden state from those of the training units, on a
scale where 1 is that of the strangest twentieth of them. It changes how a logit is read, and where
it is too high no probability is shown.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
import numpy.typing as npt
from attrs import field, frozen

from linewise.errors import ProbeMismatchError
from linewise.probe.calibration import Probabilities, sigmoid

TERMS = ("logit", "strangeness", "logit x strangeness", "log lines", "constant")
"""What a `Conditional` weighs, in order."""

Floats = npt.NDArray[np.float64]


@frozen
class Domain:
    """The training units' mean hidden states as one Gaussian.

    Per channel ``mean`` and ``scale`` (d,); then ``directions`` (k, d), each divided by the
    spread along it, so that the length of the projection is a Mahalanobis distance; what they do
    not span counts with weight 1 / ``rest``. ``unit_distance`` is the distance that makes
    strangeness 1; ``logp`` the (median, least twentieth) of units' mean log-probability in nats,
    None if the level of log-probability is not part of the score.
    """

    mean: tuple[float, ...]
    scale: tuple[float, ...]
    directions: tuple[tuple[float, ...], ...]
    rest: float
    unit_distance: float
    logp: tuple[float, float] | None = None

    def strangeness(self, hidden: npt.ArrayLike, logp: npt.ArrayLike | None = None) -> Floats:
        """Return the strangeness (U,) of units with mean hidden states (U, d).

        ``logp`` are their mean log-probabilities (U,), if known: a text the model finds far less
        likely than any training text is strange even if its activations are not.

        Raises
        ------
        ProbeMismatchError
            If the hidden states have another width or are not finite.
        """
        states = np.atleast_2d(np.asarray(hidden, np.float64))
        if states.shape[1] != len(self.mean):
            raise ProbeMismatchError(
                f"hidden states are {states.shape[1]} wide, the calibration was fitted on "
                f"{len(self.mean)}: it belongs to another model or other layers"
            )
        if not np.isfinite(states).all():
            raise ProbeMismatchError("hidden states are not finite: the model's files are damaged")
        mean, scale, directions, axes = self._arrays
        standard = (states - mean) / scale
        whitened = standard @ directions.T
        # The rest is orthogonal to the directions: what is left of the squared length.
        rest = np.square(standard).sum(1) - np.square(standard @ axes.T).sum(1)
        distance = np.sqrt(np.square(whitened).sum(1) + np.maximum(rest, 0.0) / self.rest)
        found = distance / self.unit_distance
        if self.logp is not None and logp is not None:
            median, least = self.logp
            found = np.maximum(found, (median - np.asarray(logp, np.float64)) / (median - least))
        return np.asarray(found, np.float64)

    @cached_property
    def _arrays(self) -> tuple[Floats, Floats, Floats, Floats]:
        directions = np.array(self.directions)
        axes = directions / np.linalg.norm(directions, axis=1, keepdims=True)
        return np.array(self.mean), np.array(self.scale), directions, axes


@frozen
class Conditional:
    """Calibration that heeds where it is: a logistic regression on `TERMS`."""

    weights: tuple[float, ...] = field()

    @weights.validator
    def _check(self, _attribute: object, value: tuple[float, ...]) -> None:
        if len(value) != len(TERMS):
            raise ValueError(f"conditional calibration has {len(TERMS)} weights, not {len(value)}")

    def __call__(
        self, logits: npt.ArrayLike, strangeness: npt.ArrayLike, lines: npt.ArrayLike
    ) -> Probabilities:
        """Return probabilities; ``lines`` counts the code lines of each item's document."""
        return sigmoid(conditional_terms(logits, strangeness, lines) @ np.array(self.weights))


def conditional_terms(
    logits: npt.ArrayLike, strangeness: npt.ArrayLike, lines: npt.ArrayLike
) -> Floats:
    """Return the design matrix (n, len(TERMS)) of a `Conditional`."""
    z, s = np.asarray(logits, np.float64), np.asarray(strangeness, np.float64)
    # Far beyond the training units nothing was fitted: the reading stays as it is at the edge.
    s = np.clip(s, 0.0, 2.0)
    length = np.log(np.maximum(np.asarray(lines, np.float64), 1.0))
    return np.column_stack(np.broadcast_arrays(z, s, z * s, length, 1.0))
