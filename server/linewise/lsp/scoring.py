"""From an open document to what is known about it, computed on worker threads and kept."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import unquote

from attrs import evolve, field, frozen
from lsprotocol import types

from linewise.errors import Cancelled
from linewise.lsp.client import Client
from linewise.lsp.configuration import Configuration
from linewise.lsp.documents import Document, Documents, refusal
from linewise.lsp.model import LoadedModel, ModelHost
from linewise.lsp.outcome import (
    Identity,
    Outcome,
    Shown,
    compute,
    identify,
    names_of,
    score,
    select,
)
from linewise.models.worker import in_own_thread
from linewise.settings import Run, Settings

if TYPE_CHECKING:
    from linewise.engine import ScoredText
    from linewise.workspace.suppressions import Suppressions

SLICE = 0.5
"""Seconds after which a long document lets others have the model before it goes on."""
PATIENCE = 0.5
"""Seconds a request waits for a model that is loading.

A client that is told to ask again does so at once, so answering at once would keep both busy.
"""
PREPARATION = 0.1
"""Seconds before the debounce time is over: a pause that long is rarely one between two keys."""
Listener = Callable[[Outcome], None]


class Unsaved(Exception):  # noqa: N818 - an outcome, not an error
    """The document is scored when it is saved."""


class Superseded(Exception):  # noqa: N818 - an outcome, not an error
    """A newer version of the document, its end or another model overtook the work."""


@frozen(eq=False)
class _Flight:
    """Work under way, and those who wait for it: it ends with the last of them."""

    task: asyncio.Task[Outcome | None]
    waiting: set[object] = field(factory=set)


class Scorer:
    """Scores documents, newest version only, and remembers the last outcome of each.

    ``listeners`` hear of each outcome of a document's newest version.
    """

    def __init__(
        self,
        host: ModelHost,
        client: Client,
        documents: Documents,
        configuration: Configuration,
    ) -> None:
        self._host = host
        self._client = client
        self._documents = documents
        self._configuration = configuration
        self._outcomes: dict[str, Outcome] = {}
        self._flights: dict[tuple[Document, str], _Flight] = {}
        self._declined: dict[str, str] = {}
        self._said: set[str] = set()
        self._suppressions: Suppressions | None = None
        self.listeners: list[Listener] = []

    @property
    def suppressions(self) -> Suppressions:
        """What knows of decisions, baselines and changed lines."""
        if self._suppressions is None:
            # Not before a document is opened: `initialize` is answered without it.
            from linewise.workspace.suppressions import Suppressions

            self._suppressions = Suppressions()
        return self._suppressions

    def known(self, document: Document) -> Outcome | None:
        """Return the outcome of exactly this version, if there is one; never computes."""
        outcome, model = self._outcomes.get(document.uri), self._host.loaded
        if outcome is None or model is None:
            return None
        same = (outcome.document, outcome.identity.model) == (document, model.identity)
        return outcome if same else None

    def forget(self, document: Document) -> None:
        """Drop what is remembered of a closed document."""
        self._outcomes.pop(document.uri, None)
        self._accept(document)

    def start_over(self) -> None:
        """Drop every outcome: a client that hears of another model shows none of them any more."""
        self._outcomes.clear()

    async def outcome(
        self, document: Document, *, patience: float | None = PATIENCE
    ) -> Outcome | None:
        """Return the outcome of a document's newest version, None if it cannot be scored.

        Why it cannot is said in the log and the status, once. Text that somebody is typing is
        left alone until it has been still for the debounce time.

        Raises
        ------
        ModelLoading
            If there is no model yet.
        Superseded
            If the answer would be about something that is no longer there.
        Unsaved
            If it is to be scored when it is saved, and nobody waits for it (``patience`` None).
        """
        settings = self._configuration.of(document.path)
        if document.cell is not None:
            # Git knows the lines of the notebook's file, not those of its cells.
            settings = evolve(settings, changed_since=None)
        if self._excluded(document, settings):
            return None
        if reason := refusal(document, settings):
            self._decline(document, reason)
            return None
        model = await self._host.model(patience)
        if model is None:
            return None
        identity = identify(document, model, settings, self.suppressions)
        known = self._outcomes.get(document.uri)
        if known is None or known.result_id != identity.result_id:
            if patience is not None and self._waits(document, settings):
                raise Unsaved
            await self._still(document, model, settings)
            outcome = await self._shared(document, model, settings, identity)
        elif known.document is document:
            return known
        else:
            outcome = evolve(known, document=document)
        if document.outdated.is_set() or self._host.loaded is not model:
            raise Superseded
        if outcome is not None and self._documents.get(document.uri) is document:
            self._keep(outcome)
        return outcome

    async def _still(self, document: Document, model: LoadedModel, settings: Settings) -> None:
        """Wait until nobody types any more; what needs no model is done while that is awaited."""
        debounce = settings.debounce / 1000
        await _still_for(document, debounce - PREPARATION)
        if document.edited_at is not None and not document.outdated.is_set():
            cell = document.cell
            text = document.text if cell is None else cell.notebook.text
            names = names_of(document, settings)
            try:
                with suppress(Cancelled):
                    await self._host.run(lambda _: model.engine.prepare(text, names))
            except Exception as error:  # noqa: BLE001 - scoring goes on, and may do without
                self._client.log_failure("preparing", error)
        await _still_for(document, debounce)

    async def _shared(
        self, document: Document, model: LoadedModel, settings: Settings, identity: Identity
    ) -> Outcome | None:
        """Compute an outcome, once for all who ask for it at the same time."""
        key, ticket = (document, identity.result_id), object()
        flight = self._flights.get(key)
        if flight is None:
            work = self._compute(document, model, settings, identity)
            flight = self._flights[key] = _Flight(asyncio.create_task(work))
            flight.task.add_done_callback(lambda _: self._flights.pop(key, None))
        flight.waiting.add(ticket)
        try:
            return await asyncio.shield(flight.task)
        finally:
            flight.waiting.discard(ticket)
            if not flight.waiting and not flight.task.done():
                flight.task.cancel()
                self._flights.pop(key, None)

    async def _compute(
        self, document: Document, model: LoadedModel, settings: Settings, identity: Identity
    ) -> Outcome | None:
        known = self._outcomes.get(document.uri)
        same = identity.model, identity.calibration, document.content
        like = known and (known.identity.model, known.identity.calibration, known.document.content)
        named = known is not None and known.settings.names == settings.names
        before = known.scored if known and named and like == same else None
        suppressions = self.suppressions

        def unwanted() -> bool:
            return document.outdated.is_set() or self._host.loaded is not model

        def scored(token: threading.Event) -> ScoredText:
            begun: float | None = None

            def cancelled() -> bool:
                nonlocal begun
                # From the first question on, so that whoever gives way got something done.
                begun = begun or time.monotonic()
                gives_way = self._host.wanted and time.monotonic() - begun > SLICE
                return token.is_set() or unwanted() or gives_way

            return score(document, model, settings, document.text, cancelled)

        def put_together(shown: Shown) -> Outcome:
            return compute(document, model, settings, identity=identity, shown=shown)

        try:
            with self._host.status.busy():
                while before is None and not unwanted():
                    # Cancelled to give way: again, behind the others. What was done is cached.
                    with suppress(Cancelled):
                        before = await self._host.run(scored)
                if before is None or unwanted():
                    return None
                found = partial(select, document, before, settings, suppressions)
                shown = await in_own_thread(found)
                while not unwanted():
                    # Cancelled where the model had to be loaded again and could not.
                    with suppress(Cancelled):
                        return await self._host.run(lambda _: put_together(shown))
        except Exception as error:  # noqa: BLE001 - one document must not end the server
            self._client.log_failure("scoring", error)
            self._decline(document, f"is not scored: {type(error).__name__}; see the log")
        return None

    def _keep(self, outcome: Outcome) -> None:
        if self._outcomes.get(outcome.document.uri) is outcome:
            return  # somebody else waited for it too
        self._outcomes[outcome.document.uri] = outcome
        self._accept(outcome.document)
        self._host.status.calibrated(outcome.scored.calibration.fitted)
        for problem in outcome.problems:
            if self._say_once(problem, types.MessageType.Warning):
                self._client.show(problem, types.MessageType.Warning)
        for listener in self.listeners:
            listener(outcome)

    def _decline(self, document: Document, reason: str) -> None:
        message = f"{_name(document)} {reason}"
        current = self._documents.get(document.uri) is document
        if current and self._declined.get(document.uri) != message:
            self._outcomes.pop(document.uri, None)
            self._declined[document.uri] = message
            self._client.log(message, types.MessageType.Warning)
            self._host.status.remark(message)

    def _excluded(self, document: Document, settings: Settings) -> bool:
        """Whether a document is none to score; what was known of it is dropped."""
        # Not before a document is opened: `initialize` is answered without it.
        from linewise.workspace.project import is_excluded

        path = document.path
        if path is None:
            return False
        if not is_excluded(path, settings.exclude, self._configuration.root_of(path)):
            return False
        self.forget(document)
        self._say_once(
            f"{_name(document)} is not scored: the setting linewise.exclude leaves it out",
            types.MessageType.Info,
        )
        return True

    def _say_once(self, message: str, kind: types.MessageType) -> bool:
        """Log a message unless that was done before; return whether it was new."""
        if message in self._said:
            return False
        self._said.add(message)
        self._client.log(message, kind)
        return True

    def _waits(self, document: Document, settings: Settings) -> bool:
        return settings.run is Run.ON_SAVE and self._documents.is_unsaved(document)

    def _accept(self, document: Document) -> None:
        if self._declined.pop(document.uri, None) is not None:
            self._host.status.remark(next(reversed(self._declined.values()), None))


def _name(document: Document) -> str:
    return PurePosixPath(unquote(document.uri)).name


async def _still_for(document: Document, seconds: float) -> None:
    """Wait until a document was last edited so long ago."""
    if document.edited_at is not None:
        await asyncio.sleep(document.edited_at + seconds - time.monotonic())
