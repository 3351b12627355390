"""What is rendered: an explanation, where the line stands, and what it was asked of."""

from __future__ import annotations

from attrs import frozen

from linewise.analysis.lines import LineTable, PositionEncoding
from linewise.output.report import ModelReport
from linewise.rationale.explain_line import ExplainedLine
from linewise.rationale.explanation import Explanation


@frozen(eq=False)
class ExplanationReport:
    """One explained line of a text.

    ``path`` is as the user knows it, with forward slashes; ``probe`` the identity of the probe,
    None if there is none; ``elapsed`` in seconds, without the loading of the model.
    """

    version: str
    path: str
    language: str
    table: LineTable
    model: ModelReport
    probe: str | None
    explained: ExplainedLine
    elapsed: float

    @property
    def explanation(self) -> Explanation:
        """The explanation itself."""
        return self.explained.explanation

    @property
    def text(self) -> str:
        """The explained line."""
        return self.table.content(self.explanation.line)

    def column(self, line: int, column: int) -> int:
        """Return a 0-based column counted from 1, as whoever has the text counts it."""
        _, counted = self.table.position(self.table.starts[line] + column, PositionEncoding.UTF32)
        return counted + 1

    @property
    def note(self) -> str | None:
        """What a reader must know of a probability of code that is not Python."""
        if self.explained.scored is None or self.language == "python":
            return None
        return (
            f"This is {self.language}, read as if it were Python: nobody measured how well its "
            "probabilities hold."
        )
