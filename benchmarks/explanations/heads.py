"""Repetitions of training: the same recipe with other seeds, and on resampled problems."""

from __future__ import annotations

import hashlib
from enum import StrEnum
from pathlib import Path

import cattrs
import numpy as np
import numpy.typing as npt
import torch
from attrs import evolve, frozen
from rich.progress import track

from benchmarks.explanations.subject import Subject
from linewise.lab.activations.corpus import corpus_of
from linewise.lab.activations.store import ActivationStore
from linewise.lab.data import Document, documents, read_programs, training_intent
from linewise.lab.splits import TEST_FOLDS
from linewise.lab.training.fit import Recipe, Training
from linewise.lab.training.heads import HEADS, Head
from linewise.probe.manifest import ProbeManifest

Ints = npt.NDArray[np.int64]
Float32s = npt.NDArray[np.float32]


class Luck(StrEnum):
    """What differs between repetitions."""

    SEEDS = "seeds"
    """Initial weights, order and dropout; the programs are the same."""
    RESAMPLES = "resampled problems"
    """The training problems, drawn with replacement; the seed is the same."""


@frozen(eq=False)
class TrainingPrograms:
    """Documents to train on, drawn by the hash of their names, and some to measure on."""

    train: tuple[Document, ...]
    test: tuple[Document, ...]

    @classmethod
    def read(cls, data: Path, count: int, tests: int) -> TrainingPrograms:
        """Read ``count`` documents of training folds and ``tests`` held-out ones."""
        every = sorted(read_programs(data), key=lambda each: _hash(each.sample_id))
        known = [each for each in every if each.fold not in TEST_FOLDS][:count]
        other = [each for each in every if each.fold in TEST_FOLDS][:tests]
        as_met = [[documents(p, training_intent(p)) for p in part] for part in (known, other)]
        return cls(tuple(as_met[0]), tuple(as_met[1]))

    def draw(self, luck: Luck, number: int) -> Ints:
        """Return which documents repetition ``number`` trains on; with repeats, if resampled."""
        if luck is Luck.SEEDS:
            return np.arange(len(self.train))
        tasks, of = np.unique([each.program.task_id for each in self.train], return_inverse=True)
        drawn = np.random.default_rng(number).integers(0, len(tasks), len(tasks))
        return np.concatenate([np.flatnonzero(of == task) for task in drawn])


@frozen(eq=False)
class HeadProbe:
    """A trained head, asked as a probe is."""

    head: Head
    manifest: ProbeManifest

    @torch.no_grad()
    def evidence(self, hidden: Float32s) -> Float32s:
        """Return evidence (T, h) of hidden states (T, d)."""
        return self.head.project(torch.from_numpy(hidden)).numpy()

    @torch.no_grad()
    def logits(self, evidence: Float32s, member: npt.NDArray[np.bool_]) -> Float32s:
        """Return logits (S,) of spans given as membership (S, T)."""
        return self.head.read(torch.from_numpy(evidence), torch.from_numpy(member)).numpy()


@frozen(eq=False)
class Trained:
    """Heads of one kind of luck; ``key`` stands for them, ``auc`` (S,) is on held-out lines."""

    heads: tuple[Head, ...]
    auc: tuple[float, ...]
    key: str


def recipe_of(subject: Subject) -> Recipe:
    """Return what the shipped probe's head was trained with, one head of it."""
    raw = subject.probe.manifest.provenance["recipe"]
    recipe = cattrs.structure(raw, Recipe)
    layer = subject.model.target.layers.index(subject.probe.manifest.layers[0])
    return evolve(recipe, layer=layer, seeds=1)


def trained(
    subject: Subject, found: TrainingPrograms, cache: Path, luck: Luck, repetitions: int
) -> Trained:
    """Train heads, or read those that were trained before from ``cache``."""
    recipe = recipe_of(subject)
    names = [each.program.sample_id for each in (*found.train, *found.test)]
    key = _hash(repr((subject.model.target.identity, recipe, names, str(luck))))[:16]
    folder = cache / "repetitions" / key
    missing = [n for n in range(repetitions) if not (folder / f"{n}.npz").exists()]
    if missing:
        folder.mkdir(parents=True, exist_ok=True)
        store = ActivationStore(subject.model.target, cache)
        corpus = corpus_of([*found.train, *found.test], store)
        training = Training(corpus, recipe.layer)
        for number in track(missing, f"heads, {luck}"):
            seed = number if luck is Luck.SEEDS else 0
            head = training.train(found.draw(luck, number), evolve(recipe, seed=seed))
            said = training.predict([head]).line
            held_out = corpus.line_document >= len(found.train)
            auc = _auc(said[held_out], corpus.line_labels[held_out])
            state = {name: value.numpy() for name, value in head.state_dict().items()}
            partial = folder / f"{number}.partial.npz"
            np.savez(partial, allow_pickle=False, auc=np.array(auc), **state)
            partial.rename(folder / f"{number}.npz")
    loaded = [_load(folder / f"{number}.npz", recipe) for number in range(repetitions)]
    heads, aucs = zip(*loaded, strict=True)
    return Trained(heads, aucs, key)


def _load(path: Path, recipe: Recipe) -> tuple[Head, float]:
    with np.load(path, allow_pickle=False) as kept:
        state = {name: torch.from_numpy(kept[name]) for name in kept.files if name != "auc"}
        auc = float(kept["auc"])
    head = HEADS[recipe.head](state["mean"], state["scale"], recipe.width, recipe.dropout)
    head.load_state_dict(state)
    return head.eval(), auc


def _auc(logits: npt.NDArray[np.floating], labels: npt.NDArray[np.bool_]) -> float:
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(labels, logits))


def _hash(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()
