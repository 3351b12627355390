"""Feature-based models of a line: logistic regression and gradient boosting.

The "simple feature-based model" that carries more signal and less noise than a transformer
(arXiv 2403.10275) is the bar for anything that reads activations.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from attrs import frozen
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from linewise.errors import LabDataError
from linewise.lab.baselines.table import Featurizer
from linewise.lab.data import Document
from linewise.lab.predictions import Level, Scores
from linewise.probe.calibration import log_odds

LEVELS = (Level.LINE, Level.UNIT)


@frozen(eq=False)
class FeatureModel:
    """A classifier on the features of lines, and another on those of units.

    Both minimize log loss, so their probabilities are used as they come.
    """

    name: str
    featurizer: Featurizer
    make: Callable[[], Any]

    def predict(self, train: Sequence[Document], test: Sequence[Document]) -> dict[Level, Scores]:
        """Fit on ``train``; score the code lines and units of ``test``.

        Raises
        ------
        LabDataError
            If the training documents are all edited, or none is.
        """
        return {level: self._level(level, train, test) for level in LEVELS}

    def _level(self, level: Level, train: Sequence[Document], test: Sequence[Document]) -> Scores:
        known = self.featurizer.rows(train, level)
        if known.label.all() or not known.label.any():
            raise LabDataError(
                f"{self.name}: the {len(known.label)} training {level}s are all of one class; "
                "give it documents with and without edits"
            )
        rows = self.featurizer.rows(test, level)
        if not len(rows.position):
            return Scores(rows.document, rows.position, [])
        model = self.make().fit(known.features, known.label)
        p = model.predict_proba(rows.features)[:, 1]
        return Scores(rows.document, rows.position, p, logit=log_odds(p))


def logistic() -> Any:
    """Return L2-regularized logistic regression on standardized features."""
    return make_pipeline(StandardScaler(), LogisticRegression(C=0.001, max_iter=2000))


def boosting() -> Any:
    """Return gradient boosting with small trees and large leaves: edits are rare and noisy."""
    return HistGradientBoostingClassifier(
        learning_rate=0.05,
        max_iter=80,
        max_leaf_nodes=15,
        min_samples_leaf=100,
        l2_regularization=20.0,
        early_stopping=False,
        random_state=0,
    )
