"""What every attribution method takes and gives, and the registry of methods by name.

A method is asked about *targets*, each something a model says that depends on a set of context
tokens, and answers with a signed weight per target and context token.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from attrs import field, frozen

from linewise.errors import LinewiseError

Mask = npt.NDArray[np.bool_]
Weights = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


class Targets(Protocol):
    """N things a model says about one input of T tokens, each from a set of context tokens."""

    @property
    def ids(self) -> Ints:
        """The input's token ids, (T,)."""

    @property
    def count(self) -> int:
        """How many targets, N."""

    @property
    def unit(self) -> str:
        """What `scores` are counted in."""

    def context(self, target: int) -> Ints:
        """Return the places of the tokens that target rests on, ascending."""

    def scores(self, target: int, keep: Mask) -> Weights:
        """Return the target's score from each of S sets of kept tokens, (S, T) → (S,).

        Tokens that are not kept are removed; the others stay at their original positions. What
        lies outside the target's context does not matter.
        """


@frozen
class Rationale:
    """A greedy rationale: places in the order they were added, the last token's first.

    ``probabilities`` are p(target | the places so far), cumulative; ``gains`` the nats of
    log-probability each place added (marginal; that of the first place, which is forced, over a
    uniform guess among the vocabulary). ``reached_argmax`` says whether the target became the
    most probable token; if not, all candidates were used up.
    """

    places: tuple[int, ...]
    probabilities: tuple[float, ...]
    gains: tuple[float, ...]
    reached_argmax: bool


@frozen(eq=False)
class Attribution:
    """Signed ``weights`` (N, T) in ``unit``; nan for tokens a target does not rest on.

    Positive weights speak for the target. ``groups`` (N, T) number the tokens that were weighed
    together, and share the group's weight equally; -1 where the weight is nan. Greedy methods
    keep their ``rationales``, one per target, whose tokens are the only ones with a weight other
    than zero.
    """

    method: str
    unit: str
    weights: Weights
    groups: Ints
    rationales: tuple[Rationale, ...] = field(default=())


Run = Callable[..., Attribution]
"""The work of a method: targets, then keyword options that all have defaults."""


@frozen
class Method:
    """A named method. ``unit`` is that of its weights, where ``{}`` stands for the score's.

    ``run`` may refuse targets it cannot be asked about with a `LinewiseError`.
    """

    name: str
    unit: str
    summary: str
    run: Run
    needs_torch: bool = False


_METHODS: dict[str, Method] = {}


def register(name: str, *, unit: str, summary: str) -> Callable[[Run], Run]:
    """Make a function the method of that name.

    Raises
    ------
    ValueError
        If the name is taken.
    """

    def add(run: Run) -> Run:
        _add(Method(name, unit, summary, run))
        return run

    return add


def register_late(name: str, module: str, function: str, *, unit: str, summary: str) -> None:
    """Make a function of a module that is imported when first asked the method of that name."""

    def run(targets: Any, /, **options: Any) -> Attribution:
        found: Attribution = getattr(import_module(module), function)(targets, **options)
        return found

    _add(Method(name, unit, summary, run, needs_torch=True))


def _add(method: Method) -> None:
    if method.name in _METHODS:
        raise ValueError(f"there is a method {method.name!r} already")
    _METHODS[method.name] = method


def methods() -> Mapping[str, Method]:
    """Return the registered methods by name."""
    return dict(_METHODS)


def attribute(method: str, targets: Targets, **options: Any) -> Attribution:
    """Weigh the context of each target with the method of that name.

    Raises
    ------
    LinewiseError
        If there is no such method, or it cannot be asked about such targets.
    """
    if method not in _METHODS:
        raise LinewiseError(
            f"there is no attribution method {method!r}; choose one of {', '.join(_METHODS)}"
        )
    return _METHODS[method].run(targets, **options)


def singly(weights: Weights) -> Ints:
    """Return the ``groups`` of an attribution that weighed every token by itself."""
    return np.where(np.isnan(weights), -1, np.arange(weights.shape[1]))
