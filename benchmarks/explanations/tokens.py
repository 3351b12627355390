"""Tokens that the model predicts, with what stands right before them: the other kind of target."""

from __future__ import annotations

from attrs import frozen

from benchmarks.explanations.subject import Subject
from linewise.models.incremental import IncrementalModel
from linewise.rationale.attribution import NextTokens
from linewise.rationale.line_input import LineInput

_LEAST_CONTEXT = 12


@frozen(eq=False)
class Predicted:
    """Tokens at ``places`` of a line's ids from ``first`` on; the ids before are not read."""

    line: LineInput
    first: int
    places: tuple[int, ...]

    def asked(self, model: IncrementalModel) -> NextTokens:
        """Return the question of a model; places count from ``first``."""
        ids = self.line.ids[self.first : self.places[-1] + 1]
        return NextTokens(model, ids, [place - self.first for place in self.places])


def predicted(subject: Subject, line: LineInput, context: int, count: int) -> Predicted | None:
    """Return the last ``count`` visible tokens of a line that the model predicts.

    It reads at most ``context`` tokens before the line's end, and a target has at least a dozen
    before it. None if there is no such token.
    """
    text, first = line.table.text, max(0, line.end - context - 1)
    visible = [
        place
        for place in range(max(line.first, first + _LEAST_CONTEXT), line.end)
        if text[line.starts[place] : line.ends[place]].strip()
    ]
    if not visible:
        return None
    asked = Predicted(line, first, tuple(visible)).asked(subject.model)
    right = [
        place
        for place, found in zip(visible, asked.predicted.tolist(), strict=True)
        if found == line.ids[place]
    ]
    return Predicted(line, first, tuple(right[-count:])) if right else None
