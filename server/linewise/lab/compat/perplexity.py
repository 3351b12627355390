"""Perplexity on held-out passages, read whole and from random subsets of what precedes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import torch
from attrs import frozen
from transformers import PreTrainedModel

from linewise.lab.compat.dropout import losses, subset
from linewise.lab.compat.text import Ints
from linewise.lab.journal import Journal
from linewise.rationale.statistics.intervals import Intervals, percentile, resampling

Floats = npt.NDArray[np.float64]

SHARES = (1.0, 0.5, 0.25, 0.1, 0.0)
"""Of the tokens before the last one, how many are kept; the last one always is."""


@frozen
class Passage:
    """Tokens of a held-out text; ``package`` is the number of its package."""

    package: int
    ids: Ints

    @property
    def key(self) -> str:
        """What results about it are kept under."""
        return hashlib.sha256(self.ids.tobytes()).hexdigest()


@frozen(eq=False)
class Losses:
    """Per passage, summed −log p in nats under each of `SHARES` (N, S), and tokens (N,).

    ``right`` counts the tokens that are the most probable ones given everything before.
    """

    nll: Floats
    tokens: Floats
    right: Floats


def measure(
    model: PreTrainedModel,
    identity: str,
    passages: Sequence[Passage],
    journal: Journal,
    progress: Callable[[float], None],
) -> Losses:
    """Return the losses of ``model``, which ``identity`` stands for in the journal.

    Which tokens are kept depends on the passage's number alone: models are compared on the same.
    """
    found = []
    for number, passage in enumerate(passages):
        progress(number / len(passages))
        key = f"perplexity {SHARES} {identity} {number} {passage.key}"
        row = journal.get(key)
        if row is None:
            row = _losses(model, passage.ids, np.random.default_rng(number))
            journal.put(key, row)
        found.append(row)
    return Losses(*(np.array([row[name] for row in found]) for name in ("nll", "tokens", "right")))


def _losses(
    model: PreTrainedModel, ids: Ints, rng: np.random.Generator
) -> dict[str, list[float] | int]:
    keep = np.stack([subset(len(ids), round(share * len(ids)), rng) for share in SHARES])
    tokens = torch.from_numpy(ids).expand(len(SHARES), -1)
    with torch.inference_mode():
        nll, right = losses(model, tokens.to(model.device), torch.from_numpy(keep).to(model.device))
    return {
        "nll": nll.double().sum(1).tolist(),
        "tokens": len(ids) - 1,
        "right": int(right[SHARES.index(1.0)].sum()),
    }


def compare(before: Losses, after: Losses, clusters: Ints) -> dict[str, Intervals]:
    """Return the perplexities (S,) before and after and their ratio, resampling the packages."""
    sums = np.zeros((int(clusters.max()) + 1, 2 * len(SHARES) + 1))
    np.add.at(sums, clusters, np.column_stack((before.nll, after.nll, before.tokens)))
    sums = sums[sums[:, -1] > 0]
    drawn = np.concatenate((np.ones((1, len(sums))), resampling(len(sums)))) @ sums
    mean = drawn[:, :-1] / drawn[:, -1:]
    first, second = mean[:, : len(SHARES)], mean[:, len(SHARES) :]
    logs = {"before": first, "after": second, "ratio": second - first}
    return {name: percentile(np.exp(log[0]), np.exp(log[1:])) for name, log in logs.items()}
