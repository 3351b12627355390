"""Scores that are no probabilities yet, as methods: as they are, or scaled on training problems."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt
from attrs import frozen

from linewise.analysis.code_lines import code_lines
from linewise.analysis.syntax import parse
from linewise.analysis.units import find_units
from linewise.lab.calibrate.scalers import fit
from linewise.lab.data import Document
from linewise.lab.predictions import Level, Scores
from linewise.probe.calibration import log_odds

Floats = npt.NDArray[np.float64]
FIT_ON = 1000
"""Two numbers are fitted: a thousand programs are plenty, and some scores cost a model call."""


class Scorer(Protocol):
    """Guesses how likely each code line is to be edited, from the text alone."""

    def lines(self, doc: Document) -> dict[int, float]:
        """Return a number in [0, 1] for each code line (0-based), nan where it has none."""


@frozen(eq=False)
class Scored:
    """A scorer as a method; ``scale`` says whether Platt scaling is fitted on training documents.

    A unit's score is that of its most suspect line. Where the scorer has none, the mean of the
    training documents' scores takes its place; if those are not asked for, their base rate.
    """

    name: str
    scorer: Scorer
    scale: bool = True

    def predict(self, train: Sequence[Document], test: Sequence[Document]) -> dict[Level, Scores]:
        """Score ``test``; at most `FIT_ON` evenly spaced training documents scale the scores."""
        chosen = train[:: max(1, -(-len(train) // FIT_ON))]
        known = _both(chosen, self.scorer.lines if self.scale else _unknown)
        found = _both(test, self.scorer.lines)
        return {level: self._level(level, known[level], found[level]) for level in found}

    def _level(self, level: Level, known: _Table, found: _Table) -> Scores:
        usual = 0.5
        if len(known.score):
            scored = np.isfinite(known.score)
            usual = float(known.score[scored].mean() if scored.any() else known.label.mean())
        logit = log_odds(np.nan_to_num(found.score, nan=usual))
        if not self.scale:
            p = np.nan_to_num(found.score, nan=usual)
        else:
            what = f"training {level}s of {self.name}"
            z = log_odds(np.nan_to_num(known.score, nan=usual))
            p = fit("platt", z, known.label, what)(logit)
        return Scores(found.document, found.position, p, logit=logit)


def _unknown(doc: Document) -> dict[int, float]:
    return dict.fromkeys(code_lines(parse(doc.text)), float("nan"))


def _both(
    documents: Sequence[Document], lines_of: Callable[[Document], dict[int, float]]
) -> dict[Level, _Table]:
    lines: list[tuple[int, int, float, bool]] = []
    units: list[tuple[int, int, float, bool]] = []
    for number, doc in enumerate(documents):
        scores = lines_of(doc)
        lines += [(number, line, score, line in doc.edited) for line, score in scores.items()]
        for unit in find_units(parse(doc.text)):
            inside = [line for line in scores if unit.first_line <= line <= unit.last_line]
            if inside:
                known = [scores[line] for line in inside if np.isfinite(scores[line])]
                most = max(known, default=float("nan"))
                touched = any(line in doc.edited for line in inside)
                units.append((number, unit.first_line, most, touched))
    return {Level.LINE: _Table.of(lines), Level.UNIT: _Table.of(units)}


@frozen(eq=False)
class _Table:
    document: npt.NDArray[np.int64]
    position: npt.NDArray[np.int64]
    score: Floats
    label: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, rows: list[tuple[int, int, float, bool]]) -> _Table:
        document, position, score, label = zip(*rows, strict=True) if rows else [()] * 4
        return cls(
            np.array(document, np.int64),
            np.array(position, np.int64),
            np.array(score, np.float64),
            np.array(label, bool),
        )
