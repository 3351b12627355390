"""What a user decides about lines: reviewed, not useful, ignored, part of the baseline."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from linewise.analysis.bands import Bands
from linewise.errors import LinewiseError
from linewise.lsp.documents import Document
from linewise.lsp.feedback import FeedbackWatcher
from linewise.lsp.outcome import Outcome, place
from linewise.lsp.questions import Questions
from linewise.lsp.scoring import Scorer

if TYPE_CHECKING:
    from linewise.analysis.fingerprints import Fingerprints
    from linewise.analysis.suppression import Decisions

MARK_REVIEWED = "linewise.server.markReviewed"
ACCEPT_FILE = "linewise.server.acceptFile"
NOT_USEFUL = "linewise.server.notUseful"
IGNORE = "linewise.server.ignore"
ADD_TO_BASELINE = "linewise.server.addToBaseline"


@frozen
class Place:
    """A 0-based line of a document."""

    uri: str
    line: int


@frozen
class WholeFile:
    """A document."""

    uri: str


@frozen
class Mark:
    """The argument of `linewise.server.markReviewed`."""

    uri: str
    line: int
    reviewed: bool = True


@frozen
class Ignore:
    """The argument of `linewise.server.ignore`: ``scope`` is "line", "function" or "file"."""

    uri: str
    line: int
    scope: str = "line"
    ignored: bool = True


@frozen
class Baselined:
    """The argument of `linewise.server.addToBaseline`; without a line, all that is shown."""

    uri: str
    line: int | None = None


class Review:
    """Keeps decisions. ``decided`` is called after each, to show the documents anew."""

    def __init__(
        self,
        questions: Questions,
        scorer: Scorer,
        feedback: FeedbackWatcher,
        decided: Callable[[], None],
    ) -> None:
        self._questions = questions
        self._scorer = scorer
        self._feedback = feedback
        self._decided = decided

    async def mark(self, asked: Mark) -> None:
        """Mark a line as reviewed until its content changes, or take that back.

        Raises
        ------
        LinewiseError
            If there is no such line, or the decision cannot be kept.
        """
        outcome, _ = await self._questions.line(asked.uri, asked.line)
        prints = outcome.prints

        def change(old: Decisions) -> Decisions:
            return evolve(old, reviewed=_with(old.reviewed, prints, asked.line, asked.reviewed))

        self._change(outcome, change)

    async def accept(self, uri: str) -> int:
        """Mark all lines above the threshold as reviewed; return how many were not.

        Raises
        ------
        LinewiseError
            If the document cannot be scored, or the decision cannot be kept.
        """
        outcome = await self._questions.outcome(uri)
        accepted = {outcome.prints[line] for line in _above(outcome, outcome.bands)}
        if accepted:
            self._change(outcome, lambda old: evolve(old, reviewed=old.reviewed | accepted))
        return len(accepted)

    async def not_useful(self, asked: Place) -> None:
        """Count a line as shown and not edited, and mark it as reviewed.

        Raises
        ------
        LinewiseError
            If there is no such line, or the decision cannot be kept.
        """
        outcome, score = await self._questions.line(asked.uri, asked.line)
        await self.mark(Mark(asked.uri, asked.line))
        self._feedback.not_useful(outcome, score)

    async def ignore(self, asked: Ignore) -> None:
        """Ignore a line, the outermost function around it or the whole file, or stop doing so.

        Raises
        ------
        LinewiseError
            If there is nothing of the kind, or the decision cannot be kept.
        """
        outcome, score = await self._questions.line(asked.uri, asked.line)
        prints, unit = outcome.prints, score.unit
        if asked.scope == "function" and not _in_function(outcome.document, asked.line):
            raise LinewiseError(f"there is no function around line {asked.line + 1}")

        def change(old: Decisions) -> Decisions:
            match asked.scope:
                case "line":
                    return evolve(
                        old, ignored=_with(old.ignored, prints, asked.line, asked.ignored)
                    )
                case "function":
                    others = old.ignored_units - {unit}
                    return evolve(old, ignored_units=others | {unit} if asked.ignored else others)
                case "file":
                    return evolve(old, whole_file=asked.ignored)
            raise LinewiseError(f"{asked.scope!r} cannot be ignored; choose line, function or file")

        self._change(outcome, change)

    async def add_to_baseline(self, asked: Baselined) -> int:
        """Add a line, or all that are above the threshold, to the baseline; return how many.

        Raises
        ------
        LinewiseError
            If the document is no file, or the baseline cannot be written.
        """
        outcome = await self._questions.outcome(asked.uri)
        where = place(outcome.document)
        baseline = self._scorer.suppressions.baseline(where, outcome.settings)
        if baseline is None:
            raise LinewiseError("only files can be in a baseline; save the document first")
        if asked.line is None:
            lines = _above(outcome, outcome.bands)
        else:
            await self._questions.line(asked.uri, asked.line)
            lines = [asked.line]
        added = baseline.add(
            where.name, [outcome.prints[line] for line in lines], outcome.prints.known_by
        )
        self._decided()
        return added

    def _change(self, outcome: Outcome, change: Callable[[Decisions], Decisions]) -> None:
        where = place(outcome.document)
        self._scorer.suppressions.decisions(where).change(where.name, change)
        self._decided()


def _in_function(document: Document, line: int) -> bool:
    # Not before somebody asks: `initialize` is answered without tree-sitter.
    from linewise.analysis.ignore_comments import function_at

    return function_at(document.syntax, line) is not None


def _with(known: frozenset[str], prints: Fingerprints, line: int, member: bool) -> frozenset[str]:
    return known | {prints[line]} if member else known - prints.of(line)


def _above(outcome: Outcome, found: Bands) -> list[int]:
    return [
        each.line
        for each in outcome.scored.lines
        if each.probability >= found.threshold and outcome.suppressed.cause(each.line) is None
    ]
