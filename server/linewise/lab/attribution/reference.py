"""The model of next-token targets as torch runs it, in float32."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import torch

from linewise import models
from linewise.errors import LinewiseError
from linewise.rationale.attribution.next_token import NextTokens

if TYPE_CHECKING:
    from transformers import PreTrainedModel


def checked(method: str, targets: Any) -> NextTokens:
    """Return the targets if the method can differentiate what they ask about.

    Raises
    ------
    LinewiseError
        If they are not next-token targets.
    """
    if not isinstance(targets, NextTokens):
        raise LinewiseError(
            f"{method} explains predicted tokens only, because a probe is not differentiated: "
            "choose the target next-token, or another method such as knockout or occlusion"
        )
    return targets


@lru_cache(maxsize=1)
def reference(name: str) -> PreTrainedModel:
    """Return an installed model's weights in torch; the last one asked for is kept.

    Raises
    ------
    ConversionError
        If its source cannot be reached any more.
    """
    return models.torch_model(name).requires_grad_(False)


def inputs(count: int) -> dict[str, torch.Tensor]:
    """Return the arguments that make ``count`` tokens one sequence.

    Without a mask, transformers would take a gap between positions for the border of two texts.
    """
    return {
        "attention_mask": torch.ones(1, count, dtype=torch.long),
        "position_ids": torch.arange(count)[None],
    }
