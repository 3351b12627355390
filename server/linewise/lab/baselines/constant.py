"""Methods that know nothing of a line: what no skill looks like."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from attrs import frozen

from linewise.lab.baselines.learned import LEVELS
from linewise.lab.baselines.table import Featurizer
from linewise.lab.data import Document
from linewise.lab.predictions import Level, Scores


@frozen(eq=False)
class BaseRate:
    """Answers the training documents' share of edited items, whatever it is asked."""

    featurizer: Featurizer
    name: str = "base rate"

    def predict(self, train: Sequence[Document], test: Sequence[Document]) -> dict[Level, Scores]:
        """Return one probability for all items of a level."""
        found = {}
        for level in LEVELS:
            rate = float(self.featurizer.rows(train, level).label.mean())
            rows = self.featurizer.rows(test, level)
            found[level] = Scores(rows.document, rows.position, np.full(len(rows.position), rate))
        return found


@frozen(eq=False)
class Random:
    """Answers with uniform random numbers: no calibration and no order."""

    featurizer: Featurizer
    name: str = "random"
    seed: int = 0

    def predict(
        self,
        train: Sequence[Document],  # noqa: ARG002 - nothing is learned
        test: Sequence[Document],
    ) -> dict[Level, Scores]:
        """Return a random probability for each item."""
        generator = np.random.default_rng(self.seed)
        found = {}
        for level in LEVELS:
            rows = self.featurizer.rows(test, level)
            found[level] = Scores(
                rows.document, rows.position, generator.random(len(rows.position))
            )
        return found
