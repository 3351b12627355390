"""Training one head on a corpus of activations, and what heads say of problems they never saw."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import numpy.typing as npt
import torch
from attrs import evolve, field, frozen, validators
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from linewise.errors import LabDataError
from linewise.lab.activations.corpus import Corpus
from linewise.lab.training.heads import HEADS, Head
from linewise.probe.calibration import Platt

Ints = npt.NDArray[np.int64]
Float32s = npt.NDArray[np.float32]

LEVEL_WEIGHTS = {"token": 0.33, "line": 0.34, "unit": 0.33}
FOCUS = 2.0
"""The focal loss's exponent, the paper's."""
FOLDS = 4


def _brier(logits: Tensor, labels: Tensor) -> Tensor:
    return 2.0 * (torch.sigmoid(logits) - labels).square().mean()


def _focal(logits: Tensor, labels: Tensor) -> Tensor:
    missed = (torch.sigmoid(logits) - labels).abs()
    plain = binary_cross_entropy_with_logits(logits, labels, reduction="none")
    return (missed**FOCUS * plain).mean()


LOSSES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "brier": _brier,
    "bce": binary_cross_entropy_with_logits,
    "focal": _focal,
}
"""Losses of (logits, labels) by name; Brier is twice the squared error, the paper's default."""


@frozen
class Recipe:
    """What a head is trained with: the paper's, epochs, batch and weight decay aside.

    Decay is decoupled (AdamW): added to gradients as small as rare labels make them, it would
    outweigh them and leave a constant. ``layer`` indexes the corpus's layers; ``seeds`` heads are
    trained apart and their logits averaged.
    """

    layer: int = 0
    head: str = field(default="max", validator=validators.in_(HEADS))
    loss: str = field(default="bce", validator=validators.in_(LOSSES))
    width: int = 32
    dropout: float = 0.2
    learning_rate: float = 1e-3
    weight_decay: float = 0.01
    epochs: int = 10
    batch: int = 64
    seed: int = 0
    seeds: int = 1


@frozen(eq=False)
class Logits:
    """What heads say of every token, line and pass of a corpus, in the corpus's order."""

    token: Float32s
    line: Float32s
    unit: Float32s

    @classmethod
    def none(cls) -> Logits:
        """Return those of an empty corpus."""
        return cls(*(np.empty(0, np.float32) for _ in range(3)))


