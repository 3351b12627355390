"""How much categories concentrate what tokens scatter: Shannon entropy, with a control.

Merging symbols never raises an entropy, so that the entropy of categories is far below that of
tokens (CodeQ's abstract, arXiv 2503.16771: by more than 50 %) says little by itself. Two readings
are fair: entropies normalised by the logarithm of their support, and the reduction beyond that of
*random* categories of the same sizes. The paper's own definition could not be found; these are
ours.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
import numpy.typing as npt
from attrs import frozen
from scipy.sparse import csr_array
from scipy.special import xlogy

from linewise.lab.evaluate.bootstrap import Interval
from linewise.rationale.statistics.aggregators import Floats, Ints
from linewise.rationale.statistics.counts import Cells, TallyError
from linewise.rationale.statistics.intervals import centred, resampling
from linewise.rationale.statistics.tables import Amount
from linewise.rationale.statistics.tally import Tally

DRAWS = 1000
_RESAMPLES, _DRAWS_EACH = 200, 10
_BATCH = 20
"""Resamples held at once: each is as long as the vocabulary in use."""
_ROUNDING = 1e-12


@frozen
class Entropy:
    """Of one distribution: ``bits``, the same by log₂ of the ``support`` (0 to 1), the support.

    The support counts the classes that have any mass. Entropies are plug-in estimates: of n tokens
    drawn, too small by about (support - 1) / (2 n ln 2) bits (Miller 1955).
    """

    bits: Interval
    normalised: Interval
    support: int


@frozen
class EntropyReduction:
    """From rationale tokens, by vocabulary entry, to their categories.

    ``reduction`` is 1 - H(categories) / H(tokens), 0 to 1. ``control`` is the same with tokens
    dealt at random to categories of the same sizes: the mean and the middle 95 % of the draws.
    ``beyond`` is the reduction less the control's mean: what is left of the claim, negative if
    random categories concentrate more. ``p`` is the share of draws that reduce as much or more.
    """

    tokens: Entropy
    categories: Entropy
    reduction: Interval
    control: Interval
    beyond: Interval
    p: float


def entropy(masses: npt.ArrayLike) -> Floats:
    """Return the Shannon entropy in bits (…) of masses (…, K) ≥ 0; 0 where there is no mass."""
    p = np.asarray(masses, np.float64)
    total = p.sum(axis=-1, keepdims=True)
    p = np.divide(p, total, out=np.zeros_like(p), where=total > 0)
    return np.asarray(np.abs(xlogy(p, p).sum(axis=-1)) / np.log(2))


def normalised_entropy(masses: npt.ArrayLike) -> Floats:
    """Return the entropy (…) of masses (…, K) by its maximum on their support, 0 to 1.

    Where the support is a single class, or none, nothing is uncertain: 0.
    """
    support = (np.asarray(masses) > 0).sum(axis=-1)
    most = np.log2(np.maximum(support, 2))
    return np.asarray(np.where(support > 1, entropy(masses) / most, 0.0))


def entropy_reduction(
    tally: Tally, of: Amount = Amount.COUNT, *, draws: int = DRAWS, seed: int = 0
) -> EntropyReduction:
    """Compare the entropy of rationale tokens with that of their categories and of random ones.

    A random category keeps its size: the tokens swap what categories they belong to, and in which
    proportions (in one context a word is an identifier, in another part of a string). Intervals
    resample clusters of units and say how figures vary between samples of this size; whether
    categories do more than chance, ``control`` and ``p`` say. Raises TallyError for an empty tally.
    """
    sample = _Symbols.of(tally, of)
    generator = np.random.default_rng(seed)
    shuffled = np.stack([generator.permutation(sample.support) for _ in range(draws)])
    control = sample.control(sample.rows.sum(axis=0)[None], shuffled)[0]
    values = sample.figures(np.ones((1, len(sample.rows))), shuffled[:_DRAWS_EACH])[0]
    weights = resampling(len(sample.rows), _RESAMPLES, seed)
    resampled = [
        sample.figures(weights[begin : begin + _BATCH], shuffled[:_DRAWS_EACH])
        for begin in range(0, len(weights), _BATCH)
    ]
    every = np.concatenate([np.empty((0, len(values))), *resampled])
    found = centred(values, every)
    low, high = np.quantile(control, [0.025, 0.975])
    reduction, beyond = found.at(4), found.at(5)
    # Resamples see few of the shuffles; what those few are off by is known and taken off.
    off = reduction.value - float(control.mean()) - beyond.value
    return EntropyReduction(
        Entropy(found.at(0), found.at(1), sample.support),
        Entropy(found.at(2), found.at(3), len(np.unique(sample.category))),
        reduction=reduction,
        control=Interval(float(control.mean()), float(low), float(high)),
        beyond=Interval(beyond.value + off, beyond.low + off, beyond.high + off),
        p=float((1 + (control >= reduction.value - _ROUNDING).sum()) / (1 + draws)),
    )


@frozen(eq=False)
class _Symbols:
    """The (token, category) pairs in use: masses by cluster (J, N), and what each is of."""

    rows: Floats
    token: Ints
    category: Ints

    @classmethod
    def of(cls, tally: Tally, of: Amount) -> _Symbols:
        cells = tally.cells[Cells.TOKENS if of is Amount.COUNT else Cells.MASS]
        used = np.unique(cells.indices)
        if not len(used):
            raise TallyError("no rationale was counted yet, so there is no entropy; scan first")
        token, category = np.divmod(used, len(tally.schema.categories))
        rows = cells[tally.occupied][:, used].toarray().astype(np.float64)
        return cls(rows, np.unique(token, return_inverse=True)[1], category)

    @property
    def support(self) -> int:
        """The number of distinct tokens."""
        return int(self.token.max()) + 1

    @cached_property
    def by_token(self) -> csr_array:
        return _indicator(self.token)

    @cached_property
    def by_category(self) -> csr_array:
        return _indicator(self.category)

    @cached_property
    def mapping(self) -> csr_array:
        """Which share of each token's mass belongs to which category: (tokens, categories)."""
        joint = self.rows.sum(axis=0)
        parts = joint / (joint @ self.by_token)[self.token]
        return csr_array(self.by_token.T @ self.by_category.multiply(parts[:, None]))

    def control(self, masses: Floats, shuffled: Ints) -> Floats:
        """Return the reduction (R, D) by random categories, of masses (R, N) and D shuffles."""
        tokens = masses @ self.by_token
        before = entropy(tokens)
        dealt = [entropy(tokens[:, order] @ self.mapping) for order in shuffled]
        return np.stack([_reduction(before, after) for after in dealt], axis=1)

    def figures(self, weights: Floats, shuffled: Ints) -> Floats:
        """Return what is reported, with an interval each, for weightings (R, J): (R, 6)."""
        masses = weights @ self.rows
        tokens, categories = masses @ self.by_token, masses @ self.by_category
        reduction = _reduction(entropy(tokens), entropy(categories))
        return np.stack(
            [
                entropy(tokens),
                normalised_entropy(tokens),
                entropy(categories),
                normalised_entropy(categories),
                reduction,
                reduction - self.control(masses, shuffled).mean(axis=1),
            ],
            axis=1,
        )


def _reduction(before: Floats, after: Floats) -> Floats:
    """Return 1 - after / before; 0 where there was no entropy to reduce."""
    left = np.divide(after, before, out=np.ones_like(before), where=before > 0)
    return np.asarray(1.0 - left)


def _indicator(classes: Ints) -> csr_array:
    """Return the matrix (n, classes) with a 1 where a symbol is of a class."""
    n = len(classes)
    return csr_array((np.ones(n), (np.arange(n), classes)), shape=(n, int(classes.max()) + 1))
