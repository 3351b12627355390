"""The findings of documents that were closed: gone, or shown until their files change.

Which of the two the setting ``diagnosticScope`` says. What is known of a closed file also answers
the client's questions about its whole workspace.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import evolve, frozen
from lsprotocol import types

from linewise.lsp.addresses import path_of
from linewise.lsp.client import Client
from linewise.lsp.configuration import Configuration
from linewise.lsp.diagnostics import Diagnostics
from linewise.lsp.documents import Document, Documents
from linewise.lsp.model import ModelLoading
from linewise.lsp.outcome import Outcome
from linewise.lsp.scoring import Scorer, Superseded
from linewise.lsp.stored_files import StoredFiles
from linewise.settings import DiagnosticScope

if TYPE_CHECKING:
    from linewise.lsp.stored_findings import StoredReport

Report = (
    types.WorkspaceFullDocumentDiagnosticReport | types.WorkspaceUnchangedDocumentDiagnosticReport
)


@frozen(eq=False)
class _Closed:
    """What was last known of a closed file, and what its directory said of it then."""

    outcome: Outcome
    path: Path
    signature: tuple[int, int]


class ClosedFiles:
    """Keeps outcomes of closed files, and answers `workspace/diagnostic`."""

    def __init__(
        self,
        client: Client,
        documents: Documents,
        scorer: Scorer,
        configuration: Configuration,
        diagnostics: Diagnostics,
        *,
        stored: StoredFiles,
    ) -> None:
        self._client = client
        self._documents = documents
        self._scorer = scorer
        self._configuration = configuration
        self._diagnostics = diagnostics
        self._stored = stored
        self._closed: dict[str, _Closed] = {}

    def keep(self, document: Document) -> bool:
        """Keep what is known of a document that is being closed; return whether it is shown on."""
        settings, path = self._configuration.of(document.path), document.path
        outcome = self._scorer.known(document)
        unsaved = self._documents.is_unsaved(document)
        if path is None or document.cell is not None or outcome is None or unsaved:
            return False
        if not _shows(settings.diagnostic_scope):
            return False
        # Another snapshot: that of the open document is outdated from now on.
        snapshot = Document(document.uri, None, document.text, marked=document.marked)
        kept = evolve(outcome, document=snapshot)
        self._closed[document.uri] = _Closed(kept, path, _signature(path))
        return True

    def opened(self, document: Document) -> None:
        """Let go of a file that is open again."""
        self._closed.pop(document.uri, None)

    def drop_stale(self) -> None:
        """Let go of files that changed, are gone, lie in no open folder or are not to be shown."""
        folders = [place for folder in self._client.folders if (place := path_of(folder))]
        for uri, each in tuple(self._closed.items()):
            outside = folders and not any(each.path.is_relative_to(place) for place in folders)
            scope = self._configuration.of(each.path).diagnostic_scope
            if outside or _signature(each.path) != each.signature or not _shows(scope):
                del self._closed[uri]
                if not self._client.pulls:
                    self._client.publish(uri, None, ())

    async def refresh(self) -> None:
        """Show closed files as the present model, settings and decisions say."""
        self.drop_stale()
        for uri, each in tuple(self._closed.items()):
            try:
                outcome = await self._scorer.outcome(each.outcome.document)
            except (ModelLoading, Superseded):
                return  # whatever overtook it refreshes again
            if uri in self._closed and outcome is not None and outcome is not each.outcome:
                self._closed[uri] = evolve(each, outcome=outcome)
                if not self._client.pulls:
                    self._client.publish(uri, None, self._diagnostics.items(outcome))

    def pull(self, params: types.WorkspaceDiagnosticParams) -> types.WorkspaceDiagnosticReport:
        """Answer `workspace/diagnostic` at once, with what was scored and what was scanned."""
        self.drop_stale()
        before = {each.uri: each.value for each in params.previous_result_ids}
        known = [
            (document.version, outcome)
            for document in self._documents
            if (outcome := self._scorer.known(document)) is not None
        ]
        known += [(None, each.outcome) for each in self._closed.values()]
        reports = [self._report(version, outcome, before) for version, outcome in known]
        shown = {outcome.document.uri for _, outcome in known}
        stored = [each for each in self._stored.reports() if each.uri not in shown]
        reports += [
            _report(each.uri, None, each.result_id, before, partial(_items, each))
            for each in stored
        ]
        shown |= {each.uri for each in stored}
        gone = [uri for uri in before if uri not in shown and self._documents.get(uri) is None]
        reports += [types.WorkspaceFullDocumentDiagnosticReport(uri=uri, items=()) for uri in gone]
        return types.WorkspaceDiagnosticReport(items=reports)

    def _report(self, version: int | None, outcome: Outcome, before: dict[str, str]) -> Report:
        uri, result_id = outcome.document.uri, self._diagnostics.result_id(outcome)
        return _report(uri, version, result_id, before, lambda: self._diagnostics.items(outcome))


def _report(
    uri: str,
    version: int | None,
    result_id: str,
    before: Mapping[str, str],
    items: Callable[[], tuple[types.Diagnostic, ...]],
) -> Report:
    if before.get(uri) == result_id:
        return types.WorkspaceUnchangedDocumentDiagnosticReport(
            uri=uri, result_id=result_id, version=version
        )
    return types.WorkspaceFullDocumentDiagnosticReport(
        uri=uri, items=items(), version=version, result_id=result_id
    )


def _items(report: StoredReport) -> tuple[types.Diagnostic, ...]:
    return report.items


def _shows(scope: DiagnosticScope) -> bool:
    return scope is DiagnosticScope.WORKSPACE


def _signature(path: Path) -> tuple[int, int]:
    # Not before a document is closed: `initialize` is answered without it.
    from linewise.workspace.store import signature

    return signature(path)
