"""Train, calibrate, evaluate and export a probe: ``python -m linewise.lab.train --data FOLDER``.

Problems of folds 0 to 5 train and calibrate; problems of folds 6 and 7 are only ever measured on.
Layer, loss and epochs are chosen on fold 5 alone; the scaling is fitted out of fold.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import Annotated, Any

import cattrs
import numpy as np
import numpy.typing as npt
import typer
from rich.console import Console
from rich.progress import Progress

from linewise.analysis.model_input import INPUT_BUILDER_VERSION
from linewise.lab.data import Document, Intent, documents, read_programs, training_intent
from linewise.lab.embed import Corpus, embed
from linewise.lab.evaluate.bootstrap import with_interval
from linewise.lab.evaluate.metrics import HEADLINE, brier_skill
from linewise.lab.export import export_head
from linewise.lab.fit import Logits, Recipe, fit_platt, grouped_folds, predict, train_head
from linewise.models.runtime import TargetModel
from linewise.probe.calibration import Platt
from linewise.probe.manifest import MANIFEST_VERSION, Calibrators, ProbeManifest, write_manifest

TEST_FOLDS = frozenset({6, 7})
VALIDATION_FOLD = 5
FOLDS = 4
PRECISION = 0.4
"""The default threshold is the lowest at which this share of flagged lines was edited."""

console = Console(stderr=True)


def main(
    data: Annotated[Path, typer.Option(help="Folder with problems.jsonl.gz, patches.jsonl.gz.")],
    out: Annotated[Path, typer.Option(help="Folder for the probe, its manifest and the report.")],
    model: Annotated[str, typer.Option(help="An installed target model.")] = "smollm2-135m",
    cache: Annotated[Path, typer.Option(help="Where activations are kept.")] = Path(".lab"),
    limit: Annotated[int, typer.Option(help="Use only so many programs (0: all).")] = 0,
) -> None:
    """Train the probe of arXiv 2512.24560 §2.2 on a target model's activations."""
    target = TargetModel.load(model)
    programs = list(read_programs(data))
    if limit:
        programs = programs[:: max(1, len(programs) // limit)]
    train_docs = [
        documents(each, training_intent(each)) for each in programs if each.fold not in TEST_FOLDS
    ]
    train = _embed(train_docs, target, cache, "training programs")
    recipe = _select(train_docs, train)
    calibrators, out_of_fold = _calibrate(train_docs, train, recipe)
    head = train_head(train, np.arange(len(train_docs)), recipe)

    held_out = [each for each in programs if each.fold in TEST_FOLDS]
    report: dict[str, Any] = {}
    for intent in (Intent.FUNCTION, Intent.NONE):
        docs = [documents(each, intent) for each in held_out]
        # The baseline below reads the same documents' surprisal: computed once, here.
        surprisal = intent is Intent.FUNCTION
        what = f"held-out programs, intent: {intent}"
        test = _embed(docs, target, cache, what, surprisal=surprisal)
        scores = predict(head, test, recipe.layer)
        report[f"intent: {intent}"] = _evaluate(docs, test, scores, calibrators)
    report["baseline: token probability"] = _token_probability(train_docs, held_out, target, cache)
    threshold = _threshold(out_of_fold, train.line_labels)
    files = export_head(head, out)
    write_manifest(
        ProbeManifest(
            version=MANIFEST_VERSION,
            model=target.name,
            model_sha256=target.weights_sha256,
            scheme=target.manifest.scheme,
            layers=(target.layers[recipe.layer],),
            hidden_size=target.hidden_size,
            input_builder=INPUT_BUILDER_VERSION,
            files=files,
            calibrators=calibrators,
            threshold=threshold,
            metrics={
                "held_out": report,
                "problems": len({each.task_id for each in held_out}),
                "programs": len(held_out),
            },
            provenance={
                "trained": datetime.now(UTC).date().isoformat(),
                "command": "python -m linewise.lab.train",
                "recipe": cattrs.unstructure(recipe),
                "programs": len(train_docs),
                "problems": len({doc.program.task_id for doc in train_docs}),
                "generators": len({doc.program.generator for doc in train_docs}),
                "datasets": sorted({doc.program.dataset for doc in train_docs}),
                "label": "the line is replaced or deleted by the minimal patch, or a line is "
                "inserted right before it",
            },
            licence="Apache-2.0",
        ),
        out / "manifest.json",
    )
    console.print_json(json.dumps(report))


def _embed(
    docs: Sequence[Document],
    target: TargetModel,
    cache: Path,
    what: str,
    *,
    surprisal: bool = False,
) -> Corpus:
    with Progress(console=console) as bar:
        task = bar.add_task(what, total=len(docs))
        return embed(
            docs,
            target,
            cache,
            surprisal=surprisal,
            progress=lambda done, _total: bar.update(task, completed=done),
        )


def _select(docs: Sequence[Document], corpus: Corpus) -> Recipe:
    """Choose layer, loss and length of training by line skill on one validation fold."""
    folds = np.array([doc.program.fold for doc in docs])
    chosen = np.flatnonzero(folds != VALIDATION_FOLD)
    rest = np.flatnonzero(folds == VALIDATION_FOLD)
    here = np.isin(corpus.line_document, rest)
    labels = corpus.line_labels[here]
    best: tuple[float, Recipe] | None = None
    for layer, loss, epochs in product(range(corpus.hidden.shape[1]), ("brier", "bce"), (8, 12)):
        recipe = Recipe(layer=layer, loss=loss, epochs=epochs)
        logits = predict(train_head(corpus, chosen, recipe), corpus, layer).line[here]
        skill = brier_skill(labels, fit_platt(logits, labels)(logits))
        console.print(f"layer {layer}, {loss}, {epochs} epochs: validation skill {skill:.4f}")
        if best is None or skill > best[0]:
            best = skill, recipe
    assert best is not None  # noqa: S101 - there is at least one layer
    return best[1]


def _calibrate(
    docs: Sequence[Document], corpus: Corpus, recipe: Recipe
) -> tuple[Calibrators, npt.NDArray[np.float64]]:
    """Scale logits that a head gives for problems it was not trained on, fold by fold.

    Also returns the lines' calibrated out-of-fold probabilities.
    """
    groups = [doc.program.task_id for doc in docs]
    sizes = (corpus.token_labels, corpus.line_labels, corpus.unit_labels)
    out_of_fold = Logits(*(np.zeros(len(each), np.float32) for each in sizes))
    for chosen, rest in grouped_folds(groups, FOLDS):
        logits = predict(train_head(corpus, chosen, recipe), corpus, recipe.layer)
        for level, owner in (
            ("token", corpus.token_document),
            ("line", corpus.line_document),
            ("unit", corpus.unit_document),
        ):
            here = np.isin(owner, rest)
            getattr(out_of_fold, level)[here] = getattr(logits, level)[here]
    calibrators = Calibrators(
        token=fit_platt(out_of_fold.token, corpus.token_labels),
        line=fit_platt(out_of_fold.line, corpus.line_labels),
        unit=fit_platt(out_of_fold.unit, corpus.unit_labels),
    )
    return calibrators, calibrators.line(out_of_fold.line)


def _evaluate(
    docs: Sequence[Document], corpus: Corpus, logits: Logits, calibrators: Calibrators
) -> dict[str, Any]:
    problems = np.array([doc.program.task_id for doc in docs])
    levels = {
        "token": (corpus.token_labels, calibrators.token(logits.token), corpus.token_document),
        "line": (corpus.line_labels, calibrators.line(logits.line), corpus.line_document),
        "unit": (corpus.unit_labels, calibrators.unit(logits.unit), corpus.unit_document),
    }
    return {
        level: _figures(labels, p, problems[owner]) for level, (labels, p, owner) in levels.items()
    }


def _figures(
    labels: npt.NDArray[np.bool_], p: npt.NDArray[np.float64], groups: npt.NDArray[np.str_]
) -> dict[str, Any]:
    resamples = 1000 if len(labels) < 100_000 else 100
    return {
        "n": len(labels),
        "base_rate": round(float(labels.mean()), 4),
        **{
            name: [round(value, 4) for value in cattrs.unstructure(interval).values()]
            for name, metric in HEADLINE.items()
            if (interval := with_interval(metric, labels, p, groups, resamples=resamples))
        },
    }


def _token_probability(
    train_docs: Sequence[Document],
    held_out: Sequence[Any],
    target: TargetModel,
    cache: Path,
) -> dict[str, Any]:
    """Score the paper's baseline: 1 - the geometric mean of a line's token probabilities.

    As it is, and Platt-scaled on training problems (its log-probability is the logit).
    """
    fit_docs = [doc for doc in train_docs if doc.program.fold == VALIDATION_FOLD]
    fit = _embed(fit_docs, target, cache, "baseline, training problems", surprisal=True)
    docs = [documents(each, Intent.FUNCTION) for each in held_out]
    test = _embed(docs, target, cache, "baseline, held-out problems", surprisal=True)
    scaled: Platt = fit_platt(-_line_logp(fit), fit.line_labels)
    logp = _line_logp(test)
    groups = np.array([doc.program.task_id for doc in docs])[test.line_document]
    return {
        "line, unscaled": _figures(test.line_labels, 1.0 - np.exp(logp.astype(float)), groups),
        "line, scaled": _figures(test.line_labels, scaled(-logp), groups),
    }


def _line_logp(corpus: Corpus) -> npt.NDArray[np.float32]:
    """Return each line's mean log-probability (the log of the geometric mean probability)."""
    assert corpus.surprisal is not None  # noqa: S101 - embedded with surprisal by the caller
    # The first token of a document follows nothing, so the model gives it no probability.
    known = np.nan_to_num(corpus.surprisal, nan=0.0)
    sums = np.concatenate(([0.0], np.cumsum(known, dtype=np.float64)))
    first, end = corpus.lines[:, 0], corpus.lines[:, 1]
    return np.asarray((sums[end] - sums[first]) / (end - first), np.float32)


def _threshold(p: npt.NDArray[np.float64], labels: npt.NDArray[np.bool_]) -> float:
    """Return the lowest probability, in steps of .01, at which precision reaches `PRECISION`."""
    for percent in range(1, 100):
        flagged = p >= percent / 100
        if flagged.any() and labels[flagged].mean() >= PRECISION:
            return percent / 100
    return 0.99


if __name__ == "__main__":
    typer.run(main)
