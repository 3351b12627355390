"""The last word on a line: boosted trees on facts, weighed against what the head says of it.

Facts (how a line looks, where it stands, what its names mean) and activations err differently.
Trees take the facts; a logistic regression weighs their log-odds against the head's logits of the
line and of all that was read with it. Three weights cannot overfit; trees given the logits can.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from attrs import frozen
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression

from linewise.lab.training.fit import FOLDS, grouped_folds

Float32s = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]


@frozen(eq=False)
class LineModel:
    """``trees`` on the facts; ``weights`` of their log-odds and the two logits; ``bias``."""

    trees: HistGradientBoostingClassifier
    weights: tuple[float, float, float]
    bias: float

    def __call__(self, facts: Float32s, heads: npt.NDArray[np.floating]) -> Floats:
        """Return the logit (n,) of lines with facts (n, F) and the head's logits (n, 2)."""
        return blend(self.trees.decision_function(facts), heads) @ self.weights + self.bias


def fit_line_model(
    facts: Float32s,
    heads: npt.NDArray[np.floating],
    labels: npt.NDArray[np.bool_],
    groups: Sequence[str],
    *,
    folds: int = FOLDS,
    seed: int = 0,
) -> tuple[LineModel, Floats]:
    """Fit a line model; also return the logits (n,) it gives lines of problems it never saw.

    ``heads`` (n, 2) must be out of fold: what heads say of lines they were trained on is too good.
    ``groups`` (n,) are the lines' problems.
    """
    margins, unseen = np.zeros(len(labels)), np.zeros(len(labels))
    splits = list(grouped_folds(groups, folds))
    for chosen, rest in splits:
        margins[rest] = (
            small_trees(seed).fit(facts[chosen], labels[chosen]).decision_function(facts[rest])
        )
    table = blend(margins, heads)
    for chosen, rest in splits:
        weighing = _weighing(table[chosen], labels[chosen])
        unseen[rest] = weighing.decision_function(table[rest])
    weighing = _weighing(table, labels)
    model = LineModel(
        small_trees(seed).fit(facts, labels),
        tuple(weighing.coef_[0].tolist()),
        float(weighing.intercept_[0]),
    )
    return model, unseen


def blend(margins: npt.NDArray[np.floating], heads: npt.NDArray[np.floating]) -> Floats:
    """Return what is weighed, (n, 3): the trees' log-odds, the head's two logits."""
    return np.column_stack((margins, heads)).astype(np.float64)


def _weighing(table: Floats, labels: npt.NDArray[np.bool_]) -> LogisticRegression:
    return LogisticRegression(C=np.inf, max_iter=1000).fit(table, labels)


def small_trees(seed: int = 0) -> HistGradientBoostingClassifier:
    """Return small trees, each of which sees a part of the facts.

    Their leaves may be small and are hardly shrunk: some facts are rare but nearly certain (a name
    that nothing defines), and where a data set is left out, few lines are left that show it.
    """
    return HistGradientBoostingClassifier(
        learning_rate=0.03,
        max_iter=150,
        max_leaf_nodes=15,
        min_samples_leaf=10,
        l2_regularization=1.0,
        max_features=0.3,
        early_stopping=False,
        random_state=seed,
    )
