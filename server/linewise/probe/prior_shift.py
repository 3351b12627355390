"""Prior shift: the same evidence where edits are more or less frequent than in training.

If only the share of edits differs (not what edited lines look like), the log-odds move by a
constant. The share may be known, or be estimated from the unlabelled probabilities themselves
(Saerens, Latinne and Decaestecker 2002).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from linewise.probe.calibration import Probabilities, log_odds, sigmoid

MOST = 4.0
"""The estimate moves the odds of an edit by no more than this factor either way."""
_ROUNDS = 1000
_SETTLED = 1e-7


def shifted(p: npt.ArrayLike, from_rate: float, to_rate: float) -> Probabilities:
    """Return what ``p``, calibrated where ``from_rate`` is edited, means where ``to_rate`` is.

    Raises
    ------
    ValueError
        If a rate is not strictly between 0 and 1.
    """
    for rate in (from_rate, to_rate):
        if not 0.0 < rate < 1.0:
            raise ValueError(f"a base rate lies between 0 and 1, not at {rate}")
    return sigmoid(log_odds(p) + log_odds(to_rate) - log_odds(from_rate))


def estimated_rate(p: npt.ArrayLike, from_rate: float) -> float:
    """Return the base rate that best explains unlabelled probabilities, by EM.

    ``p`` (n,) are calibrated where ``from_rate`` is edited. Without any, that rate is returned.
    EM takes every deviation from the assumption for a difference of rates, and the less the
    probabilities tell the classes apart, the further it runs: on weak predictors it ended at a
    base rate above one half where one in twelve was edited (docs/evaluation.md). It is therefore
    bounded by `MOST`, and a rate that is known is to be preferred.

    Raises
    ------
    ValueError
        If ``from_rate`` is not strictly between 0 and 1.
    """
    known = np.asarray(p, np.float64)
    odds = from_rate / (1.0 - from_rate)
    least, most = odds / MOST / (1.0 + odds / MOST), odds * MOST / (1.0 + odds * MOST)
    rate = from_rate
    for _ in range(_ROUNDS if known.size else 0):
        found = float(np.clip(shifted(known, from_rate, rate).mean(), least, most))
        if abs(found - rate) < _SETTLED:
            break
        rate = found
    return rate
