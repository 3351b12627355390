"""Two models on the same held-out passages: perplexity, and rationales of their tokens."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import suppress
from functools import cached_property
from pathlib import Path

import attrs
import numpy as np
import torch
from attrs import define, frozen
from tokenizers import Tokenizer
from transformers import PreTrainedModel

from linewise import models
from linewise.errors import ModelNotFoundError
from linewise.lab.compat import perplexity, rationales
from linewise.lab.compat.perplexity import SHARES, Losses, Passage
from linewise.lab.compat.rationales import Rationales
from linewise.lab.compat.text import Corpus, draw
from linewise.lab.compat.weights import save_whole, tokenizer
from linewise.lab.evaluate.report import Figures
from linewise.lab.journal import Journal
from linewise.models.cache import InstalledModel
from linewise.models.incremental import IncrementalModel
from linewise.models.runtime import TargetModel
from linewise.rationale.statistics.intervals import Intervals

_SHORTEST = 32  # tokens of a passage to measure on

Tell = Callable[[str, float], None]


def device() -> torch.device:
    """Return where torch computes: the first GPU, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


@frozen
class Sizes:
    """How much is measured: ``passages`` of at most ``block`` tokens, and a rationale in each."""

    passages: int = 60
    block: int = 256


@define(eq=False, slots=False)
class Subject:
    """Weights to measure: those of ``installed``, or made from them.

    ``identity`` (hexadecimal) differs where weights do: results are kept under it.
    """

    identity: str
    weights: PreTrainedModel
    installed: InstalledModel

    @property
    def name(self) -> str:
        """What its conversion is called while it is measured."""
        return f"{self.installed.name[:40]}-{self.identity[:16]}"

    @cached_property
    def converted(self) -> IncrementalModel:
        """The weights in float32 as ONNX Runtime runs them; making that takes a minute or more."""
        with tempfile.TemporaryDirectory() as folder:
            save_whole(self.weights, self.installed, Path(folder))
            models.pull(folder, name=self.name, scheme="fp32")
        return IncrementalModel(TargetModel.load(self.name))

    def read(self) -> IncrementalModel:
        """Return `converted`."""
        return self.converted

    def forget(self) -> None:
        """Remove the conversion."""
        with suppress(ModelNotFoundError):
            models.remove(self.name)


def measured(
    subjects: tuple[Subject, Subject], corpus: Corpus, sizes: Sizes, path: Path, progress: Tell
) -> Figures:
    """Return figures of two models, before and after, and of the change, with 95 % intervals.

    What is found is kept in the journal at ``path`` and not computed again. The conversions are
    removed at the end.
    """
    passages = _held_out(corpus, tokenizer(subjects[0].installed), sizes)
    journal = Journal(path)
    try:
        losses = [_losses(each, passages, journal, progress) for each in subjects]
        asked = rationales.targets(passages)
        found, both = _rationales(subjects, asked, journal, progress)
    finally:
        journal.close()
    for each in subjects:
        each.forget()
    return {
        "held out": {
            "packages": len(corpus.held_out),
            "passages": len(passages),
            "tokens": int(losses[0].tokens.sum()),
        },
        **_perplexity_figures(losses, passages),
        "rationales": {"asked": len(asked), **_rationale_figures(found, both)},
    }


def _held_out(corpus: Corpus, tokens: Tokenizer, sizes: Sizes) -> list[Passage]:
    """Draw passages from the held-out packages in turn."""
    found = []
    for number in range(sizes.passages):
        package = number % len(corpus.held_out)
        rng = np.random.default_rng(number)
        ids = draw([corpus.held_out[package]], tokens, sizes.block, rng)
        if len(ids) >= _SHORTEST:
            found.append(Passage(package, ids))
    return found


def _losses(subject: Subject, passages: list[Passage], journal: Journal, progress: Tell) -> Losses:
    subject.weights.to(device())
    found = perplexity.measure(
        subject.weights,
        subject.identity,
        passages,
        journal,
        lambda done: progress("Measuring perplexity", done),
    )
    subject.weights.cpu()
    return found


def _rationales(
    subjects: tuple[Subject, Subject], asked: list[Passage], journal: Journal, progress: Tell
) -> tuple[list[Rationales], list[Passage]]:
    """Return rationales by both models, and the targets: those that both predict."""
    progress("Converting", 0.0)
    knows = [rationales.predicted(each.read, each.identity, asked, journal) for each in subjects]
    both = [each for each, known in zip(asked, knows[0] & knows[1], strict=True) if known]
    found = [
        rationales.rationales(
            each.read,
            each.identity,
            both,
            journal,
            lambda done: progress("Searching rationales", done),
        )
        for each in subjects
    ]
    return found, both


def _perplexity_figures(losses: list[Losses], passages: list[Passage]) -> Figures:
    one, other = losses
    found = perplexity.compare(one, other, np.array([each.package for each in passages], np.int64))
    return {
        "perplexity": {
            f"{share:.0%} kept": {name: _figure(each, number) for name, each in found.items()}
            for number, share in enumerate(SHARES)
        },
        "next token right": {
            "before": float(one.right.sum() / one.tokens.sum()),
            "after": float(other.right.sum() / other.tokens.sum()),
        },
    }


def _rationale_figures(found: list[Rationales], both: list[Passage]) -> Figures:
    one, other = found
    compared = rationales.compare(one, other, np.array([each.package for each in both], np.int64))
    names = ("mean length", "reached argmax")
    return {
        "predicted by both": len(both),
        "context at most": rationales.CONTEXTS[-1],
        "length at most": rationales.MOST_PLACES,
        **{
            name: {which: _figure(each, number) for which, each in compared.items()}
            for number, name in enumerate(names)
        },
    }


def _figure(each: Intervals, number: int) -> dict[str, float | None]:
    """Return a figure and its interval; what is not defined is null."""
    found = attrs.asdict(each.at(number))
    return {name: value if np.isfinite(value) else None for name, value in found.items()}
