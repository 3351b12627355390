"""Answers compared with each other, with every method and with chance."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from attrs import frozen

from linewise.lab.evaluate.bootstrap import RESAMPLES, Interval
from linewise.rationale.statistics.intervals import Intervals
from linewise.rationale.study.agreement import (
    MEASURES,
    Floats,
    expected,
    krippendorff,
    measures,
    over_answers,
    over_pairs,
)
from linewise.rationale.study.files import Answers, Study
from linewise.rationale.study.rankings import Ranking

PEOPLE = "another person"

_Figures = dict[str, Interval]


@frozen
class Comparison:
    """What one kind of choice has in common with what people marked.

    ``selection`` is ``equal size``, as many tokens as the person marked, or ``own``. ``count``
    comparisons were made, ``tokens`` were chosen in the mean. ``figures`` are the means of
    `agreement.MEASURES`, ``chance`` those expected of as many tokens drawn at random, and
    ``above_chance`` the differences, paired.
    """

    method: str
    selection: str
    count: int
    tokens: float
    figures: _Figures
    chance: dict[str, float]
    above_chance: _Figures


@frozen
class PieceScore:
    """One piece: how many answered it and marked how many tokens; mean Jaccard per method."""

    id: str
    answers: int
    marked: float
    jaccard: dict[str, float]


@frozen
class Score:
    """All comparisons of a study; ``alpha`` is Krippendorff's, over markable tokens."""

    participants: tuple[str, ...]
    answers: int
    none: int
    comparisons: tuple[Comparison, ...]
    people: Comparison
    alpha: Interval
    pieces: tuple[PieceScore, ...]


def score(
    study: Study,
    people: Sequence[Answers],
    rankings: Mapping[str, Mapping[str, Ranking]],
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Score:
    """Compare what people marked with ``rankings``: method → piece → ranking."""
    table = _Table(study, people, resamples, seed)
    comparisons = []
    for method, found in rankings.items():
        comparisons.append(table.compare(method, "equal size", _first(found)))
        if any(each.own is not None for each in found.values()):
            comparisons.append(table.compare(method, "own", _own(found)))
    return Score(
        tuple(each.participant for each in people),
        sum(len(marked) for marked in table.marked),
        sum(not each for marked in table.marked for each in marked.values()),
        tuple(comparisons),
        table.between_people(),
        table.alpha(),
        tuple(table.piece(piece.id, rankings) for piece in study.pieces),
    )


_Choose = Callable[[str, int], frozenset[int] | None]
"""From a piece and how many tokens the person marked to what a method chooses."""


def _first(rankings: Mapping[str, Ranking]) -> _Choose:
    return lambda piece, count: rankings[piece].top(count)


def _own(rankings: Mapping[str, Ranking]) -> _Choose:
    return lambda piece, _: rankings[piece].selection


class _Table:
    """Who marked what: per person, the marked tokens by piece."""

    def __init__(self, study: Study, people: Sequence[Answers], resamples: int, seed: int) -> None:
        self._study = study
        self._options = {"resamples": resamples, "seed": seed}
        self._ids = [piece.id for piece in study.pieces]
        self.marked = [
            {name: frozenset(each.marked) for name, each in one.pieces.items() if each.given}
            for one in people
        ]

    def compare(self, method: str, selection: str, choose: _Choose) -> Comparison:
        """Compare a choice with every answer."""
        shape = (len(self.marked), len(self._ids), len(MEASURES))
        found, chance = np.full((2, *shape), np.nan)
        sizes = []
        for person, marked in enumerate(self.marked):
            for column, name in enumerate(self._ids):
                if name in marked and (chosen := choose(name, len(marked[name]))) is not None:
                    found[person, column] = measures(chosen, marked[name])
                    chance[person, column] = self._chance(name, chosen, marked[name])
                    sizes.append(len(chosen))
        return _comparison((method, selection), sizes, found, chance, self._over(over_answers))

    def between_people(self) -> Comparison:
        """Compare everybody with everybody else, each in turn as the method."""
        count = len(self.marked)
        found, chance = np.full((2, count, count, len(self._ids), len(MEASURES)), np.nan)
        sizes = []
        for one, mine in enumerate(self.marked):
            for other, theirs in enumerate(self.marked):
                for column, name in enumerate(self._ids):
                    if one != other and name in mine and name in theirs:
                        found[one, other, column] = measures(mine[name], theirs[name])
                        chance[one, other, column] = self._chance(name, mine[name], theirs[name])
                        sizes.append(len(mine[name]))
        return _comparison((PEOPLE, "own"), sizes, found, chance, self._over(over_pairs))

    def alpha(self) -> Interval:
        """Return Krippendorff's alpha over the markable tokens of all pieces."""
        marks = []
        for name in self._ids:
            tokens = sorted(self._study.markable(name))
            votes = [
                [float(each in marked[name]) for each in tokens]
                for marked in self.marked
                if name in marked
            ]
            marks.append(np.array(votes, np.float64).reshape(-1, len(tokens)))
        return krippendorff(marks, **self._options)

    def piece(self, name: str, rankings: Mapping[str, Mapping[str, Ranking]]) -> PieceScore:
        """Return what came of one piece; nan where it has no answer with marks."""
        answers = [marked[name] for marked in self.marked if name in marked]
        jaccard = {
            method: _mean(
                [measures(found[name].top(len(each)), each)[0] for each in answers if each]
            )
            for method, found in rankings.items()
        }
        return PieceScore(name, len(answers), _mean([len(each) for each in answers]), jaccard)

    def _chance(self, name: str, chosen: frozenset[int], marked: frozenset[int]) -> Floats:
        return expected(len(chosen), len(marked), len(self._study.markable(name)))

    def _over(self, function: Callable[..., Intervals]) -> Callable[[Floats], Intervals]:
        return lambda values: function(values, **self._options)


def _comparison(
    kind: tuple[str, str],
    sizes: Sequence[int],
    found: Floats,
    chance: Floats,
    over: Callable[[Floats], Intervals],
) -> Comparison:
    figures, above = over(found), over(found - chance)
    # Only where the figure itself is defined, so that the two differ by ``above``.
    random = over(np.where(np.isfinite(found), chance, np.nan)).value
    named = list(enumerate(MEASURES))
    return Comparison(
        *kind,
        len(sizes),
        _mean(sizes),
        {name: figures.at(number) for number, name in named},
        {name: float(random[number]) for number, name in named},
        {name: above.at(number) for number, name in named},
    )


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if values else float("nan")
