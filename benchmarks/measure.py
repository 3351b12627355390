"""Timing two things in turn, so that a drifting machine drifts under both."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median

from attrs import frozen


@frozen
class Ratio:
    """Median of ``a / b`` pair by pair, with the extremes, and the median seconds of each."""

    ratio: float
    low: float
    high: float
    a_seconds: float
    b_seconds: float
    pairs: int


def seconds(work: Callable[[], object]) -> float:
    """Return the wall-clock seconds ``work`` takes."""
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def compare(a: Callable[[], object], b: Callable[[], object], *, pairs: int) -> Ratio:
    """Run ``a`` and ``b`` in turn, once to warm up and ``pairs`` times to count."""
    a()
    b()
    times = [(seconds(a), seconds(b)) for _ in range(pairs)]
    ratios = [x / y for x, y in times]
    return Ratio(
        ratio=median(ratios),
        low=min(ratios),
        high=max(ratios),
        a_seconds=median(x for x, _ in times),
        b_seconds=median(y for _, y in times),
        pairs=pairs,
    )
