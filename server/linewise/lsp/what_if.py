"""What if a line were another, or not there: its unit is scored again, and nothing is changed."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from attrs import frozen

from linewise.analysis.lines import LineTable
from linewise.lsp.convert import finite
from linewise.lsp.documents import Document
from linewise.lsp.model import ModelHost
from linewise.lsp.outcome import score
from linewise.lsp.questions import Questions
from linewise.wording import percent

if TYPE_CHECKING:
    from linewise.engine import ScoredText
    from linewise.results import LineScore

WHAT_IF = "linewise.server.whatIf"


@frozen
class Replacement:
    """The argument of `linewise.server.whatIf`: another text of a 0-based line, None without it.

    With ``show`` the answer is put before the user's eyes as well.
    """

    uri: str
    line: int
    replacement: str | None = None
    show: bool = False


class WhatIf:
    """Answers `linewise.server.whatIf`."""

    def __init__(self, questions: Questions, host: ModelHost) -> None:
        self._questions = questions
        self._host = host

    async def answer(self, asked: Replacement) -> dict[str, Any]:
        """Return the unit's probabilities before and after; lines count in either text.

        Raises
        ------
        LinewiseError
            If the document cannot be scored, or the line holds no code.
        """
        outcome, line = await self._questions.line(asked.uri, asked.line)
        model = await self._questions.model()
        first, last = _unit(outcome.document, asked.line)
        text, more = _replaced(outcome.scored, asked)

        def work(cancelled: threading.Event) -> ScoredText:
            return score(
                outcome.document,
                model,
                outcome.settings,
                text,
                cancelled.is_set,
                only=range(first, last + more + 1),
            )

        scored = await self._host.run(work)
        before = [each for each in outcome.scored.lines if first <= each.line <= last]
        return {
            "unit": line.unit,
            "before": _rows(before),
            "after": _rows(scored.lines),
            "message": _message(line, before, scored.lines, asked),
        }


def _unit(document: Document, line: int) -> tuple[int, int]:
    """Return the first and last line of the unit around a line."""
    from linewise.analysis.units import find_units

    return next(
        (unit.first_line, unit.last_line)
        for unit in find_units(document.syntax)
        if unit.first_line <= line <= unit.last_line
    )


def _replaced(scored: ScoredText, asked: Replacement) -> tuple[str, int]:
    """Return the text with the line replaced, and how many lines it has more."""
    table = scored.table
    start, end = table.full_span(asked.line)
    if asked.replacement is None:
        return table.text[:start] + table.text[end:], -1
    end = table.ends[asked.line]
    more = len(LineTable(asked.replacement)) - 1
    return table.text[:start] + asked.replacement + table.text[end:], more


def _rows(lines: Iterable[LineScore]) -> list[dict[str, Any]]:
    return [{"line": int(each.line), "probability": finite(each.probability)} for each in lines]


def _message(
    line: LineScore, before: Sequence[LineScore], after: Sequence[LineScore], asked: Replacement
) -> str:
    if not after:
        return f"Without this line there is no code left in {line.unit}"
    most = max(after, key=lambda each: each.probability)
    most_before = max(before, key=lambda each: each.probability)
    change = (
        f"highest edit probability in {line.unit} {percent(most_before.probability)} → "
        f"{percent(most.probability)} (line {most.line + 1})"
    )
    if asked.replacement is None:
        return f"Without this line ({percent(line.probability)}): {change}"
    same = next((each for each in after if each.line == asked.line), None)
    itself = "no code" if same is None else percent(same.probability)
    return f"With this line changed: {percent(line.probability)} → {itself}; {change}"
