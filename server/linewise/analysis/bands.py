"""Bands: the three levels that probabilities are shown in, the same wherever they are shown."""

from __future__ import annotations

from attrs import frozen

from linewise.results import Band
from linewise.settings import Settings

HIGH_FROM = 0.5
"""A line that will rather be edited than not."""


@frozen
class Bands:
    """From which probabilities (0–1) a line is flagged, of medium and of high band."""

    threshold: float
    medium: float
    high: float

    def of(self, probability: float) -> Band:
        """Return the band of a probability."""
        if probability >= self.high:
            return Band.HIGH
        return Band.MEDIUM if probability >= self.medium else Band.LOW


def bands(settings: Settings, default_threshold: float) -> Bands:
    """Return the bands in force; ``default_threshold`` is the calibration's own.

    Unless the settings say otherwise, medium begins at the threshold and high at one half, or at
    the threshold if that is higher.
    """
    threshold = default_threshold if settings.threshold is None else settings.threshold
    medium, high = settings.bands or (threshold, max(threshold, HIGH_FROM))
    return Bands(threshold, medium, high)
