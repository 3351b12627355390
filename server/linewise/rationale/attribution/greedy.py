"""Sequential rationalization (Vafa et al. 2021, arXiv 2109.06387): the greedy rationale, exactly.

The rationale of a prediction begins with the most recent token. Then the token whose addition
raises the target's log-probability most is added, until the target is the most probable token.

Every candidate of a step is the rationale with one token more, so between two steps each
candidate's sequence only gains the token added last. What lies before that token was computed in
the step before, and what lies before the candidate itself is common to all: the sequences are
scored from the later of the two places on. The choices are those of scoring each in full.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from attrs import define, frozen

from linewise.errors import LinewiseError
from linewise.models.incremental import IncrementalModel, States, joined
from linewise.models.runtime import Floats
from linewise.rationale.attribution.base import (
    Attribution,
    Ints,
    Rationale,
    Weights,
    register,
    singly,
)
from linewise.rationale.attribution.next_token import NextTokens

CACHED_TOKENS = 8192
"""Keys and values kept from one step to the next (46 kB a token in the default model)."""
SHORTLIST = 16
_CALL_TOKENS = 24  # what one pass costs beside its tokens: reading the weights


@register(
    "greedy",
    unit="{}",
    summary="the tokens that make the model predict this one, added one at a time; exact",
)
def greedy(targets: Any, *, max_places: int | None = None) -> Attribution:
    """Return greedy rationales, every token before the target being a candidate.

    ``max_places`` ends a rationale early (None: never); `Rationale.reached_argmax` tells.
    """
    return _rationales("greedy", targets, max_places)


@register(
    "greedy-shortlist",
    unit="{}",
    summary="the same among the tokens that do best by a cheaper measure; faster, not exact",
)
def greedy_shortlist(
    targets: Any,
    *,
    max_places: int | None = None,
    size: int = SHORTLIST,
    ranker: IncrementalModel | None = None,
) -> Attribution:
    """Return greedy rationales from shortlists.

    With a ``ranker``, a copy of the model in cheaper arithmetic such as int8, that one scores all
    candidates at every step, and the model the best ``size`` of them.

    Without, every token is scored once, beside the last token alone. Only the best ``size`` of
    that step are candidates later on; the next ``size`` once they are used up.
    """
    return _rationales("greedy-shortlist", targets, max_places, size, ranker)


def _rationales(
    method: str,
    targets: Any,
    max_places: int | None,
    size: int | None = None,
    ranker: IncrementalModel | None = None,
) -> Attribution:
    if not isinstance(targets, NextTokens):
        raise LinewiseError(
            f"{method} explains predicted tokens only: choose the target next-token, or another "
            "method such as occlusion"
        )
    copy = targets.of(ranker) if ranker is not None else None
    searches = (
        _Search(targets, target, size)
        if copy is None or size is None
        else _Ranked(targets, target, size, copy)
        for target in range(targets.count)
    )
    found = tuple(search.run(max_places) for search in searches)
    weights = np.full((targets.count, len(targets.ids)), np.nan)
    for target, rationale in enumerate(found):
        weights[target, targets.context(target)] = 0.0
        weights[target, list(rationale.places)] = rationale.gains
    return Attribution(method, targets.unit, weights, singly(weights), found)


@frozen(eq=False)
class _Step:
    """What scoring every candidate once has found: scores, and states if they were kept."""

    scores: Weights
    finals: Floats
    states: States | None


@define(eq=False)
class _Candidates:
    """The unused ``places``, and for each the row of ``states`` that holds its last sequence.

    ``rows`` is -1 for a candidate that has none.
    """

    places: Ints
    rows: Ints
    states: States | None


class _Search:
    """One target's search; ``size`` is how many candidates stay after the first step, None all."""

    def __init__(self, targets: NextTokens, target: int, size: int | None) -> None:
        self._targets = targets
        self._target = target
        self._size = size
        self._last = int(targets.places[target]) - 1
        # The rationale in reading order, its states, and the place it gained last.
        self._chosen = np.array([self._last])
        self._chain = targets.singles[1].rows([self._last])
        self._added = self._last

    def run(self, max_places: int | None) -> Rationale:
        """Search among all tokens before the last one; among those that wait once none is left."""
        targets, token = self._targets, self._targets.token(self._target)
        final = targets.singles[0][[self._last]]
        logps = [float(targets.logp(self._target, final)[0])]
        places = [self._last]
        waiting = [every] if len(every := targets.context(self._target)[:-1]) else []
        candidates = _Candidates(np.empty(0, np.int64), np.empty(0, np.int64), None)
        while not (reached := self._predicts(final, token)):
            if not len(candidates.places):
                if not waiting:
                    break
                candidates = self._entering(np.sort(waiting.pop(0)))
            if max_places is not None and len(places) >= max_places:
                break
            step = self._score(candidates)
            best = int(step.scores.argmax())
            final = step.finals[[best]]
            places.append(int(candidates.places[best]))
            logps.append(float(step.scores[best]))
            candidates = self._add(candidates, best, step)
            if (size := self._size) is not None and len(candidates.places) > size:
                order = np.argsort(-np.delete(step.scores, best), kind="stable")
                waiting = _cut(candidates.places[order[size:]], size) + waiting
                stay = np.sort(order[:size])
                candidates.places, candidates.rows = candidates.places[stay], candidates.rows[stay]
        uniform = -np.log(targets.model.target.manifest.vocab_size)
        return Rationale(
            tuple(places),
            tuple(np.exp(logps).tolist()),
            tuple(np.diff([uniform, *logps]).tolist()),
            reached,
        )

    def _predicts(self, final: Floats, token: int) -> bool:
        return int(self._targets.model.logps(final)[0].argmax()) == token

    def _entering(self, places: Ints) -> _Candidates:
        """Return candidates at their first step: each alone, if the rationale is one token too."""
        if len(self._chosen) == 1:
            return _Candidates(places, places, self._targets.singles[1])
        return _Candidates(places, np.full(len(places), -1), None)

    def _score(self, candidates: _Candidates) -> _Step:
        """Score the rationale with each candidate in it."""
        places = candidates.places
        count, length = len(places), len(self._chosen) + 1
        tiled = np.broadcast_to(self._chosen, (count, length - 1))
        sequences = np.sort(np.column_stack((tiled, places)), axis=1)
        # A candidate's own last sequence lacks the added token; the rationale, the candidate.
        own = (candidates.rows >= 0) & (places < self._added)
        shared = np.searchsorted(self._chosen, places)
        shared[own] = np.searchsorted(self._chosen, self._added) + 1
        keep = count * length <= CACHED_TOKENS
        scores, order = np.empty(count), []
        finals, states = [], []
        for together, common in _passes(shared):
            rows = together[np.argsort(~own[together], kind="stable")]
            mine = int(own[rows].sum())
            past = [self._chain.rows(np.zeros(len(rows) - mine, int), common)]
            if mine and candidates.states is not None:
                past.insert(0, candidates.states.rows(candidates.rows[rows[:mine]], common))
            final, longer = self._targets.read(joined(past), sequences[rows, common:])
            scores[rows] = self._targets.logp(self._target, final)
            order.append(rows)
            finals.append(final)
            if keep:
                states.append(longer)
        back = np.argsort(np.concatenate(order))
        kept = joined(states).rows(back) if keep else None
        return _Step(scores, np.concatenate(finals)[back], kept)

    def _add(self, candidates: _Candidates, best: int, step: _Step) -> _Candidates:
        """Make the best candidate part of the rationale and return the others."""
        self._added = int(candidates.places[best])
        at = int(np.searchsorted(self._chosen, self._added))
        self._chosen = np.insert(self._chosen, at, self._added)
        if step.states is not None:
            self._chain = step.states.rows([best])
        else:
            past = self._chain.rows([0], at)
            self._chain = self._targets.read(past, self._chosen[None, at:])[1]
        places = np.delete(candidates.places, best)
        if step.states is None:
            return _Candidates(places, np.full(len(places), -1), None)
        return _Candidates(places, np.delete(np.arange(len(places) + 1), best), step.states)


