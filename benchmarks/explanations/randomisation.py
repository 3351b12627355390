"""Do weights depend on what was learned? Explanations before and after weights are randomised.

A sanity check of Adebayo et al. (2018, arXiv 1810.03292): a method whose weights stay alike when
the model's are replaced by random ones shows the input, not the model. Two parts are randomised:
the probe's head alone, and all of the target model.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from rich.progress import track
from scipy.stats import spearmanr
from transformers import AutoModelForCausalLM

from benchmarks.explanations.heads import HeadProbe, recipe_of
from benchmarks.explanations.subject import Subject, triple, weigh_line
from benchmarks.explanations.tokens import predicted
from benchmarks.explanations.units import MOST, Unit, units
from benchmarks.report import write
from linewise import models
from linewise.lab.compat.weights import pretrained, save_whole
from linewise.lab.training.heads import HEADS, Head
from linewise.models.incremental import IncrementalModel
from linewise.models.runtime import TargetModel
from linewise.rationale.attribution import EditRisks, attribute
from linewise.rationale.line_input import LineInput
from linewise.rationale.statistics.intervals import percentile, resampling

RANDOM = "bench-randomised"
CONTEXT = 48
EDIT_METHODS = ("knockout",)
TOKEN_METHODS: dict[str, dict[str, Any]] = {
    "occlusion": {},
    "gradient-x-input": {},
    "integrated-gradients": {"steps": 16},
    "attention-rollout": {},
}

Floats = npt.NDArray[np.float64]


def measure(data: Path, cache: Path, count: int, tokens: int) -> None:
    """Write randomisation.json: ``count`` lines by the head, ``tokens`` predicted tokens."""
    subject = Subject.load(cache)
    chosen = list(units(subject, data, count))
    with _randomised(subject) as random:
        edits = [_edit(subject, random, unit) for unit in track(chosen, "lines")]
        predicted = [
            found
            for unit in track(chosen[:tokens], "predicted tokens")
            if (found := _token(subject, random, unit))
        ]
    figures = {
        "model": subject.model.target.name,
        "probe": subject.probe.manifest.identity,
        "lines": len(edits),
        "predicted tokens": len(predicted),
        "rank correlation": {
            **_means(edits, [unit.group for unit in chosen]),
            **_means(predicted, list(range(len(predicted)))),
        },
    }
    write("randomisation", "python -m benchmarks.explanations randomisation", figures)


@contextmanager
def _randomised(subject: Subject) -> Iterator[IncrementalModel]:
    """Install, for a while, the target model with weights drawn as before its training."""
    installed = subject.model.target.installed
    torch.manual_seed(0)
    weights = AutoModelForCausalLM.from_config(pretrained(installed.name).config)
    # Gradients are taken of the folder's weights, so it stays as long as the model.
    with tempfile.TemporaryDirectory() as folder:
        save_whole(weights, installed, Path(folder))
        models.pull(
            folder, name=RANDOM, scheme="fp32", layers=subject.model.target.layers, force=True
        )
        try:
            yield IncrementalModel(TargetModel.load(RANDOM, threads=1))
        finally:
            models.remove(RANDOM)


def _edit(subject: Subject, random: IncrementalModel, unit: Unit) -> dict[str, Any]:
    line = unit.riskiest

    def make() -> dict[str, Any]:
        before = {each: weigh_line(subject.risk(line), line, each) for each in EDIT_METHODS}
        ways = {
            "head": (subject.model, _random_head(subject)),
            "target model": (random, subject.probe),
        }
        return {
            f"{method}, random {part}": _alike(weights, _weighed(model, probe, line, method))
            for part, (model, probe) in ways.items()
            for method, weights in before.items()
        }

    return subject.kept(f"randomised {unit.name}:{line.line}", make)


def _weighed(model: IncrementalModel, probe: Any, line: LineInput, method: str) -> Floats:
    return weigh_line(EditRisks(model, probe, line.ids, [(line.first, line.end)]), line, method)


def _random_head(subject: Subject) -> HeadProbe:
    """Return a head as it is before its training, with the shipped one's pooling."""
    recipe = recipe_of(subject)
    torch.manual_seed(0)
    width = subject.model.target.hidden_size
    # What standardizes the states is no weight: that of a few texts does as well.
    head: Head = HEADS[recipe.head](*_moments(subject, width), recipe.width, recipe.dropout)
    return HeadProbe(head.eval(), subject.probe.manifest)


def _moments(subject: Subject, width: int) -> tuple[torch.Tensor, torch.Tensor]:
    text = Path(__file__).read_text("utf-8")
    ids = subject.model.target.encode(text).ids[:MOST]
    layer = subject.model.target.layers.index(subject.probe.manifest.layers[0])
    hidden = torch.from_numpy(subject.model.target.hidden_states(ids)[layer]).reshape(-1, width)
    return hidden.mean(0), hidden.std(0).clamp_min(1e-4)


def _token(subject: Subject, random: IncrementalModel, unit: Unit) -> dict[str, Any]:
    def make() -> dict[str, Any]:
        asked = predicted(subject, unit.riskiest, CONTEXT, 1)
        if asked is None:
            return {}
        found = {}
        for method, options in TOKEN_METHODS.items():
            one, other = (
                attribute(method, asked.asked(model), **options).weights[0]
                for model in (subject.model, random)
            )
            found[f"{method}, random target model"] = _alike(one, other)
        return found

    return subject.kept(f"randomised token {unit.name}", make)


def _alike(one: Floats, other: Floats) -> dict[str, float]:
    """Return the rank correlations of two explanations, with and without their signs."""
    known = np.isfinite(one) & np.isfinite(other)
    one, other = one[known], other[known]
    return {"weights": _rank(one, other), "sizes of weights": _rank(np.abs(one), np.abs(other))}


def _rank(one: Floats, other: Floats) -> float:
    if len(one) < 3 or not np.ptp(one) or not np.ptp(other):
        return float("nan")
    return float(spearmanr(one, other).statistic)


def _means(rows: Sequence[dict[str, Any]], groups: Sequence[Any]) -> dict[str, Any]:
    """Return each method's mean correlations with intervals that resample groups."""
    _, codes = np.unique(np.asarray(groups, str), return_inverse=True)
    found: dict[str, Any] = {}
    for method in rows[0]:
        found[method] = {}
        for kind in rows[0][method]:
            values = np.array([row[method][kind] for row in rows])
            known = np.isfinite(values)
            if not known.any():
                continue
            sums = np.zeros((codes.max() + 1, 2))
            np.add.at(sums, codes[known], np.column_stack((values, np.ones(len(values))))[known])
            drawn = resampling(len(sums)) @ sums
            mean = percentile(values[known].mean(), drawn[:, 0] / drawn[:, 1])
            found[method][kind] = triple(mean.at())
    return found
