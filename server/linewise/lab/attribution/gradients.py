"""Gradient methods, by captum: gradient × input and integrated gradients (arXiv 1703.01365)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from captum.attr import InputXGradient, IntegratedGradients

from linewise.lab.attribution.reference import checked, inputs, reference
from linewise.rationale.attribution.base import Attribution, singly
from linewise.rationale.attribution.next_token import NextTokens

STEPS = 64
_POINTS = 8  # of the path, read in one pass

_Score = Callable[[torch.Tensor], torch.Tensor]


def gradient_x_input(targets: Any, /) -> Attribution:
    """Return, per token, its embedding times the gradient of log p, summed over the embedding."""

    def weigh(score: _Score, embedded: torch.Tensor) -> torch.Tensor:
        found: torch.Tensor = InputXGradient(score).attribute(embedded)
        return found

    return _attribution("gradient-x-input", targets, weigh)


def integrated_gradients(targets: Any, /, *, steps: int = STEPS) -> Attribution:
    """Return the gradients' integral from `baseline` embeddings to the tokens'.

    A target's weights add up to its log-probability less that from the baseline (completeness),
    the better the more ``steps`` the path has.
    """

    def weigh(score: _Score, embedded: torch.Tensor) -> torch.Tensor:
        found: torch.Tensor = IntegratedGradients(score).attribute(
            embedded,
            baselines=baseline(targets).expand_as(embedded),
            n_steps=steps,
            internal_batch_size=_POINTS,
        )
        return found

    return _attribution("integrated-gradients", targets, weigh)


def baseline(targets: NextTokens) -> torch.Tensor:
    """Return the embedding that stands for no token in particular, (d,): the vocabulary's mean.

    Not zero: models normalize embeddings by their length, so they are not continuous there.
    """
    embeddings: torch.Tensor = reference(targets.model.target.name).get_input_embeddings().weight
    return embeddings.mean(dim=0)


def score_of(targets: NextTokens, target: int) -> tuple[_Score, torch.Tensor]:
    """Return log p(target) as a function of the context's embeddings, and those embeddings.

    The function maps (B, t, d) to (B,), in nats.
    """
    model = reference(targets.model.target.name)
    place = int(targets.places[target])
    ids = torch.from_numpy(targets.ids[:place])
    token = targets.token(target)

    def score(embedded: torch.Tensor) -> torch.Tensor:
        read = {name: each.expand(len(embedded), -1) for name, each in inputs(place).items()}
        output = model(inputs_embeds=embedded, use_cache=False, logits_to_keep=1, **read)
        return torch.log_softmax(output.logits[:, -1], dim=-1)[:, token]

    return score, model.get_input_embeddings()(ids)[None].detach()


def _attribution(
    method: str, targets: Any, weigh: Callable[[_Score, torch.Tensor], torch.Tensor]
) -> Attribution:
    tokens = checked(method, targets)
    weights = np.full((tokens.count, len(tokens.ids)), np.nan)
    for target in range(tokens.count):
        score, embedded = score_of(tokens, target)
        found = weigh(score, embedded.requires_grad_()).sum(-1)[0]
        weights[target, tokens.context(target)] = found.detach().numpy()
    return Attribution(method, tokens.unit, weights, singly(weights))
