"""Token → category → group: named ways to make one number of the weights of several tokens.

A level is a *membership* matrix (tokens, classes) of booleans. Every level is aggregated from the
tokens themselves, never from the level below: a token that belongs to two categories of one group
counts once in that group.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from linewise.errors import LinewiseError

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Aggregator = Callable[[Floats], Floats]
"""Maps weights (..., n), n ≥ 1, to one number (...) each, in the unit of the weights."""

_REGISTRY: dict[str, Aggregator] = {}


class UnknownAggregatorError(LinewiseError):
    """No aggregator has the given name."""


def register(name: str) -> Callable[[Aggregator], Aggregator]:
    """Make the decorated function the aggregator ``name``; raise ValueError if that is taken."""

    def add(aggregator: Aggregator) -> Aggregator:
        if name in _REGISTRY:
            raise ValueError(f"two aggregators are named {name!r}")
        _REGISTRY[name] = aggregator
        return aggregator

    return add


def aggregators() -> tuple[str, ...]:
    """Return the names of all aggregators."""
    return tuple(sorted(_REGISTRY))


def aggregator(name: str) -> Aggregator:
    """Return an aggregator by name; raise UnknownAggregatorError if there is none."""
    try:
        return _REGISTRY[name]
    except KeyError:
        known = ", ".join(aggregators())
        raise UnknownAggregatorError(f"no aggregator {name!r}; choose one of: {known}") from None


@register("sum")
def _sum(weights: Floats) -> Floats:
    return np.asarray(weights.sum(axis=-1))


@register("mean")
def _mean(weights: Floats) -> Floats:
    return np.asarray(weights.mean(axis=-1))


@register("median")
def _median(weights: Floats) -> Floats:
    return np.asarray(np.median(weights, axis=-1))


@register("max")
def _max(weights: Floats) -> Floats:
    return np.asarray(weights.max(axis=-1))


@register("min")
def _min(weights: Floats) -> Floats:
    return np.asarray(weights.min(axis=-1))


@register("absolute sum")
def _absolute_sum(weights: Floats) -> Floats:
    return np.asarray(np.abs(weights).sum(axis=-1))


@register("absolute max")
def _absolute_max(weights: Floats) -> Floats:
    """Return the weight that is farthest from 0, with its sign; the first of several."""
    place = np.abs(weights).argmax(axis=-1)[..., None]
    return np.asarray(np.take_along_axis(weights, place, axis=-1)[..., 0])


@register("positive part")
def _positive_part(weights: Floats) -> Floats:
    return np.asarray(np.maximum(weights, 0.0).sum(axis=-1))


@register("negative part")
def _negative_part(weights: Floats) -> Floats:
    """Return how much speaks against: 0 or more."""
    return np.asarray(np.maximum(-weights, 0.0).sum(axis=-1))


@register("euclidean norm")
def _euclidean_norm(weights: Floats) -> Floats:
    return np.asarray(np.linalg.norm(weights, axis=-1))


def one_hot(classes: npt.ArrayLike, count: int) -> Bools:
    """Return the membership (n, count) of tokens that have one class (n,) each."""
    return np.asarray(np.asarray(classes, np.int64)[:, None] == np.arange(count))


def grouping(categories: Sequence[str], groups: Mapping[str, str]) -> tuple[tuple[str, ...], Ints]:
    """Return the groups' names, in order of appearance, and the group (K,) of each category.

    Raises KeyError for a category without a group.
    """
    names = tuple(dict.fromkeys(groups[category] for category in categories))
    return names, np.array([names.index(groups[each]) for each in categories], np.int64)


def coarser(members: Bools, of_class: Ints, count: int) -> Bools:
    """Return the membership (n, count) in groups, given that (n, K) in categories."""
    return np.asarray(members.astype(np.int64) @ one_hot(of_class, count) > 0)


def aggregate(weights: npt.ArrayLike, members: Bools, name: str) -> Floats:
    """Return what ``name`` makes of the weights (..., n) of each class's members: (..., K).

    A class without members gets 0: nothing was attributed to it. Raises UnknownAggregatorError.
    """
    function, values = aggregator(name), np.asarray(weights, np.float64)
    result = np.zeros((*values.shape[:-1], members.shape[1]))
    for k in np.flatnonzero(members.any(axis=0)):
        result[..., k] = function(values[..., members[:, k]])
    return result


def shares(amounts: npt.ArrayLike) -> Floats:
    """Return amounts (..., K) ≥ 0 as shares of their sum; all 0 where the sum is 0.

    Raises ValueError for a negative amount: parts that cancel have no shares.
    """
    values = np.asarray(amounts, np.float64)
    if (values < 0).any():
        raise ValueError("only amounts of one sign have shares: aggregate their absolute values")
    # Scaled first, so that a sum of the smallest or largest floats neither vanishes nor overflows.
    values = values / np.where((top := values.max(axis=-1, keepdims=True)) > 0, top, 1.0)
    total = values.sum(axis=-1, keepdims=True)
    return np.asarray(np.divide(values, total, out=np.zeros_like(values), where=total > 0))
