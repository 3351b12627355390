"""The parts of `linewise.lab.training.curves`, for whoever must name them without its imports."""

from __future__ import annotations

from enum import StrEnum


class Part(StrEnum):
    """What is measured: poolings and losses, shares of the problems, models of lines."""

    HEADS = "heads"
    PROBLEMS = "problems"
    LINES = "lines"
