"""From the lines of a notebook that was read as one text to the lines of its cells."""

from __future__ import annotations

from bisect import bisect_right

from attrs import evolve, frozen

from linewise.analysis.lines import LineTable
from linewise.engine import ScoredText
from linewise.notebook_files import NotebookSource
from linewise.output.report import ReportedLine
from linewise.results import Omission, OmissionKind


@frozen
class Cells:
    """Where each line of a notebook's text stands."""

    source: NotebookSource

    def python(self, scored: ScoredText) -> ScoredText:
        """Return a scored notebook without the lines that are IPython's own, as an editor does."""
        tables = [LineTable(cell.text) for cell in self.source.cells]

        def is_own(line: int) -> bool:
            index, within = self._at(line)
            table = tables[index]
            return within < len(table) and table.content(within) == scored.table.content(line)

        return scored.among(is_own)

    def placed(self, line: ReportedLine) -> ReportedLine:
        """Return a line of the whole as one of its cell."""
        index, within = self._at(line.line - 1)
        return evolve(line, cell=self.source.cells[index].number, line=within + 1)

    def place(self, name: str) -> str:
        """Return what names a line of the whole, counted from 1, as it is named in its cell."""
        index, within = self._at(int(name) - 1)
        return f"cell {self.source.cells[index].number}:{within + 1}"

    def omissions(self, path: str) -> tuple[Omission, ...]:
        """Return what of the notebook is not read."""
        foreign = self.source.foreign
        names = tuple(f"{path}:cell {number}" for number in foreign)
        return (Omission(OmissionKind.CELL, len(foreign), names),) if foreign else ()

    def _at(self, line: int) -> tuple[int, int]:
        """Return the index of the cell a 0-based line stands in, and its number there."""
        firsts = self.source.joined.first_lines
        index = bisect_right(firsts, line) - 1
        return index, line - firsts[index]
