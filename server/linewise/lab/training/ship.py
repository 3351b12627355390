"""Train, calibrate, measure and export the probe that is shipped: ``linewise lab train``.

Problems of folds 0 to 5 train and calibrate; problems of folds 6 and 7 are only ever measured on.
Whatever scales or weighs logits is fitted out of fold.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import cattrs
import numpy as np
import numpy.typing as npt

from linewise.analysis.line_facts import FACTS
from linewise.analysis.model_input import INPUT_BUILDER_VERSION
from linewise.lab.activations.store import ActivationStore
from linewise.lab.data import Document, Program, documents, training_intent
from linewise.lab.evaluate.bootstrap import with_interval
from linewise.lab.evaluate.metrics import HEADLINE
from linewise.lab.measure import predictions
from linewise.lab.predictions import Level
from linewise.lab.splits import by_problem
from linewise.lab.training.export import export_head, export_line_model
from linewise.lab.training.fit import Recipe, fit_platt
from linewise.lab.training.line_model import fit_line_model
from linewise.lab.training.logits import HeadLogits, lines_of
from linewise.lab.training.methods import ProbeMethod
from linewise.models.runtime import TargetModel
from linewise.probe.manifest import MANIFEST_VERSION, Calibrators, ProbeManifest, write_manifest

PRECISION = 0.4
"""The default threshold is the lowest at which this share of flagged lines was edited."""

Progress = Callable[[str, float], None]


def ship(
    programs: Sequence[Program],
    target: TargetModel,
    cache: Path,
    out: Path,
    *,
    recipe: Recipe,
    progress: Progress = lambda _what, _done: None,
) -> ProbeManifest:
    """Write a probe for ``target`` into ``out`` and return its manifest."""
    store = ActivationStore(target, cache)
    split = by_problem(programs)
    train = [documents(programs[n], training_intent(programs[n])) for n in split.train]
    progress("heads", 0.5)
    logits = HeadLogits(store, cache)
    said, _ = logits.get(train, [], recipe)
    corpus = said.corpus
    lines = lines_of(train, said)
    tasks = [train[number].program.task_id for number in lines.document]
    model, unseen = fit_line_model(lines.facts, lines.heads, lines.label, tasks)
    calibrators = Calibrators(
        token=fit_platt(said.logits.token, corpus.token_labels),
        span=fit_platt(said.logits.line, corpus.line_labels),
        line=fit_platt(unseen, lines.label),
        unit=fit_platt(said.logits.unit, corpus.pass_labels),
    )
    (head,) = logits.heads(train, recipe)
    files = export_head(head, out) | export_line_model(model, lines.facts, out)
    progress("held-out problems", 0.9)
    held_out = _held_out(ProbeMethod("probe", logits, recipe), programs)
    manifest = ProbeManifest(
        version=MANIFEST_VERSION,
        model=target.name,
        model_sha256=target.weights_sha256,
        scheme=target.manifest.scheme,
        layers=(target.layers[recipe.layer],),
        hidden_size=target.hidden_size,
        input_builder=INPUT_BUILDER_VERSION,
        facts=FACTS,
        files=files,
        calibrators=calibrators,
        threshold=_threshold(calibrators.line(unseen), lines.label),
        metrics=held_out,
        provenance=_provenance(train, recipe),
        licence="Apache-2.0",
    )
    write_manifest(manifest, out / "manifest.json")
    return manifest


def _held_out(method: ProbeMethod, programs: Sequence[Program]) -> dict[str, Any]:
    split = by_problem(programs)
    report: dict[str, Any] = {}
    for each in predictions(method, programs, split):
        if each.level is not Level.TOKEN:
            figures: dict[str, Any] = {
                "n": len(each),
                "base_rate": round(float(each.label.mean()), 4),
            }
            for name, metric in HEADLINE.items():
                interval = with_interval(metric, each.label, each.p, each.task)
                values = cattrs.unstructure(interval).values()
                figures[name] = [round(value, 4) for value in values]
            report.setdefault(f"intent: {each.intent}", {})[str(each.level)] = figures
    tested = [programs[number] for number in split.test]
    return {
        "held_out": report,
        "problems": len({each.task_id for each in tested}),
        "programs": len(tested),
    }


def _provenance(train: Sequence[Document], recipe: Recipe) -> dict[str, Any]:
    return {
        "trained": datetime.now(UTC).date().isoformat(),
        "command": "linewise lab train",
        "recipe": cattrs.unstructure(recipe),
        "programs": len(train),
        "problems": len({doc.program.task_id for doc in train}),
        "generators": len({doc.program.generator for doc in train}),
        "datasets": sorted({doc.program.dataset for doc in train}),
        "label": "the line is replaced or deleted by the minimal patch, or a line is inserted "
        "right before it",
    }


def _threshold(p: npt.NDArray[np.float64], labels: npt.NDArray[np.bool_]) -> float:
    """Return the lowest probability, in steps of .01, at which precision reaches `PRECISION`."""
    for percent in range(1, 100):
        flagged = p >= percent / 100
        if flagged.any() and labels[flagged].mean() >= PRECISION:
            return percent / 100
    return 0.99
