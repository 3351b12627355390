"""The findings of files that are not open, from what scans of the workspace have stored.

They are made on the thread of the scans, some files at a time, and kept as they are sent; so a
client that asks for its whole workspace is answered at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from lsprotocol import types

from linewise.errors import LinewiseError
from linewise.lsp.background import Background
from linewise.lsp.client import Client
from linewise.lsp.configuration import Configuration
from linewise.lsp.documentation import FINDINGS, address
from linewise.lsp.documents import Documents
from linewise.lsp.scoring import Scorer
from linewise.lsp.tasks import Tasks
from linewise.models.worker import Priority
from linewise.settings import DiagnosticScope

if TYPE_CHECKING:
    from linewise.lsp.stored_findings import StoredReport


class StoredFiles:
    """Knows the findings of scanned files. Used on the event loop."""

    def __init__(
        self,
        client: Client,
        documents: Documents,
        scorer: Scorer,
        configuration: Configuration,
        *,
        background: Background,
        tasks: Tasks,
    ) -> None:
        self._client = client
        self._documents = documents
        self._scorer = scorer
        self._configuration = configuration
        self._background = background
        self._tasks = tasks
        self._known: dict[Path, dict[str, StoredReport]] = {}
        self._asked: dict[Path, None] = {}
        self._working: asyncio.Task[None] | None = None
        background.listeners.append(self.read)

    def reports(self) -> Iterator[StoredReport]:
        """Yield what is known of scanned files that are not open."""
        for known in self._known.values():
            for report in known.values():
                if self._documents.get(report.uri) is None:
                    yield report

    def refresh(self) -> None:
        """Show scanned files as the present model, settings and decisions say."""
        for folder in {*self._background.folders, *self._known}:
            self.read(folder)

    def read(self, folder: Path) -> None:
        """Show what a scan of a folder has stored."""
        self._asked[folder] = None
        if self._working is None or self._working.done():
            self._working = self._tasks.spawn(self._work())

    def file_changed(self, uri: str) -> None:
        """Let go of a file that changed: the next scan says what is to be shown of it."""
        for known in self._known.values():
            if known.pop(uri, None) is not None:
                self._publish(uri, ())

    def closed(self, uri: str) -> None:
        """Show a file again that was open."""
        for known in self._known.values():
            if (report := known.get(uri)) is not None:
                self._publish(uri, report.items)

    async def _work(self) -> None:
        while self._asked:
            folder = next(iter(self._asked))
            del self._asked[folder]
            try:
                self._replace(folder, await self._found(folder))
            except LinewiseError as error:
                self._client.log(f"{folder}: {error}", types.MessageType.Warning)

    async def _found(self, folder: Path) -> dict[str, StoredReport]:
        settings, model = self._configuration.of(folder), self._background.model
        shows = settings.diagnostics and settings.diagnostic_scope is DiagnosticScope.WORKSPACE
        if folder not in self._background.folders or model is None or not shows:
            return {}
        # Not before a client wants to see its whole workspace.
        from linewise.lsp.stored_findings import StoredFindings, Subject
        from linewise.workspace.scan.selection import Selection

        selection = Selection(
            folder, self._configuration.defaults, self._configuration.above(folder)
        )
        href = address(FINDINGS) if self._client.describes_codes else None
        subject = Subject(
            folder, model, selection, self._scorer.suppressions, self._client.encoding, href
        )
        findings = StoredFindings(subject, dict(self._known.get(folder, {})))
        found: dict[str, StoredReport] = {}
        while some := await self._background.run(findings.some, priority=Priority.IDLE):
            found |= {each.uri: each for each in some}
        return found

    def _replace(self, folder: Path, found: dict[str, StoredReport]) -> None:
        before = self._known.pop(folder, {})
        if found:
            self._known[folder] = found
        changed = [uri for uri, report in found.items() if before.get(uri) is not report]
        gone = before.keys() - found.keys()
        for uri in changed:
            self._publish(uri, found[uri].items)
        for uri in gone:
            self._publish(uri, ())
        if (changed or gone) and self._client.pulls and self._client.refreshes:
            self._tasks.spawn(self._client.refresh())

    def _publish(self, uri: str, items: tuple[types.Diagnostic, ...]) -> None:
        if not self._client.pulls and self._documents.get(uri) is None:
            self._client.publish(uri, None, items)
