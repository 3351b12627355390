"""Word dropout: which tokens a model sees of a text (Vafa et al. 2021, arXiv 2109.06387).

Tokens are hidden in the attention rather than cut out. A token that is hidden still sees itself,
so the loss can be taken at every position: each predicts its successor from itself and from the
kept tokens before it, all at their original positions. That is what reading the same tokens as a
shorter text with gaps would compute.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional

if TYPE_CHECKING:
    from peft import PeftModel
    from transformers import PreTrainedModel

Mask = npt.NDArray[np.bool_]
MIXTURE = 0.5
"""The share of steps with word dropout; the others read whole texts."""


def kept(tokens: int, rng: np.random.Generator) -> Mask:
    """Return which of ``tokens`` are kept: their number is uniform on 0..tokens, then any set."""
    return subset(tokens, int(rng.integers(tokens + 1)), rng)


def subset(tokens: int, count: int, rng: np.random.Generator) -> Mask:
    """Return a uniformly random set of ``count`` tokens, (tokens,)."""
    keep = np.zeros(tokens, bool)
    keep[rng.permutation(tokens)[:count]] = True
    return keep


def visible(keep: torch.Tensor) -> torch.Tensor:
    """Return what each token sees, (B, T) → (B, T, T): itself, and the kept ones before it."""
    count = keep.shape[1]
    itself = torch.eye(count, dtype=torch.bool, device=keep.device)
    return (keep[:, None] | itself).tril()


def losses(
    model: PreTrainedModel | PeftModel, ids: torch.Tensor, keep: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return −log p of each next token in nats and whether it is the most probable, (B, T − 1).

    ``ids`` and ``keep`` are (B, T); all of ``keep`` true is the usual reading.
    """
    read: dict[str, Any] = {
        "input_ids": ids,
        "attention_mask": visible(keep)[:, None],
        "position_ids": torch.arange(ids.shape[1], device=ids.device).expand_as(ids),
    }
    logits = model(**read, use_cache=False).logits[:, :-1].float()
    nll = functional.cross_entropy(logits.transpose(1, 2), ids[:, 1:], reduction="none")
    return nll, logits.argmax(-1) == ids[:, 1:]
