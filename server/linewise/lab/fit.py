"""Training one head on a corpus of activations, and scaling its logits on grouped folds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import torch
from attrs import frozen
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from linewise.lab.embed import Corpus
from linewise.lab.heads import MaxPoolHead
from linewise.probe.calibration import Platt

LEVEL_WEIGHTS = {"token": 0.33, "line": 0.34, "unit": 0.33}


@frozen
class Recipe:
    """What a head is trained with: the paper's, epochs, batch and weight decay aside.

    Decay is decoupled (AdamW): added to gradients as small as rare labels make them, it would
    outweigh them and leave a constant.

    ``layer`` indexes the corpus's layers; ``loss`` is "brier" (twice the squared error of the
    probability, the paper's default) or "bce".
    """

    layer: int
    loss: str = "brier"
    width: int = 32
    dropout: float = 0.2
    learning_rate: float = 1e-3
    weight_decay: float = 0.01
    epochs: int = 12
    batch: int = 64
    seed: int = 0


@frozen(eq=False)
class Logits:
    """A head's logits for every token, line and unit of a corpus, in the corpus's order."""

    token: npt.NDArray[np.float32]
    line: npt.NDArray[np.float32]
    unit: npt.NDArray[np.float32]


def train_head(corpus: Corpus, chosen: npt.NDArray[np.int64], recipe: Recipe) -> MaxPoolHead:
    """Train a head on the ``chosen`` documents: token, line and unit loss together (§2.2)."""
    torch.manual_seed(recipe.seed)
    batches = _Batches(corpus, recipe.layer)
    mean, scale = batches.moments(chosen)
    head = MaxPoolHead(mean, scale, recipe.width, recipe.dropout)
    # Edits are rare: starting at their rate spares the first epochs, and, under the Brier loss,
    # a plateau that is hard to leave.
    rate = torch.tensor(float(corpus.line_labels.mean()))
    torch.nn.init.constant_(head.out.bias, float(torch.logit(rate)))
    optimizer = torch.optim.AdamW(
        head.parameters(), recipe.learning_rate, weight_decay=recipe.weight_decay
    )
    generator = np.random.default_rng(recipe.seed)
    for _ in range(recipe.epochs):
        order = generator.permutation(chosen)
        head.train()
        for begin in range(0, len(order), recipe.batch):
            batch = batches.take(order[begin : begin + recipe.batch])
            evidence = head.project(batch.hidden)
            logits = {
                "token": head.out(evidence).squeeze(-1),
                "line": head.read_ranges(evidence, batch.lines),
                "unit": head.read_ranges(evidence, batch.units),
            }
            labels = {
                "token": batch.token_labels,
                "line": batch.line_labels,
                "unit": batch.unit_labels,
            }
            loss = sum(
                (
                    weight * _loss(recipe.loss, logits[level], labels[level])
                    for level, weight in LEVEL_WEIGHTS.items()
                ),
                start=torch.zeros(()),
            )
            optimizer.zero_grad()
            torch.autograd.backward(loss)
            optimizer.step()
    return head.eval()


@torch.no_grad()
def predict(head: MaxPoolHead, corpus: Corpus, layer: int, batch: int = 256) -> Logits:
    """Return a head's logits for a whole corpus."""
    batches = _Batches(corpus, layer)
    token, line, unit = [], [], []
    for begin in range(0, len(corpus.documents), batch):
        each = batches.take(np.arange(begin, min(begin + batch, len(corpus.documents))))
        evidence = head.project(each.hidden)
        token.append(head.out(evidence).squeeze(-1))
        line.append(head.read_ranges(evidence, each.lines))
        unit.append(head.read_ranges(evidence, each.units))
    return Logits(*(torch.cat(each).numpy() for each in (token, line, unit)))


def fit_platt(logits: npt.NDArray[np.float32], labels: npt.NDArray[np.bool_]) -> Platt:
    """Fit unpenalized logistic regression of the label on the logit (papers' §2.3)."""
    model = LogisticRegression(C=np.inf).fit(logits[:, None], labels)
    return Platt(
        float(model.coef_[0, 0]), float(model.intercept_[0]), float(labels.mean()), len(labels)
    )


def grouped_folds(
    groups: Sequence[str], folds: int
) -> Iterator[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]]:
    """Yield (train, held-out) document numbers; a problem is never on both sides."""
    numbers = np.arange(len(groups))
    yield from GroupKFold(folds).split(numbers, groups=groups)


def _loss(kind: str, logits: Tensor, labels: Tensor) -> Tensor:
    if kind == "brier":
        return 2.0 * (torch.sigmoid(logits) - labels).square().mean()
    return binary_cross_entropy_with_logits(logits, labels)


@frozen(eq=False)
class _Batch:
    hidden: Tensor
    token_labels: Tensor
    lines: Tensor
    line_labels: Tensor
    units: Tensor
    unit_labels: Tensor


class _Batches:
    """Cuts mini-batches of documents out of a corpus, ranges renumbered."""

    def __init__(self, corpus: Corpus, layer: int) -> None:
        self._corpus = corpus
        # One layer in memory: cutting it out of the file again in every epoch reads all layers.
        self._hidden = np.ascontiguousarray(corpus.hidden[:, layer])
        count = np.arange(len(corpus.documents) + 1)
        self._line_cut = np.searchsorted(corpus.line_document, count)
        self._unit_cut = np.searchsorted(corpus.unit_document, count)

    def moments(self, chosen: npt.NDArray[np.int64]) -> tuple[Tensor, Tensor]:
        """Return per-channel mean and standard deviation over (a sample of) the documents."""
        sample = chosen[:: max(1, len(chosen) // 1000)]
        hidden = torch.cat([self.take(sample[i : i + 1]).hidden for i in range(len(sample))])
        return hidden.mean(0), hidden.std(0).clamp_min(1e-4)

    def take(self, documents: npt.NDArray[np.int64]) -> _Batch:
        corpus = self._corpus
        hidden, token_labels = [], []
        lines, line_labels, units, unit_labels = [], [], [], []
        used = 0
        for number in documents:
            first, end = corpus.documents[number]
            hidden.append(self._hidden[first:end])
            token_labels.append(corpus.token_labels[first:end])
            cut = slice(self._line_cut[number], self._line_cut[number + 1])
            lines.append(corpus.lines[cut] - first + used)
            line_labels.append(corpus.line_labels[cut])
            cut = slice(self._unit_cut[number], self._unit_cut[number + 1])
            units.append(corpus.units[cut] - first + used)
            unit_labels.append(corpus.unit_labels[cut])
            used += end - first
        return _Batch(
            torch.from_numpy(np.concatenate(hidden).astype(np.float32)),
            torch.from_numpy(np.concatenate(token_labels).astype(np.float32)),
            torch.from_numpy(np.concatenate(lines)),
            torch.from_numpy(np.concatenate(line_labels).astype(np.float32)),
            torch.from_numpy(np.concatenate(units)),
            torch.from_numpy(np.concatenate(unit_labels).astype(np.float32)),
        )
