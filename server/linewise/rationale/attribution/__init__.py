"""Attribution methods: how much each context token weighs in what a model says.

`attribute` runs a method by name on targets of either kind: `NextTokens`, the model's own
predictions, and `EditRisks`, the probe's logits of spans.
"""

from __future__ import annotations

from linewise.rationale.attribution.base import (
    Attribution,
    Method,
    Rationale,
    Targets,
    attribute,
    methods,
    register,
    register_late,
)
from linewise.rationale.attribution.edit_risk import EditRisks
from linewise.rationale.attribution.greedy import greedy, greedy_shortlist
from linewise.rationale.attribution.knockout import knockout
from linewise.rationale.attribution.next_token import NextTokens
from linewise.rationale.attribution.occlusion import occlusion, random

__all__ = [
    "DEFAULT_EDIT_METHOD",
    "DEFAULT_TOKEN_METHOD",
    "Attribution",
    "EditRisks",
    "Method",
    "NextTokens",
    "Rationale",
    "Targets",
    "attribute",
    "greedy",
    "greedy_shortlist",
    "knockout",
    "methods",
    "occlusion",
    "random",
    "register",
]

DEFAULT_EDIT_METHOD = "knockout"
DEFAULT_TOKEN_METHOD = "greedy"  # noqa: S105 - a token of code

# They differentiate, so they need torch, which only the laboratory may import.
register_late(
    "gradient-x-input",
    "linewise.lab.attribution.gradients",
    "gradient_x_input",
    unit="{}",
    summary="the slope of the log-probability along each token's embedding",
)
register_late(
    "integrated-gradients",
    "linewise.lab.attribution.gradients",
    "integrated_gradients",
    unit="{}",
    summary="the same, averaged on the way from empty embeddings; adds up to the whole change",
)
register_late(
    "attention-rollout",
    "linewise.lab.attribution.rollout",
    "attention_rollout",
    unit="share of attention",
    summary="how much the last token attends to each token, over all layers",
)
