"""Documents as tables: one row of features per code line, or per unit.

A unit's row holds the mean and the largest value of each feature of its lines: an unordered
summary that a linear model and trees can both use.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from attrs import frozen

from linewise.analysis.code_lines import code_lines
from linewise.analysis.line_facts import FACTS, line_facts
from linewise.analysis.line_features import FEATURES, line_features
from linewise.analysis.syntax import Syntax, parse
from linewise.analysis.units import find_units
from linewise.lab.baselines.surprisal import SurprisalCache
from linewise.lab.data import Document
from linewise.lab.predictions import Level

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

EXPECTATION: tuple[str, ...] = (
    "logp mean",
    "logp least",
    "logp sum",
    "entropy mean",
    "entropy most",
    "surprise beyond entropy",
    "tokens",
    "unit logp mean",
    "unit entropy mean",
    "logp against unit",
    "logp mean before",
    "logp mean after",
)
"""The names of the columns of `expectation_features`, in order."""


@frozen(eq=False)
class Rows:
    """Features (n, F) of the lines or units of some documents, and whether they are edited."""

    level: Level
    document: Ints
    position: Ints
    features: Floats
    label: npt.NDArray[np.bool_]


class Featurizer:
    """Turns documents into rows; a text seen before is not looked at again.

    With ``surprisal``, the target model's log-probabilities and entropies join the features; with
    ``facts``, those the probe weighs take their place.
    """

    def __init__(self, surprisal: SurprisalCache | None = None, *, facts: bool = False) -> None:
        self._surprisal = surprisal
        self._facts = facts
        self._known: dict[str, tuple[Ints, Floats, Ints]] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """The names of a line's features."""
        return (*(FACTS if self._facts else FEATURES), *(EXPECTATION if self._surprisal else ()))

    def rows(self, documents: Sequence[Document], level: Level) -> Rows:
        """Return the rows of every code line (level line) or unit (level unit), in order."""
        make = self._lines if level is Level.LINE else self._units
        made = [make(doc) for doc in documents]
        width = len(self.names) * (1 if level is Level.LINE else 2)
        return Rows(
            level,
            np.repeat(np.arange(len(made)), [len(position) for position, _, _ in made]),
            np.concatenate([np.empty(0, np.int64), *(position for position, _, _ in made)]),
            np.concatenate([np.empty((0, width)), *(features for _, features, _ in made)]),
            np.concatenate([np.empty(0, bool), *(label for _, _, label in made)]),
        )

    def _lines(self, doc: Document) -> tuple[Ints, Floats, npt.NDArray[np.bool_]]:
        lines, features, _ = self._known_or_new(doc.text)
        return lines, features, np.isin(lines, sorted(doc.edited))

    def _units(self, doc: Document) -> tuple[Ints, Floats, npt.NDArray[np.bool_]]:
        lines, features, unit = self._known_or_new(doc.text)
        edited = np.isin(lines, sorted(doc.edited))
        # Lines come in order, so those of a unit lie together.
        found, starts, counts = np.unique(unit, return_index=True, return_counts=True)
        if not len(found):
            return found, np.empty((0, 2 * len(self.names))), np.empty(0, bool)
        means = np.add.reduceat(features, starts, axis=0) / counts[:, None]
        most = np.maximum.reduceat(features, starts, axis=0)
        label = np.logical_or.reduceat(edited, starts)
        return found, np.concatenate((means, most), axis=1), label

    def _known_or_new(self, text: str) -> tuple[Ints, Floats, Ints]:
        if text not in self._known:
            syntax = parse(text)
            wanted = code_lines(syntax)
            look = line_facts if self._facts else line_features
            features = look(syntax, wanted).astype(np.float64)
            first_lines = np.array([each.first_line for each in find_units(syntax)], np.int64)
            lines = np.array(wanted, np.int64)
            unit = first_lines[np.searchsorted(first_lines, lines, side="right") - 1]
            if self._surprisal is not None:
                more = expectation_features(syntax, wanted, unit, self._surprisal)
                features = np.concatenate((features, more), axis=1)
            self._known[text] = lines, features, unit
        return self._known[text]


def expectation_features(
    syntax: Syntax, wanted: Sequence[int], unit: Ints, cache: SurprisalCache
) -> Floats:
    """Return how expected each wanted line was, (lines, len(EXPECTATION)); ``unit`` groups lines.

    A line no token of which has a known probability counts as expected: zeros.
    """
    tokens = cache.get(syntax.lines.text)
    by_line = tokens.by_line(syntax.lines, wanted)
    basic = np.zeros((len(wanted), 7))
    for row, line in enumerate(wanted):
        at = by_line.get(line, np.empty(0, np.int64))
        logp, entropy = tokens.logp[at], tokens.entropy[at]
        known = np.isfinite(logp)
        if known.any():
            logp, entropy = logp[known], entropy[known]
            basic[row] = (
                logp.mean(),
                logp.min(),
                logp.sum(),
                entropy.mean(),
                entropy.max(),
                (-logp - entropy).mean(),
                len(at),
            )
    mean = np.zeros((len(wanted), 2))
    for each in np.unique(unit):
        rows = unit == each
        weight = np.maximum(basic[rows, 6], 1e-9)
        mean[rows] = np.average(basic[rows][:, [0, 3]], axis=0, weights=weight)
    logp = basic[:, 0]
    before, after = np.roll(logp, 1), np.roll(logp, -1)
    if len(logp):
        before[0], after[-1] = 0.0, 0.0
    return np.column_stack((basic, mean, logp - mean[:, 0], before, after))
