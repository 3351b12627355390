"""Log-odds as a workspace's calibration reads them: back from any calibrated probability."""

from __future__ import annotations

import numpy.typing as npt

from linewise.probe import calibration

_LEAST = 1e-13
"""Calibrators answer within log-odds of ±30: nothing of that may be lost on the way back."""


def log_odds(p: npt.ArrayLike) -> calibration.Probabilities:
    """Return ln(p / (1 - p)), within ±30."""
    return calibration.log_odds(p, _LEAST)
