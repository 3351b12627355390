"""A token of each function that the model predicts, and the greedy rationale of it."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from attrs import frozen

from benchmarks.shallow.functions import Function, digest
from linewise.errors import LinewiseError
from linewise.lab.journal import Journal
from linewise.models.incremental import IncrementalModel
from linewise.models.runtime import TargetModel
from linewise.rationale.attribution import NextTokens, attribute
from linewise.rationale.line_input import LineInput, line_inputs

_ATTEMPTS = 8
_LEAST_CONTEXT = 16


@frozen
class Bounds:
    """A rationale has at most ``places`` of at most ``context`` tokens before the target."""

    context: int
    places: int


@frozen(eq=False)
class Target:
    """A token of a function: at ``place`` of what the model reads for its line."""

    function: Function
    read: LineInput
    place: int

    def begin(self, bounds: Bounds) -> int:
        """Return the place of the first token it may rest on."""
        return max(0, self.place - bounds.context)

    def asked(self, model: IncrementalModel, bounds: Bounds) -> NextTokens:
        """Return the question of a model; places count from `begin`."""
        begin = self.begin(bounds)
        return NextTokens(model, self.read.ids[begin : self.place + 1], [self.place - begin])


@frozen(eq=False, slots=False)
class Subject:
    """A target model and the journal of what was found about it."""

    target: TargetModel
    journal: Journal
    bounds: Bounds

    @cached_property
    def model(self) -> IncrementalModel:
        """The model as greedy search needs it."""
        return IncrementalModel(self.target)

    def chosen(self, function: Function) -> Target | None:
        """Return a visible token of a function that the model predicts, drawn by its name."""
        key = f"{self._about} target {function.name}"
        known = self.journal.get(key)
        if known is None:
            found = self._draw(function)
            known = {"line": found.read.line, "place": found.place} if found else {}
            self.journal.put(key, known)
        if not known:
            return None
        return Target(function, _read(function, known["line"], self.target), known["place"])

    def rationale(self, target: Target) -> tuple[int, ...] | None:
        """Return its places in the order they were added, None if the model predicts another.

        They count from `Target.begin`.
        """
        key = f"{self._about} rationale {target.function.name} {target.read.line} {target.place}"
        known = self.journal.get(key)
        if known is None:
            asked = target.asked(self.model, self.bounds)
            known = {"places": None}
            if asked.predicted[0] == target.read.ids[target.place]:
                found = attribute("greedy", asked, max_places=self.bounds.places).rationales[0]
                known = {"places": list(found.places), "reached": found.reached_argmax}
            self.journal.put(key, known)
        return None if known["places"] is None else tuple(known["places"])

    @property
    def _about(self) -> str:
        bounds = self.bounds
        return f"{self.target.identity[:16]} {bounds.context} {bounds.places}"

    def _draw(self, function: Function) -> Target | None:
        generator = np.random.default_rng(list(digest(function.name)))
        lines = generator.permutation(function.lines)[:_ATTEMPTS]
        for line in lines.tolist():
            try:
                read = _read(function, line, self.target)
            except LinewiseError:
                continue
            text = read.table.text
            visible = [
                place
                for place in range(max(read.first, _LEAST_CONTEXT), read.end)
                if text[read.starts[place] : read.ends[place]].strip()
            ]
            if visible:
                found = Target(function, read, int(generator.choice(visible)))
                predicted = found.asked(self.model, self.bounds).predicted[0]
                if predicted == read.ids[found.place]:
                    return found
        return None


def _read(function: Function, line: int, model: TargetModel) -> LineInput:
    return line_inputs(function.text, line, model)[0]
