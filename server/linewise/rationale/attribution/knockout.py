"""Attention knockout: what a span's risk loses when the span cannot see a group of tokens.

Occlusion reads the whole input anew for each group. Here only the span's own tokens are read
anew, without the keys and values of the group (after Geva et al. 2023, arXiv 2304.14767); the
rest of the context stays as the whole input made it. What a group does to the span by way of
other tokens therefore counts for those. A reading costs the span's tokens, not the input's, so a
budget of a few passes over the input pays for weights of lines and of the tokens that matter.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from linewise.errors import LinewiseError
from linewise.rationale.attribution.base import Attribution, Ints, Mask, Weights, register
from linewise.rationale.attribution.edit_risk import EditRisks
from linewise.rationale.attribution.occlusion import Groups, spread

BUDGET = 2.0


@register("knockout", unit="{}", summary="what the risk loses when its line cannot see the tokens")
def knockout(targets: Any, *, groups: Groups | None = None, budget: float = BUDGET) -> Attribution:
    """Weigh the span's own tokens and ``groups`` of its context, then the heaviest by token.

    Parameters
    ----------
    targets
        Spans, as `EditRisks`.
    groups
        Disjoint sets of places, such as lines, to weigh together; runs of equal length where None.
        Neighbours are merged where the budget does not allow for all of them.
    budget
        How many times the input's tokens may be read anew for one span, about. Weights become
        coarser as it shrinks: at least one group of the span and one of its context are weighed.

    Raises
    ------
    LinewiseError
        If the targets are not spans.
    """
    if not isinstance(targets, EditRisks):
        raise LinewiseError(
            "knockout explains edit risks only: choose the target edit, or another method"
        )
    weights = np.full((targets.count, len(targets.ids)), np.nan)
    numbers = np.full(weights.shape, -1)
    for target in range(targets.count):
        first, end = targets.spans[target]
        readings = max(2, int(budget * len(targets.ids) / (end - first)))
        own = np.array_split(np.arange(first, end), min(end - first, readings))
        # Of a group of its own, the span is read from there on only: half of it on average.
        room = readings - len(own) // 2
        before = _merged(groups, first, max(1, room // 2))
        losses = _losses(targets, target, before + own)
        tokens, stand = _heaviest(before, losses, room - len(before))
        kept = [each for each, keep in zip(before + own, stand, strict=True) if keep]
        final = np.concatenate((losses[stand], _losses(targets, target, tokens)))
        spread(weights[target], numbers[target], kept + tokens, final)
    return Attribution("knockout", targets.unit, weights, numbers)


def _merged(groups: Groups | None, first: int, most: int) -> list[Ints]:
    """Return at most ``most`` groups of the places before ``first``, in reading order."""
    if not first:
        return []
    if groups is None:
        return np.array_split(np.arange(first), min(most, first))
    covered = [found for each in groups if len(found := np.asarray(each)[np.asarray(each) < first])]
    # Merging the smallest pair of neighbours first keeps the groups as even as they can be.
    while len(covered) > most:
        sizes = np.array([len(each) for each in covered])
        at = int((sizes[:-1] + sizes[1:]).argmin())
        covered[at : at + 2] = [np.concatenate(covered[at : at + 2])]
    return covered


def _heaviest(groups: list[Ints], losses: Weights, room: int) -> tuple[list[Ints], Mask]:
    """Return the tokens of the heaviest groups that fit, and which of all losses still stand."""
    tokens: list[Ints] = []
    stand = np.ones(len(losses), bool)
    for number in np.argsort(-np.abs(losses[: len(groups)]), kind="stable"):
        # A group of one token is weighed by token already.
        if len(groups[number]) > 1 and len(tokens) + len(groups[number]) <= room:
            tokens += [np.array([place]) for place in groups[number]]
            stand[number] = False
    return tokens, stand


def _losses(targets: EditRisks, target: int, groups: list[Ints]) -> Weights:
    """Return the span's logit less what it is without each group; nan where nothing is left.

    One pass reads the span once for every group, each reading blind to the group and to the other
    readings; tokens of the span before a group stay as they were. A reading that is blind to
    nothing is what the others are compared with: where activations share one scale, a pass is
    comparable with itself only.
    """
    if not groups:
        return np.empty(0)
    hidden, states = targets.whole
    span, total = np.arange(*targets.spans[target]), len(targets.ids)
    blind = [np.empty(0, np.int64), *groups]
    again = [np.setdiff1d(span[span > group.min()], group) for group in groups]
    again.insert(0, span)
    owner = np.repeat(np.arange(len(blind)), [len(each) for each in again])
    places = np.concatenate(again)
    seen = np.ones((len(blind), total), bool)
    for number, (group, mine) in enumerate(zip(blind, again, strict=True)):
        seen[number, group] = seen[number, mine] = False
    visible = np.hstack(
        (
            seen[owner] & (np.arange(total) < places[:, None]),
            (owner[:, None] == owner) & (places <= places[:, None]),
        )
    )
    fresh = targets.read(states, places, visible)
    logits = np.full(len(blind), np.nan)
    for number, (group, mine) in enumerate(zip(blind, again, strict=True)):
        kept = ~np.isin(span, group)
        if kept.any():
            own = hidden[:, span]
            own[:, mine - span[0]] = fresh[:, owner == number]
            logits[number] = targets.logit(target, own[:, kept], span[kept])
    losses: Weights = logits[0] - logits[1:]
    return losses
