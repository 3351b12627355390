"""Probes as methods of the table: learn on a split's training documents, predict the others."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from attrs import field, frozen

from linewise.lab.calibrate.domain import fit_domain, unit_means
from linewise.lab.data import Document
from linewise.lab.predictions import Level, Scores
from linewise.lab.training.fit import Recipe, fit_platt
from linewise.lab.training.line_model import fit_line_model
from linewise.lab.training.logits import HeadLogits, Lines, Said, lines_of, riskiest
from linewise.probe.calibration import Platt, sigmoid
from linewise.probe.domain import Domain

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@frozen(eq=False)
class HeadMethod:
    """The published probe: one head for tokens, lines and units, Platt-scaled out of fold."""

    name: str
    logits: HeadLogits
    recipe: Recipe = field(factory=Recipe)

    def predict(self, train: Sequence[Document], test: Sequence[Document]) -> dict[Level, Scores]:
        """Train on ``train`` and score every token, line and unit of ``test``."""
        ours, theirs = self.logits.get(train, test, self.recipe)
        known, asked = _rows(ours), _rows(theirs)
        return {level: asked[level].scores(known[level].platt()) for level in asked}

    def unseen(self, train: Sequence[Document]) -> dict[Level, Scores]:
        """Score ``train`` itself, out of fold."""
        ours, _ = self.logits.get(train, [], self.recipe)
        return {level: rows.scores(rows.platt()) for level, rows in _rows(ours).items()}


@frozen(eq=False)
class ProbeMethod:
    """The shipped probe: units by the head, lines by facts and the head together."""

    name: str
    logits: HeadLogits
    recipe: Recipe = field(factory=Recipe)

    def predict(self, train: Sequence[Document], test: Sequence[Document]) -> dict[Level, Scores]:
        """Train on ``train`` and score every line and unit of ``test``."""
        ours, theirs = self.logits.get(train, test, self.recipe)
        known, asked = lines_of(train, ours), lines_of(test, theirs)
        model, _ = fit_line_model(known.facts, known.heads, known.label, _tasks(train, known))
        logit = model(asked.facts, asked.heads)
        units = _rows(theirs)[Level.UNIT].scores(_rows(ours)[Level.UNIT].platt())
        return {
            Level.LINE: _line_scores(
                asked, logit, theirs, self.recipe, domain_of(train, ours, self.recipe)
            ),
            Level.UNIT: units,
        }

    def unseen(self, train: Sequence[Document]) -> dict[Level, Scores]:
        """Score ``train`` itself, out of fold."""
        ours, _ = self.logits.get(train, [], self.recipe)
        known = lines_of(train, ours)
        _, logit = fit_line_model(known.facts, known.heads, known.label, _tasks(train, known))
        units = _rows(ours)[Level.UNIT]
        return {
            Level.LINE: _line_scores(
                known, logit, ours, self.recipe, domain_of(train, ours, self.recipe)
            ),
            Level.UNIT: units.scores(units.platt()),
        }


def domain_of(train: Sequence[Document], said: Said, recipe: Recipe) -> Domain:
    """Fit the out-of-domain score on the passes of the training documents."""
    tasks = [train[number].program.task_id for number in said.corpus.pass_document]
    return fit_domain(_means(said, recipe), tasks)


def _line_scores(lines: Lines, logit: Floats, said: Said, recipe: Recipe, domain: Domain) -> Scores:
    means = _means(said, recipe)
    strange = domain.strangeness(means) if len(said.corpus.passes) else np.empty(0)
    # The weighing minimizes log loss out of fold, so its odds are used as they come.
    return Scores(
        lines.document, lines.position, sigmoid(logit), logit=logit, domain=strange[lines.passes]
    )


def _means(said: Said, recipe: Recipe) -> Floats:
    return unit_means(said.corpus.layer(recipe.layer), said.corpus.passes)


def _tasks(documents: Sequence[Document], lines: Lines) -> list[str]:
    return [documents[number].program.task_id for number in lines.document]


@frozen(eq=False)
class _Rows:
    """The items of one level with the head's logits; arrays have one row per item."""

    document: Ints
    position: Ints
    logit: npt.NDArray[np.floating]
    label: Bools
    level: Level

    def platt(self) -> Platt:
        return fit_platt(self.logit, self.label)

    def scores(self, platt: Platt) -> Scores:
        label = self.label if self.level is Level.TOKEN else None
        p = platt(self.logit)
        return Scores(self.document, self.position, p, logit=self.logit, label=label)


def _rows(said: Said) -> dict[Level, _Rows]:
    """Return every level's items; of an item read twice, the riskier reading counts."""
    corpus, logits = said.corpus, said.logits
    columns = {
        Level.TOKEN: (
            corpus.token_document,
            corpus.token_start,
            logits.token,
            corpus.token_labels,
        ),
        Level.LINE: (corpus.line_document, corpus.line_number, logits.line, corpus.line_labels),
        Level.UNIT: (corpus.pass_document, corpus.pass_unit, logits.unit, corpus.pass_labels),
    }
    found = {}
    for level, (document, position, logit, label) in columns.items():
        kept, group = riskiest(document, position, logit)
        edited = np.zeros(len(kept), bool)
        np.logical_or.at(edited, group, label)
        found[level] = _Rows(document[kept], position[kept], logit[kept], edited, level)
    return found
