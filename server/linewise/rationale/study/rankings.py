"""In which order a method takes the tokens of a piece, in the terms in which people mark them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

import numpy as np
from attrs import frozen

from linewise.errors import LinewiseError
from linewise.models.incremental import IncrementalModel
from linewise.rationale.attribution import (
    DEFAULT_EDIT_METHOD,
    DEFAULT_TOKEN_METHOD,
    Attribution,
    Targets,
    attribute,
    methods,
)
from linewise.rationale.study.files import Piece, Study
from linewise.rationale.study.models import Subject, targets_of
from linewise.rationale.study.target import Target

NEAREST = "nearest"
"""A control: the tokens that stand last. People and models both favour what is near."""

DEFAULTS = {Target.EDIT: DEFAULT_EDIT_METHOD, Target.NEXT_TOKEN: DEFAULT_TOKEN_METHOD}
"""What is compared unless methods are named."""

MOST_PLACES = 32
"""Where rationales end that did not before; hardly anybody marks more tokens."""
_OPTIONS = {name: {"max_places": MOST_PLACES} for name in ("greedy", "greedy-shortlist")}


@frozen
class Ranking:
    """Shown tokens in the order a method takes them, and how many it takes by itself, if it says.

    White space and what else cannot be marked is left out.
    """

    order: tuple[int, ...]
    own: int | None = None

    def top(self, count: int) -> frozenset[int]:
        """Return the first ``count``, or all if there are fewer."""
        return frozenset(self.order[:count])

    @property
    def selection(self) -> frozenset[int] | None:
        """What the method takes by itself, None if it only weighs."""
        return None if self.own is None else self.top(self.own)


def rank_all(
    study: Study,
    subject: Subject,
    names: Sequence[str],
    pieces: Collection[str],
    progress: Callable[[str, float], None],
) -> dict[str, dict[str, Ranking]]:
    """Ask methods, and the control `NEAREST`, about ``pieces``: method → piece → ranking.

    ``progress`` hears (what is in work, pieces done). No ``names`` mean the default method.

    Raises
    ------
    LinewiseError
        If there is no such method, or it cannot be asked about such targets.
    """
    wanted = tuple(dict.fromkeys((*(names or [DEFAULTS[study.target]]), NEAREST)))
    if unknown := [name for name in wanted if name not in methods() and name != NEAREST]:
        raise LinewiseError(
            f"there is no attribution method {unknown[0]!r}; choose one of {', '.join(methods())}"
        )
    model = IncrementalModel(subject.target)
    found: dict[str, dict[str, Ranking]] = {name: {} for name in wanted}
    asked = [piece for piece in study.pieces if piece.id in pieces]
    for number, piece in enumerate(asked):
        targets = targets_of(model, subject.probe, piece)
        for part, name in enumerate(wanted):
            progress(f"{piece.id}: {name}", number + part / len(wanted))
            found[name][piece.id] = rank(name, targets, piece, study.target)
    return found


def rank(method: str, targets: Targets, piece: Piece, kind: Target) -> Ranking:
    """Ask a method about a piece, whose target is the only one of ``targets``.

    A rationale is taken in the order in which it grew, and nothing after it. Otherwise tokens come
    by descending weight, those of equal weight from the last on; a shown token weighs what its
    model tokens weigh together. Tokens without a weight are not taken.

    Raises
    ------
    LinewiseError
        If there is no such method, or it cannot be asked about such targets.
    """
    markable = piece.markable(kind)
    if method == NEAREST:
        return Ranking(tuple(sorted(markable, reverse=True)))
    found = attribute(method, targets, **_OPTIONS.get(method, {}))
    if found.rationales:
        return _grown(found, piece, markable)
    starts = np.cumsum((0, *piece.sizes[:-1]))
    weights = np.add.reduceat(found.weights[0], starts)
    order = np.lexsort((-np.arange(len(weights)), -weights))
    taken = (int(each) for each in order if not np.isnan(weights[each]))
    return Ranking(tuple(each for each in taken if each in markable))


def _grown(found: Attribution, piece: Piece, markable: frozenset[int]) -> Ranking:
    shown = np.repeat(np.arange(len(piece.sizes)), piece.sizes)
    places = shown[list(found.rationales[0].places)].tolist()
    order = tuple(each for each in dict.fromkeys(places) if each in markable)
    return Ranking(order, len(order))
