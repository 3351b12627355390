"""Attribution methods: how much each context token weighs in what a model says.

`attribute` runs a method by name on targets of either kind: `NextTokens`, the model's own
predictions, and `EditRisks`, the probe's logits of spans.
"""

from __future__ import annotations

# Imported for what they register.
from linewise.rationale.attribution import greedy, knockout, occlusion  # noqa: F401
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
from linewise.rationale.attribution.next_token import NextTokens

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
    "methods",
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
    summary="the same, averaged on the way from the mean embedding; adds up to the whole change",
)
register_late(
    "attention-rollout",
    "linewise.lab.attribution.rollout",
    "attention_rollout",
    unit="share of attention",
    summary="how much the last token attends to each token, over all layers",
)
