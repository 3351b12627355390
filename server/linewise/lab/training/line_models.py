"""Other ways to put facts and head together than the shipped line model's, on validation lines.

What is tried: more seeds, the head's logits as facts of the trees, the evidence of the whole unit,
and the chance that the unit is edited times the chance of the line in an edited unit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import attrs
import numpy as np
import numpy.typing as npt
from attrs import frozen
from sklearn.linear_model import LogisticRegression

from linewise.lab.evaluate.bootstrap import Interval, differences, intervals
from linewise.lab.evaluate.metrics import HEADLINE
from linewise.lab.evaluate.sample import sample_of
from linewise.lab.training.fit import FOLDS, fit_platt, grouped_folds
from linewise.lab.training.line_model import fit_line_model, small_trees
from linewise.lab.training.logits import Lines
from linewise.probe.calibration import sigmoid

SHIPPED = "trees on facts, weighed against the head"
SEEDS = 5
Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.floating]


@frozen(eq=False)
class Problem:
    """Lines to learn from, their problems (n,), and lines to predict."""

    known: Lines
    groups: Sequence[str]
    asked: Lines


def line_models(problem: Problem, groups: Sequence[str]) -> dict[str, Any]:
    """Return each model's figures on the asked lines, of problems ``groups``, and what it adds.

    Figures are (value, low, high) by resampling problems, Platt-scaled on what they are measured
    on; ``gain`` is over the shipped line model, resampled as a pair.
    """
    labels, owners = problem.asked.label, np.array(groups)
    found: dict[str, Any] = {}
    shipped = None
    for name, model in MODELS.items():
        logit = model(problem)
        sample = sample_of(labels, fit_platt(logit, labels)(logit))
        shipped = shipped or sample
        found[name] = {
            **_rows(intervals(HEADLINE, sample, owners)),
            "gain": _rows(differences(HEADLINE, sample, shipped, owners)),
        }
    return found


def _shipped(problem: Problem) -> Floats:
    known, asked = problem.known, problem.asked
    model, _ = fit_line_model(known.facts, known.heads, known.label, problem.groups)
    return model(asked.facts, asked.heads)


def _facts(problem: Problem) -> Floats:
    return _margins(problem.known.facts, problem.known.label, problem.asked.facts)


def _seeds(problem: Problem) -> Floats:
    """Average trees of several seeds, then weigh them as the shipped model does."""
    known, asked = problem.known, problem.asked
    logits = []
    for seed in range(SEEDS):
        model, _ = fit_line_model(known.facts, known.heads, known.label, problem.groups, seed=seed)
        logits.append(model(asked.facts, asked.heads))
    return np.asarray(np.mean(logits, axis=0))


def _head_in_trees(problem: Problem) -> Floats:
    known, asked = problem.known, problem.asked
    return _margins(
        np.column_stack((known.facts, known.heads)),
        known.label,
        np.column_stack((asked.facts, asked.heads)),
    )


def _unit_evidence(problem: Problem) -> Floats:
    """Weigh a line's log-odds against its unit's mean and most, and the head's logits."""
    known, asked = problem.known, problem.asked
    ours = np.zeros(len(known.label))
    for chosen, rest in grouped_folds(problem.groups, FOLDS):
        ours[rest] = _margins(known.facts[chosen], known.label[chosen], known.facts[rest])
    table = [
        np.column_stack((margin, _of_units(lines, margin[:, None]), lines.heads))
        for lines, margin in ((known, ours), (asked, _facts(problem)))
    ]
    return np.asarray(_weighing(table[0], known.label).decision_function(table[1]))


def _unit_times_line(problem: Problem) -> Floats:
    """P(unit edited), by its lines' facts and the head, times P(line edited | unit edited)."""
    known, asked = problem.known, problem.asked
    edited = _of_units(known, known.label[:, None].astype(float))[:, 1] > 0
    unit, line = (
        _margins(
            _of_units(known, np.column_stack((known.facts, known.heads))),
            edited,
            _of_units(asked, np.column_stack((asked.facts, asked.heads))),
        ),
        _margins(known.facts[edited], known.label[edited], asked.facts),
    )
    p = sigmoid(unit) * sigmoid(line)
    return np.asarray(np.log(p / (1.0 - p)))


MODELS: Mapping[str, Callable[[Problem], Floats]] = {
    SHIPPED: _shipped,
    "trees on facts alone": _facts,
    f"the shipped, {SEEDS} seeds": _seeds,
    "trees on facts and the head's logits": _head_in_trees,
    "the unit's evidence weighed, too": _unit_evidence,
    "chance of the unit times chance of the line in it": _unit_times_line,
}


def _margins(facts: Floats, labels: Bools, asked: Floats) -> Floats:
    return np.asarray(small_trees().fit(facts, labels).decision_function(asked))


def _of_units(lines: Lines, values: Floats) -> Floats:
    """Return, for each line, mean and most (n, 2 F) of its unit's lines' ``values`` (n, F)."""
    _, unit = np.unique(lines.passes, return_inverse=True)
    count = np.bincount(unit)
    mean, most = (
        np.zeros((len(count), values.shape[1])),
        np.full((len(count), values.shape[1]), -np.inf),
    )
    np.add.at(mean, unit, values)
    np.maximum.at(most, unit, values)
    return np.column_stack((mean / count[:, None], most))[unit]


def _weighing(table: Floats, labels: Bools) -> LogisticRegression:
    return LogisticRegression(C=np.inf, max_iter=1000).fit(table, labels)


def _rows(found: Mapping[str, Interval]) -> dict[str, list[float]]:
    return {
        name: [round(value, 4) for value in attrs.astuple(each)] for name, each in found.items()
    }