class Training:
    """A corpus made ready for training at one layer; heads of any recipe may share it."""

    def __init__(self, corpus: Corpus, layer: int) -> None:
        self.corpus = corpus
        self._batches = _Batches(corpus, layer)

    def train(self, chosen: Ints, recipe: Recipe) -> Head:
        """Train a head on the ``chosen`` documents: token, line and unit loss together (§2.2).

        Raises
        ------
        LabDataError
            If their lines are all edited, or none is.
        """
        rate = float(self.corpus.line_labels[np.isin(self.corpus.line_document, chosen)].mean())
        if not 0.0 < rate < 1.0:
            raise LabDataError(
                f"the lines of {len(chosen)} training documents are all of one class; "
                "give it documents with and without edits"
            )
        torch.manual_seed(recipe.seed)
        head = HEADS[recipe.head](*self._batches.moments(chosen), recipe.width, recipe.dropout)
        # Edits are rare: starting at their rate spares the first epochs, and, under the Brier
        # loss, a plateau that is hard to leave.
        torch.nn.init.constant_(head.out.bias, float(np.log(rate / (1.0 - rate))))
        optimizer = torch.optim.AdamW(
            head.parameters(), recipe.learning_rate, weight_decay=recipe.weight_decay
        )
        steps = recipe.epochs * -(-len(chosen) // recipe.batch)
        schedule = torch.optim.lr_scheduler.LambdaLR(
            optimizer, lambda step: min(1.0, 2.0 * (1.0 - step / steps) + 0.02)
        )
        generator = np.random.default_rng(recipe.seed)
        head.train()
        for _ in range(recipe.epochs):
            order = generator.permutation(chosen)
            for begin in range(0, len(order), recipe.batch):
                batch = self._batches.take(order[begin : begin + recipe.batch])
                optimizer.zero_grad()
                torch.autograd.backward(_batch_loss(head, batch, LOSSES[recipe.loss]))
                optimizer.step()
                schedule.step()
        return head.eval()

    def loss(self, head: Head, chosen: Ints, loss: str, hidden: Tensor) -> Tensor:
        """Return a head's loss on documents whose hidden states are ``hidden`` (T, d) instead."""
        return _batch_loss(head, evolve(self._batches.take(chosen), hidden=hidden), LOSSES[loss])

    def heads(self, chosen: Ints, recipe: Recipe) -> list[Head]:
        """Train the recipe's seeds."""
        return [
            self.train(chosen, evolve(recipe, seed=recipe.seed + number))
            for number in range(recipe.seeds)
        ]

    @torch.no_grad()
    def predict(self, heads: Sequence[Head], batch: int = 256) -> Logits:
        """Return the heads' mean logits for the whole corpus."""
        token, line, unit = [torch.empty(0)], [torch.empty(0)], [torch.empty(0)]
        for begin in range(0, len(self.corpus.documents), batch):
            end = min(begin + batch, len(self.corpus.documents))
            each = self._batches.take(np.arange(begin, end))
            evidence = [head.project(each.hidden) for head in heads]
            pairs = list(zip(heads, evidence, strict=True))
            token.append(_mean([head.each(seen) for head, seen in pairs]))
            line.append(_mean([head.read_ranges(seen, each.lines) for head, seen in pairs]))
            unit.append(_mean([head.read_ranges(seen, each.passes) for head, seen in pairs]))
        return Logits(*(torch.cat(found).numpy() for found in (token, line, unit)))

    def out_of_fold(
        self,
        groups: Sequence[str],
        recipe: Recipe,
        folds: int = FOLDS,
        progress: Callable[[int, int], None] = lambda _done, _total: None,
    ) -> Logits:
        """Return logits of heads that saw no document of the same group (problem)."""
        corpus = self.corpus
        owners = (corpus.token_document, corpus.line_document, corpus.pass_document)
        found = Logits(*(np.zeros(len(owner), np.float32) for owner in owners))
        for number, (chosen, rest) in enumerate(grouped_folds(groups, folds)):
            progress(number, folds)
            logits = self.predict(self.heads(chosen, recipe))
            for level, owner in zip(("token", "line", "unit"), owners, strict=True):
                here = np.isin(owner, rest)
                getattr(found, level)[here] = getattr(logits, level)[here]
        return found


def fit_platt(logits: npt.NDArray[np.floating], labels: npt.NDArray[np.bool_]) -> Platt:
    """Fit unpenalized logistic regression of the label on the logit (papers' §2.3).

    Raises
    ------
    LabDataError
        If the labels are all of one class.
    """
    if labels.all() or not labels.any():
        raise LabDataError(f"{len(labels)} labels of one class calibrate nothing")
    model = LogisticRegression(C=np.inf).fit(logits[:, None], labels)
    return Platt(
        float(model.coef_[0, 0]), float(model.intercept_[0]), float(labels.mean()), len(labels)
    )


def grouped_folds(groups: Sequence[str], folds: int) -> Iterator[tuple[Ints, Ints]]:
    """Yield (train, held-out) document numbers; a problem is never on both sides.

    Raises
    ------
    LabDataError
        If there are fewer problems than folds.
    """
    if len(set(groups)) < folds:
        raise LabDataError(f"{len(set(groups))} problems cannot be divided into {folds} folds")
    numbers = np.arange(len(groups))
    yield from GroupKFold(folds).split(numbers, groups=groups)


def _batch_loss(head: Head, batch: _Batch, loss: Callable[[Tensor, Tensor], Tensor]) -> Tensor:
    evidence = head.project(batch.hidden)
    return (
        LEVEL_WEIGHTS["token"] * loss(head.each(evidence), batch.token_labels)
        + LEVEL_WEIGHTS["line"] * loss(head.read_ranges(evidence, batch.lines), batch.line_labels)
        + LEVEL_WEIGHTS["unit"] * loss(head.read_ranges(evidence, batch.passes), batch.pass_labels)
    )


def _mean(logits: Sequence[Tensor]) -> Tensor:
    return torch.stack(list(logits)).mean(0)


@frozen(eq=False)
class _Batch:
    hidden: Tensor
    token_labels: Tensor
    lines: Tensor
    line_labels: Tensor
    passes: Tensor
    pass_labels: Tensor


class _Batches:
    """Cuts mini-batches of documents out of a corpus, ranges renumbered."""

    def __init__(self, corpus: Corpus, layer: int) -> None:
        self._corpus = corpus
        # In memory: documents are drawn in another order in every epoch.
        self._hidden = corpus.layer(layer)
        count = np.arange(len(corpus.documents) + 1)
        self._line_cut = np.searchsorted(corpus.line_document, count)
        self._pass_cut = np.searchsorted(corpus.pass_document, count)

    def moments(self, chosen: Ints) -> tuple[Tensor, Tensor]:
        """Return per-channel mean and standard deviation over (a sample of) the documents."""
        sample = chosen[:: max(1, len(chosen) // 1000)]
        hidden = self.take(sample).hidden
        return hidden.mean(0), hidden.std(0).clamp_min(1e-4)

    def take(self, documents: Ints) -> _Batch:
        corpus = self._corpus
        first, end = corpus.documents[documents].T
        moved = np.cumsum(end - first) - (end - first) - first
        tokens = _within(first, end)
        lines = _within(self._line_cut[documents], self._line_cut[documents + 1])
        passes = _within(self._pass_cut[documents], self._pass_cut[documents + 1])
        by = np.zeros(len(corpus.documents), np.int64)
        by[documents] = moved
        return _Batch(
            torch.from_numpy(self._hidden[tokens]).float(),
            _labels(corpus.token_labels[tokens]),
            torch.from_numpy(corpus.lines[lines] + by[corpus.line_document[lines], None]),
            _labels(corpus.line_labels[lines]),
            torch.from_numpy(corpus.passes[passes] + by[corpus.pass_document[passes], None]),
            _labels(corpus.pass_labels[passes]),
        )


def _within(firsts: Ints, ends: Ints) -> Ints:
    """Return the numbers of ranges (first, end), one range after the other."""
    lengths = ends - firsts
    starts = np.repeat(firsts - (np.cumsum(lengths) - lengths), lengths)
    return np.asarray(starts + np.arange(lengths.sum()), np.int64)


def _labels(flags: npt.NDArray[np.bool_]) -> Tensor:
    return torch.from_numpy(flags.astype(np.float32))
