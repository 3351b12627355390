"""Attention rollout (Abnar and Zuidema 2020, arXiv 2005.00928)."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from linewise.lab.attribution.reference import checked, inputs, reference
from linewise.rationale.attribution.base import Attribution, singly


def attention_rollout(targets: Any, /) -> Attribution:
    """Return how much of what predicts each target comes from each token before it.

    Per layer, the heads' mean attention and the residual stream count half each; layers are
    multiplied. Weights are shares: not negative, and each target's add up to 1.
    """
    tokens = checked("attention-rollout", targets)
    model = reference(tokens.model.target.name)
    last = int(tokens.places.max(initial=1))
    before = model.config._attn_implementation
    model.set_attn_implementation("eager")  # the others do not return attention
    try:
        with torch.no_grad():
            output = model(
                torch.from_numpy(tokens.ids[:last])[None],
                output_attentions=True,
                use_cache=False,
                **inputs(last),
            )
    finally:
        model.set_attn_implementation(before)
    rolled = torch.eye(last)
    for attention in output.attentions:
        rolled = (attention[0].mean(0) + torch.eye(last)) / 2 @ rolled
    weights = np.full((tokens.count, len(tokens.ids)), np.nan)
    for target in range(tokens.count):
        context = tokens.context(target)
        # The token before the target predicts it; causal attention gives later tokens nothing.
        weights[target, context] = rolled[len(context) - 1, : len(context)].numpy()
    return Attribution("attention-rollout", "share of attention", weights, singly(weights))
