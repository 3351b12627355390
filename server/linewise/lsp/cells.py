"""Cells of notebooks: each a document of its own, scored with the cells around it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from attrs import evolve, field, frozen

from linewise.analysis.lines import LineTable
from linewise.analysis.notebooks import python_of
from linewise.lsp.addresses import path_of
from linewise.results import CodeLine, LineScore, Omission, OmissionKind

if TYPE_CHECKING:
    from linewise.engine import Evidence, ScoredText
    from linewise.rationale.explanation import Explanation, WeighedToken

Line = TypeVar("Line", LineScore, CodeLine)


@frozen(eq=False)
class Notebook:
    """One version of a notebook: the Python of its cells, one below the other.

    ``names`` are what IPython and its magics define in it. ``edited`` tells a version that
    somebody typed from the one that was opened. ``scored`` is what the model's thread keeps for
    the cells that are asked about next.
    """

    uri: str
    text: str
    cells: int
    edited: bool
    names: frozenset[str] = frozenset()
    scored: dict[tuple[str, str, frozenset[str]], ScoredText] = field(factory=dict, repr=False)

    @property
    def path(self) -> Path | None:
        """The path of its file, None if it is none."""
        return path_of(self.uri)


@frozen(eq=False)
class Cell:
    """Where a cell stands in its notebook: code points from ``start`` to ``end``, first line.

    ``foreign`` says that it is in another language than Python.
    """

    notebook: Notebook
    start: int
    end: int
    first_line: int
    foreign: bool = False

    def whole(self, text: str) -> str:
        """Return the notebook's Python with the cell reading ``text``."""
        return self.notebook.text[: self.start] + python_of(text) + self.notebook.text[self.end :]

    def part(self, scored: ScoredText, text: str) -> ScoredText:
        """Return what of a scored notebook is the cell's, as if the cell were a file.

        Ranks are those within the cell. Lines of IPython's own have no score.
        """
        table, python = LineTable(text), LineTable(python_of(text))

        def is_own(line: int) -> bool:
            at = line - self.first_line
            within = 0 <= at < min(len(table), len(python))
            return within and table.content(at) == python.content(at)

        def placed(line: Line) -> Line:
            return evolve(line, line=line.line - self.first_line)

        own = scored.among(is_own)
        here = (
            self._moved(each)
            for each in scored.evidence
            if ((each.starts < self.end) & (each.ends > self.start)).any()
        )
        return evolve(
            own,
            table=table,
            lines=tuple(map(placed, own.lines)),
            code=tuple(map(placed, own.code)),
            evidence=tuple(here),
            omissions=tuple(self._omissions(scored.omissions, len(table))),
        )

    def _omissions(self, omissions: Iterable[Omission], lines: int) -> Iterator[Omission]:
        """Yield what is left out of the cell; lines are counted in it."""
        if self.foreign:
            yield Omission(OmissionKind.CELL, 1)
        for each in omissions:
            numbers = [int(name) - self.first_line for name in each.names]
            names = tuple(str(number) for number in numbers if 1 <= number <= lines)
            if names:
                yield evolve(each, count=len(names), names=names)

    def own(self, explanation: Explanation, text: str) -> Explanation:
        """Return an explanation of a line of the notebook as one of the cell's.

        Its shares are of all that the model read; of the tokens only the cell's own are named.
        """
        lines = range(len(LineTable(text)))

        def moved(tokens: tuple[WeighedToken, ...]) -> tuple[WeighedToken, ...]:
            shifted = (evolve(each, line=each.line - self.first_line) for each in tokens)
            return tuple(each for each in shifted if each.line in lines)

        return evolve(
            explanation,
            line=explanation.line - self.first_line,
            tokens=moved(explanation.tokens),
            predicted=tuple(
                evolve(each, line=each.line - self.first_line, rationale=moved(each.rationale))
                for each in explanation.predicted
            ),
        )

    def _moved(self, evidence: Evidence) -> Evidence:
        unit, back = evidence.unit, -self.start
        return evolve(
            evidence,
            unit=evolve(
                unit,
                first_line=max(0, unit.first_line - self.first_line),
                last_line=unit.last_line - self.first_line,
                header=(),
                signature=unit.signature and (unit.signature[0] + back, unit.signature[1] + back),
            ),
            starts=evidence.starts + back,
            ends=evidence.ends + back,
        )
