"""Labelled probabilities, sorted and binned once for thousands of weighted metrics.

A bootstrap resample is nothing but weights: how often each item was drawn. Every metric therefore
takes a batch of weightings and reuses what depends on the probabilities alone.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

import numpy as np
import numpy.typing as npt
from attrs import field, frozen
from scipy.sparse import csr_array

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def _floats(values: npt.ArrayLike) -> Floats:
    return np.asarray(values, np.float64)


@frozen(eq=False)
class Sample:
    """Labels (n,) in {0, 1}, probabilities (n,) in [0, 1], the document (n,) each item is of."""

    labels: Floats = field(converter=_floats)
    p: Floats = field(converter=_floats)
    document: Ints

    @cached_property
    def order(self) -> Ints:
        """Items from the most to the least probable."""
        return np.argsort(-self.p, kind="stable")

    @cached_property
    def tie_starts(self) -> Ints:
        """Where in `order` each run of equal probabilities begins."""
        ranked = self.p[self.order]
        return np.flatnonzero(np.concatenate(([True], ranked[1:] != ranked[:-1])))

    def per_tie(self, weights: Floats) -> Floats:
        """Sum weights (R, n) within runs of equal probability, the most probable first: (R, K)."""
        return np.asarray(np.add.reduceat(weights[:, self.order], self.tie_starts, axis=1))

    def equal_width(self, bins: int) -> Ints:
        """Return each item's bin (n,) of [0, 1]; the last bin is closed."""
        return np.minimum((self.p * bins).astype(np.int64), bins - 1)

    def equal_mass(self, bins: int) -> Ints:
        """Return each item's bin (n,) of about n / bins items; equal probabilities share one."""
        rank = np.repeat(self.tie_starts, np.diff(np.append(self.tie_starts, len(self.p))))
        found = np.empty(len(self.p), np.int64)
        found[self.order] = rank * bins // max(len(self.p), 1)
        return found

    def grid(self, points: int) -> csr_array:
        """Return the matrix (n, points) that shares each item between its neighbours on a grid."""
        place = self.p * (points - 1)
        left = np.minimum(place.astype(np.int64), points - 2)
        part = place - left
        n = len(self.p)
        rows = np.concatenate((np.arange(n), np.arange(n)))
        return csr_array(
            (np.concatenate((1 - part, part)), (rows, np.concatenate((left, left + 1)))),
            shape=(n, points),
        )


@frozen
class Metric:
    """A figure of merit. ``compute`` maps a sample and weights (R, n) to R values.

    ``higher`` says whether more is better. Where the value is undefined (one class only, say) it
    is nan.
    """

    title: str
    higher: bool
    compute: Callable[[Sample, Floats], Floats]

    def __call__(
        self, labels: npt.ArrayLike, p: npt.ArrayLike, document: npt.ArrayLike | None = None
    ) -> float:
        """Return the unweighted value; without ``document`` all items are of one document."""
        sample = sample_of(labels, p, document)
        return float(self.values(sample, np.ones((1, len(sample.p))))[0])

    def values(self, sample: Sample, weights: Floats) -> Floats:
        """Return the metric (R,) under each of the weightings (R, n)."""
        if not len(sample.p):
            return np.full(len(weights), np.nan)
        with np.errstate(divide="ignore", invalid="ignore"):
            return self.compute(sample, weights)


def sample_of(
    labels: npt.ArrayLike, p: npt.ArrayLike, document: npt.ArrayLike | None = None
) -> Sample:
    """Return a sample; ``document`` may hold anything that can be compared."""
    codes = (
        np.zeros(len(np.asarray(p)), np.int64)
        if document is None
        else np.unique(np.asarray(document), return_inverse=True)[1]
    )
    return Sample(np.asarray(labels, np.float64), p, codes)
