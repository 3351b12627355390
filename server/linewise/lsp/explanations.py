"""Why flagged lines are at risk, computed when nothing else is to be done and ready for hovers.

One step of one line at a time: the tokens of all flagged lines are weighed before any of them is
compared with random rationales, and that before rewrites are explained; lines that were hovered
go first. Everything else that wants the model comes before, and an edit ends what it made obsolete.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from attrs import define, evolve, field, frozen

from linewise.errors import Cancelled, LinewiseError
from linewise.lsp.client import Client
from linewise.lsp.documents import Document
from linewise.lsp.model import LoadedModel, ModelHost
from linewise.lsp.outcome import Outcome
from linewise.lsp.tasks import Tasks
from linewise.models.worker import Priority

if TYPE_CHECKING:
    from linewise.lsp.explaining import Draft, Drafts
    from linewise.rationale.explain_line import ScoredLine
    from linewise.rationale.explain_text import ExplainedText
    from linewise.rationale.explanation import Explanation

_STEPS = 4
"""A draft is begun, its tokens are weighed, it is compared, its rewrites are explained."""
_WEIGHED = 2


@frozen(eq=False)
class LineExplanation:
    """What is known so far of why a line is at risk.

    ``scored`` and ``explanation`` are None until the first steps are done. ``refusal`` says why
    there will be no explanation, or no more of it.
    """

    scored: ScoredLine | None = None
    explanation: Explanation | None = None
    refusal: str | None = None


@frozen(eq=False)
class _Line:
    """A flagged line: ``done`` steps of its explanation, and what a hover shows of it."""

    line: int
    rank: int
    done: int = 0
    wanted: bool = False
    draft: Draft | None = None
    shown: LineExplanation = LineExplanation()


@define(eq=False)
class _Desk:
    """One version of a document: its flagged lines, and whether to stop working on it.

    ``token`` belongs to the step in work.
    """

    outcome: Outcome
    lines: dict[int, _Line]
    text: ExplainedText | None = None
    token: threading.Event = field(factory=threading.Event)
    told: bool = False

    @property
    def weighed(self) -> bool:
        """Whether the tokens of all lines are weighed, as far as they will be."""
        return all(each.done >= _WEIGHED for each in self.lines.values())


class Explanations:
    """Explains the flagged lines of open documents in the background. Used on the event loop.

    ``drafts`` makes what does the work, once the first line needs it. ``listeners`` hear of each
    outcome once it is known what all of its flagged lines rest on.
    """

    def __init__(self, host: ModelHost, client: Client, tasks: Tasks) -> None:
        self._host = host
        self._client = client
        self._tasks = tasks
        self._desks: dict[str, _Desk] = {}
        self._drafts: Drafts | None = None
        self._working: asyncio.Task[None] | None = None
        self.listeners: list[Callable[[Outcome], None]] = []

    @property
    def drafts(self) -> Drafts:
        """What makes explanations. On the model's thread only."""
        if self._drafts is None:
            # Not before a line is flagged, and not on the loop, which it would hold up.
            from linewise.lsp.explaining import Drafts

            self._drafts = Drafts()
        return self._drafts

    def scored(self, outcome: Outcome) -> None:
        """Begin to explain what is flagged in the newest version of a document."""
        self._desks.pop(outcome.document.uri, None)
        if outcome.findings and outcome.settings.hover:
            lines = {each.line: _Line(each.line, each.rank) for each in outcome.findings}
            self._desks[outcome.document.uri] = _Desk(outcome, lines)
        if self._working is None or self._working.done():
            self._working = self._tasks.spawn(self._work())

    def closed(self, document: Document) -> None:
        """Let go of a document."""
        self._desks.pop(document.uri, None)

    def of(self, outcome: Outcome, line: int) -> LineExplanation | None:
        """Return what is known of a flagged 0-based line; its explanation comes first from now on.

        Never computes. None if the line is not being explained.
        """
        desk = self._desk(outcome)
        if desk is None or line not in desk.lines:
            return None
        desk.lines[line] = evolve(desk.lines[line], wanted=True)
        return desk.lines[line].shown

    def weighed(self, outcome: Outcome) -> dict[int, Explanation]:
        """Return the explanations of an outcome's lines, none before all of them are weighed."""
        desk = self._desk(outcome)
        if desk is None or not desk.weighed:
            return {}
        found = {line: each.shown.explanation for line, each in desk.lines.items()}
        return {line: each for line, each in found.items() if each is not None}

    def _desk(self, outcome: Outcome) -> _Desk | None:
        desk = self._desks.get(outcome.document.uri)
        return desk if desk is not None and desk.outcome is outcome else None

    async def _work(self) -> None:
        while (chosen := self._next()) is not None:
            desk, line, model = chosen
            # Cancelled to give way, or because the document was edited: whatever is next then.
            with suppress(Cancelled):
                after = await self._step(desk, desk.lines[line], model)
                # Somebody may have hovered it meanwhile.
                desk.lines[line] = evolve(after, wanted=desk.lines[line].wanted)
                self._tell(desk)

    def _tell(self, desk: _Desk) -> None:
        if desk.weighed and not desk.told and self.weighed(desk.outcome):
            desk.told = True
            for listener in self.listeners:
                listener(desk.outcome)

    def _next(self) -> tuple[_Desk, int, LoadedModel] | None:
        """Return the line to go on with: wanted ones first, then by steps, then by risk."""
        if (model := self._host.loaded) is None:
            return None
        waiting = [
            (not each.wanted, each.done, each.rank, desk, each.line)
            for desk in self._desks.values()
            if not desk.outcome.document.outdated.is_set()
            and desk.outcome.identity.model == model.identity
            for each in desk.lines.values()
            if each.done < _STEPS
        ]
        if not waiting:
            return None
        *_, desk, line = min(waiting, key=lambda each: each[:3])
        return desk, line, model

    async def _step(self, desk: _Desk, line: _Line, model: LoadedModel) -> _Line:
        stop = self._stop(desk, model)

        def work(token: threading.Event) -> _Line:
            desk.token = token
            if stop():
                raise Cancelled
            return _advanced(self.drafts, desk, line, model, stop)

        try:
            return await self._host.run(work, priority=Priority.BACKGROUND)
        except Cancelled:
            raise
        except Exception as error:  # noqa: BLE001 - one line must not end the others
            self._client.log_failure("explaining", error)
            return _refused(line, f"it failed ({type(error).__name__}); see the log")

    def _stop(self, desk: _Desk, model: LoadedModel) -> Callable[[], bool]:
        """Return what says, on the model's thread, whether work on a desk is to stop."""
        outdated, host = desk.outcome.document.outdated, self._host

        def stop() -> bool:
            unwanted = outdated.is_set() or desk.token.is_set()
            return unwanted or host.wanted or host.loaded is not model

        return stop


def _advanced(
    drafts: Drafts, desk: _Desk, line: _Line, model: LoadedModel, stop: Callable[[], bool]
) -> _Line:
    """Take one step; on the model's thread."""
    try:
        if line.draft is None:
            desk.text = desk.text or drafts.read(desk.outcome)
            scored = drafts.score(model, desk.outcome, desk.text, line.line)
            line = evolve(line, shown=LineExplanation(scored))
            document = desk.outcome.document
            draft = drafts.begin(model, document, desk.text, line.line, cancelled=stop)
        else:
            draft = drafts.advance(model, line.draft)
    except LinewiseError as error:
        return _refused(line, str(error))
    return evolve(
        line,
        done=draft.steps,
        # A draft holds on to the model.
        draft=None if draft.complete else draft,
        shown=evolve(line.shown, explanation=draft.explanation()),
    )


def _refused(line: _Line, refusal: str) -> _Line:
    return evolve(line, done=_STEPS, draft=None, shown=evolve(line.shown, refusal=refusal))