def _cut(places: Ints, size: int) -> list[Ints]:
    return [places[begin : begin + size] for begin in range(0, len(places), size)]


class _Ranked(_Search):
    """A search in which a copy of the model ranks all candidates of a step.

    The model scores the best ``size`` of them only. Candidates' states are the copy's.
    """

    def __init__(self, targets: NextTokens, target: int, size: int, copy: NextTokens) -> None:
        super().__init__(targets, target, None)
        self._copy = _Search(copy, target, None)
        self._best = size

    def _entering(self, places: Ints) -> _Candidates:
        return self._copy._entering(places)

    def _score(self, candidates: _Candidates) -> _Step:
        rough = self._copy._score(candidates)
        rows = np.sort(np.argsort(-rough.scores, kind="stable")[: self._best])
        step = super()._score(super()._entering(candidates.places[rows]))
        scores, finals = np.full(len(rough.scores), -np.inf), np.empty_like(rough.finals)
        scores[rows], finals[rows] = step.scores, step.finals
        return _Step(scores, finals, rough.states)

    def _add(self, candidates: _Candidates, best: int, step: _Step) -> _Candidates:
        super()._add(candidates, best, _Step(step.scores, step.finals, None))
        return self._copy._add(candidates, best, step)


def _passes(shared: Ints) -> list[tuple[Ints, int]]:
    """Return which rows to read together, each with how many leading tokens they skip.

    Rows that share more join those that share less where the tokens read twice cost less than
    another pass.
    """
    passes: list[tuple[Ints, int]] = []
    for common in np.unique(shared)[::-1].tolist():
        rows = np.flatnonzero(shared == common)
        if passes and len(passes[-1][0]) * (passes[-1][1] - common) < _CALL_TOKENS:
            rows = np.concatenate((passes.pop()[0], rows))
        passes.append((rows, common))
    return passes
