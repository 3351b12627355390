"""What more data, deeper layers, other poolings and losses are worth: on the validation fold.

Heads are trained on folds 0 to 4 and measured on fold 5, so nothing chosen by these figures has
seen a test problem.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt
from attrs import evolve

from linewise.errors import LabDataError
from linewise.lab.activations.corpus import corpus_of
from linewise.lab.activations.store import ActivationStore
from linewise.lab.data import Document
from linewise.lab.evaluate.metrics import HEADLINE
from linewise.lab.splits import VALIDATION_FOLD
from linewise.lab.training.curve_parts import Part
from linewise.lab.training.fit import LOSSES, Recipe, Training, fit_platt
from linewise.lab.training.heads import HEADS
from linewise.lab.training.line_models import Problem, line_models
from linewise.lab.training.logits import HeadLogits, lines_of

SHARES = (0.125, 0.25, 0.5, 1.0)
Ints = npt.NDArray[np.int64]
Progress = Callable[[str, float], None]


def curves(
    documents: Sequence[Document],
    store: ActivationStore,
    layers: Sequence[int],
    seeds: int,
    progress: Progress = lambda _what, _done: None,
    *,
    injected: Sequence[Document] = (),
    parts: Collection[Part] = tuple(Part),
) -> dict[str, Any]:
    """Return line-level figures by head and loss, by share of the problems, and by layer.

    With ``injected``, documents with injected bugs, also what they add to the training problems.
    Only the ``parts`` asked for are measured; line models are those of the first layer.
    A figure is (mean, least, most) over ``seeds`` heads, each Platt-scaled on what it is measured
    on: skill is what the ranking is worth, not how well the head is calibrated by itself.

    Raises
    ------
    LabDataError
        If the documents hold no problem of the validation fold, or no other.
    """
    everything = [*documents, *injected]
    folds = np.array([doc.program.fold for doc in everything])
    real = np.arange(len(everything)) < len(documents)
    validates = real & (folds == VALIDATION_FOLD)
    trains = folds < VALIDATION_FOLD
    if not validates.any() or not (real & trains).any():
        raise LabDataError(f"curves take problems of fold {VALIDATION_FOLD} and of folds before it")
    corpus = corpus_of(everything, store)
    chosen = np.flatnonzero(real & trains)
    here = validates[corpus.line_document]
    base = Recipe(seeds=1)
    figures: dict[str, Any] = {"lines": int(here.sum()), "seeds": seeds}
    for number, layer in enumerate(layers):
        training = Training(corpus, number)
        at = evolve(base, layer=number)
        if Part.HEADS in parts:
            place = figures.setdefault("layers", {}).setdefault(str(layer), {})
            for head, loss in product(HEADS, LOSSES):
                progress(f"layer {layer}, {head} pooling, {loss} loss", number / len(layers))
                recipe = evolve(at, head=head, loss=loss)
                place[f"{head}, {loss}"] = _point(training, chosen, here, recipe, seeds)
        if Part.PROBLEMS not in parts:
            continue
        rows = figures.setdefault("problems", {}).setdefault(str(layer), {})
        for share in SHARES:
            progress(f"layer {layer}, {share:.1%} of the problems", number / len(layers))
            some = _share(documents, chosen, share)
            tasks = len({documents[n].program.task_id for n in some})
            rows[f"{tasks} problems"] = _point(training, some, here, at, seeds)
        if injected:
            progress(f"layer {layer}, injected bugs", number / len(layers))
            name = f"{tasks} problems, {(trains & ~real).sum():,} injected bugs"
            rows[name] = _point(training, np.flatnonzero(trains), here, at, seeds)
    if Part.LINES in parts:
        progress("line models", 1.0)
        figures["line models"] = _line_models(documents, store, base)
    return figures


def _line_models(
    documents: Sequence[Document], store: ActivationStore, recipe: Recipe
) -> dict[str, Any]:
    train = [doc for doc in documents if doc.program.fold < VALIDATION_FOLD]
    asked = [doc for doc in documents if doc.program.fold == VALIDATION_FOLD]
    ours, theirs = HeadLogits(store, store.folder.parent).get(train, asked, recipe)
    known, other = lines_of(train, ours), lines_of(asked, theirs)
    problem = Problem(known, [train[n].program.task_id for n in known.document], other)
    return line_models(problem, [asked[n].program.task_id for n in other.document])


def _point(
    training: Training, chosen: Ints, here: npt.NDArray[np.bool_], recipe: Recipe, seeds: int
) -> dict[str, list[float]]:
    labels = training.corpus.line_labels[here]
    found: dict[str, list[float]] = {name: [] for name in HEADLINE}
    for head in training.heads(chosen, evolve(recipe, seeds=seeds)):
        logits = training.predict([head]).line[here]
        p = fit_platt(logits, labels)(logits)
        for name, metric in HEADLINE.items():
            found[name].append(float(metric(labels, p)))
    return {
        name: [round(value, 4) for value in (float(np.mean(each)), min(each), max(each))]
        for name, each in found.items()
    }


def _share(documents: Sequence[Document], chosen: Ints, share: float) -> Ints:
    """Return the documents of a share of the problems; a smaller share's are among a larger's."""
    tasks = sorted({documents[number].program.task_id for number in chosen})
    order = np.random.default_rng(0).permutation(len(tasks))
    kept = {tasks[n] for n in order[: max(4, round(share * len(tasks)))]}
    return np.array([n for n in chosen if documents[n].program.task_id in kept], np.int64)
