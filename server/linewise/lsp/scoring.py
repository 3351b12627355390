"""From an open document to what is known about it, computed on the worker thread and kept."""

from __future__ import annotations

import asyncio
import hashlib
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import unquote

from attrs import evolve, frozen
from lsprotocol import types

from linewise.analysis.findings import select_findings
from linewise.errors import Cancelled
from linewise.lsp.client import Client, path_of
from linewise.lsp.configuration import Configuration
from linewise.lsp.documents import Document, Documents, refusal
from linewise.lsp.model import LoadedModel, ModelHost
from linewise.results import Finding, TokenWeight
from linewise.settings import Settings

if TYPE_CHECKING:
    from linewise.engine import ScoredText

SUMMARY = "linewise/fileSummary"
SLICE = 0.5
"""Seconds after which a long document lets others have the model before it goes on."""
PATIENCE = 0.5
"""Seconds a request waits for a model that is loading.

A client that is told to ask again does so at once, so answering at once would keep both busy.
"""


class Superseded(Exception):  # noqa: N818 - an outcome, not an error
    """A newer version of the document, its end or another model overtook the work."""


@frozen(eq=False)
class Outcome:
    """All that is shown of one version of a document, ready to be looked up.

    ``result_id`` is equal if and only if text, model, probe, calibration and settings are;
    ``model`` is the identity of the model alone, ``calibration`` the version of the calibration
    (`Workspace.version`). ``weights`` holds the token weights of each flagged line,
    strongest first.
    """

    document: Document
    result_id: str
    model: str
    calibration: str
    scored: ScoredText
    findings: tuple[Finding, ...]
    weights: Mapping[int, tuple[TokenWeight, ...]]

    def finding(self, line: int) -> Finding | None:
        """Return the finding on a 0-based line."""
        return next((finding for finding in self.findings if finding.line == line), None)


@frozen
class _Key:
    """What an outcome that is to be computed will be known by; see `Outcome`."""

    calibration: str
    result_id: str


class Scorer:
    """Scores documents, newest version only, and remembers the last outcome of each."""

    def __init__(
        self,
        host: ModelHost,
        client: Client,
        documents: Documents,
        configuration: Configuration,
        debounce: float,
    ) -> None:
        self._host = host
        self._client = client
        self._documents = documents
        self._configuration = configuration
        self._debounce = debounce
        self._outcomes: dict[str, Outcome] = {}
        self._declined: dict[str, str] = {}
        self.shown: Callable[[Outcome], None] = lambda _: None
        """Hears of each outcome of a document's newest version."""

    def known(self, document: Document) -> Outcome | None:
        """Return the outcome of exactly this version, if there is one; never computes."""
        outcome, model = self._outcomes.get(document.uri), self._host.loaded
        if outcome is None or model is None:
            return None
        return outcome if (outcome.document, outcome.model) == (document, model.identity) else None

    def forget(self, document: Document) -> None:
        """Drop what is remembered of a closed document."""
        self._outcomes.pop(document.uri, None)
        self._accept(document)

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
        """
        settings = self._configuration.settings
        if reason := refusal(document, settings):
            self._decline(document, reason)
            return None
        model = await self._host.model(patience)
        if model is None:
            return None
        calibration = model.workspaces.version(path_of(document.uri))
        key = _Key(calibration, _result_id(document.text, model, calibration, settings))
        known = self._outcomes.get(document.uri)
        if known is None or known.result_id != key.result_id:
            await self._still(document)
            outcome = await self._compute(document, model, settings, key, known)
        elif known.document is document:
            return known
        else:
            outcome = evolve(known, document=document)
        if document.outdated.is_set() or self._host.loaded is not model:
            raise Superseded
        if outcome is None:
            return None
        if self._documents.get(document.uri) is document:
            self._outcomes[document.uri] = outcome
            self._accept(document)
            self._summarize(outcome, settings)
            self._host.status.calibrated(outcome.scored.calibration.fitted)
            self.shown(outcome)
        return outcome

    async def _still(self, document: Document) -> None:
        if document.edited_at is not None:
            await asyncio.sleep(document.edited_at + self._debounce - time.monotonic())

    async def _compute(
        self,
        document: Document,
        model: LoadedModel,
        settings: Settings,
        key: _Key,
        known: Outcome | None,
    ) -> Outcome | None:
        same = (model.identity, key.calibration, document.text)
        like = known and (known.model, known.calibration, known.document.text)
        before = known.scored if known and like == same else None

        def unwanted() -> bool:
            return document.outdated.is_set() or self._host.loaded is not model

        def work(token: threading.Event) -> Outcome:
            begun: float | None = None

            def cancelled() -> bool:
                nonlocal begun
                # From the first question on, so that whoever gives way got something done.
                begun = begun or time.monotonic()
                gives_way = self._host.wanted and time.monotonic() - begun > SLICE
                return token.is_set() or unwanted() or gives_way

            engine, text = model.engine, document.text
            scored = before or engine.score(
                text,
                calibration=model.workspaces.calibration(
                    path_of(document.uri), text.count("\n") + 1
                ),
                cancelled=cancelled,
            )
            findings = select_findings(
                scored.table, scored.lines, settings, scored.calibration.threshold
            ).findings
            # The probe belongs to this thread; a hover is then nothing but a look-up.
            weights = {
                finding.line: engine.token_weights(scored, finding.line) for finding in findings
            }
            return Outcome(
                document,
                key.result_id,
                model.identity,
                key.calibration,
                scored,
                findings,
                weights,
            )

        try:
            with self._host.status.busy():
                while not unwanted():
                    # Cancelled to give way: again, behind the others. What was done is cached.
                    with suppress(Cancelled):
                        return await self._host.run(work)
        except Exception as error:  # noqa: BLE001 - one document must not end the server
            self._client.log_failure("scoring", error)
            self._decline(document, f"is not scored: {type(error).__name__}; see the log")
        return None

    def _decline(self, document: Document, reason: str) -> None:
        message = f"{PurePosixPath(unquote(document.uri)).name} {reason}"
        current = self._documents.get(document.uri) is document
        if current and self._declined.get(document.uri) != message:
            self._outcomes.pop(document.uri, None)
            self._declined[document.uri] = message
            self._client.log(message, types.MessageType.Warning)
            self._host.status.remark(message)

    def _accept(self, document: Document) -> None:
        if self._declined.pop(document.uri, None) is not None:
            self._host.status.remark(next(reversed(self._declined.values()), None))

    def _summarize(self, outcome: Outcome, settings: Settings) -> None:
        threshold = settings.status_threshold
        lines = outcome.scored.lines
        self._client.notify(
            SUMMARY,
            {
                "uri": outcome.document.uri,
                "version": outcome.document.version,
                "above": sum(line.probability >= threshold for line in lines),
                "threshold": threshold,
                "flagged": len(outcome.findings),
                "codeLines": len(lines),
            },
        )


def _result_id(text: str, model: LoadedModel, calibration: str, settings: Settings) -> str:
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass"))
    digest.update(f"\0{model.identity}\0{calibration}\0{settings!r}".encode())
    return digest.hexdigest()
