"""Occlusion: what the score loses when tokens are left out, one group of them at a time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from linewise.rationale.attribution.base import (
    Attribution,
    Ints,
    Targets,
    Weights,
    register,
    singly,
)

Groups = Sequence[Ints]


@register("occlusion", unit="{}", summary="what the score loses without the token, read anew")
def occlusion(targets: Targets, *, groups: Groups | None = None) -> Attribution:
    """Remove each group of places (by default each token) and read what is left.

    ``groups`` are disjoint sets of places; what a target does not rest on is left out of them.
    A weight is the score of everything less the score without the group. Leaving out all that a
    target can be read from gives no score, and nan.
    """
    chosen = [np.array([place]) for place in range(len(targets.ids))] if groups is None else groups
    weights = np.full((targets.count, len(targets.ids)), np.nan)
    numbers = np.full(weights.shape, -1)
    for target in range(targets.count):
        context = targets.context(target)
        mine = [found for each in chosen if len(found := np.intersect1d(each, context))]
        keep = np.zeros((len(mine) + 1, len(targets.ids)), bool)
        keep[:, context] = True
        for row, group in enumerate(mine):
            keep[row, group] = False
        *without, whole = targets.scores(target, keep)
        spread(weights[target], numbers[target], mine, whole - np.array(without))
    return Attribution("occlusion", targets.unit, weights, numbers)


def spread(weights: Weights, numbers: Ints, groups: Groups, losses: Weights) -> None:
    """Give each group's loss to its tokens in equal shares and number them, in place.

    A group without a loss (nan) keeps no number.
    """
    for number, (group, loss) in enumerate(zip(groups, losses, strict=True)):
        if not np.isnan(loss):
            weights[group] = loss / len(group)
            numbers[group] = number


@register("random", unit="none", summary="weights that know nothing: what others must beat")
def random(targets: Targets, *, seed: int = 0) -> Attribution:
    """Draw standard normal weights, the same for the same ``seed``."""
    weights = np.full((targets.count, len(targets.ids)), np.nan)
    generator = np.random.default_rng(seed)
    for target in range(targets.count):
        context = targets.context(target)
        weights[target, context] = generator.standard_normal(len(context))
    return Attribution("random", "none", weights, singly(weights))
