"""Run methods over splits and keep what they predict, one file per method, split and intent.

Training documents state their intent here and there, as the product meets it; test documents are
scored twice, with the intent in the function's docstring and without any.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from attrs import evolve, fields
from sklearn.model_selection import GroupKFold

from linewise.lab.data import Document, Intent, Program, documents, training_intent
from linewise.lab.predictions import Folding, Level, Method, Predictions, Scores, attach, joined
from linewise.lab.splits import Split, by_problem

INTENTS = (Intent.FUNCTION, Intent.NONE)
OUT_OF_FOLD = "out of fold"
AS_TRAINED = "as trained"
FOLDS = 4


def measure(
    method: Method,
    programs: Sequence[Program],
    splits: Sequence[Split],
    folder: Path,
    *,
    intents: Sequence[Intent] = INTENTS,
    progress: Callable[[str, float], None] = lambda _what, _done: None,
) -> None:
    """Let a method learn and predict on each split; what ``folder`` already holds is kept."""
    for number, split in enumerate(splits):
        progress(f"{method.name}, {split.name}", number / len(splits))
        if not any(folder.glob(f"{_slug(method.name)}.{_slug(split.name)}.*.npz")):
            for each in predictions(method, programs, split, intents):
                each.save(folder / file_name(each))


def predictions(
    method: Method, programs: Sequence[Program], split: Split, intents: Sequence[Intent] = INTENTS
) -> list[Predictions]:
    """Return what a method predicts for one split: an entry per intent and level."""
    train = [documents(programs[n], training_intent(programs[n])) for n in split.train]
    # All intents at once, so that a method learns once.
    test = [documents(programs[n], intent) for intent in intents for n in split.test]
    found = method.predict(train, test)
    size = len(split.test)
    return [
        attach(
            _cut(scores, number * size, (number + 1) * size),
            test[number * size : (number + 1) * size],
            method=method.name,
            split=split.name,
            intent=str(intent),
            level=level,
        )
        for number, intent in enumerate(intents)
        for level, scores in found.items()
    ]


def out_of_fold(
    method: Method, programs: Sequence[Program], folds: int = FOLDS
) -> list[Predictions]:
    """Return predictions for every training program by a method that saw none of its problem.

    One entry per level, over documents as they are trained on: what calibrators are fitted on.
    """
    train = by_problem(programs).train
    docs = [documents(programs[n], training_intent(programs[n])) for n in train]
    if isinstance(method, Folding):
        return [
            _unseen(method, level, scores, docs) for level, scores in method.unseen(docs).items()
        ]
    groups = [doc.program.task_id for doc in docs]
    found: dict[Level, list[Predictions]] = {}
    for chosen, rest in GroupKFold(folds).split(docs, groups=groups):
        held = [docs[n] for n in rest]
        for level, scores in method.predict([docs[n] for n in chosen], held).items():
            found.setdefault(level, []).append(_unseen(method, level, scores, held))
    return [joined(parts) for parts in found.values()]


def _unseen(method: Method, level: Level, scores: Scores, held: Sequence[Document]) -> Predictions:
    return attach(
        scores, held, method=method.name, split=OUT_OF_FOLD, intent=AS_TRAINED, level=level
    )


def file_name(each: Predictions) -> str:
    """Return the name of the file that `measure` keeps predictions in."""
    return f"{_slug(each.method)}.{_slug(each.split)}.{_slug(each.intent)}.{each.level}.npz"


def _cut(scores: Scores, first: int, end: int) -> Scores:
    here = (scores.document >= first) & (scores.document < end)
    arrays = {each.name: getattr(scores, each.name) for each in fields(Scores)}
    kept = {name: np.asarray(values)[here] for name, values in arrays.items() if values is not None}
    return evolve(scores, **{**kept, "document": kept["document"] - first})


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
