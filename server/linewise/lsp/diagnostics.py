"""Diagnostics, pulled by clients that can and pushed to those that cannot."""

from __future__ import annotations

import asyncio
from weakref import WeakKeyDictionary

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from linewise.lsp.cells import Notebook
from linewise.lsp.client import Client
from linewise.lsp.convert import SOURCE, diagnostic
from linewise.lsp.documentation import FINDINGS, address
from linewise.lsp.documents import Document, Documents
from linewise.lsp.explanations import Explanations
from linewise.lsp.model import ModelLoading
from linewise.lsp.outcome import Outcome
from linewise.lsp.scoring import Scorer, Superseded, Unsaved
from linewise.lsp.tasks import Tasks

Places = dict[int, tuple[types.DiagnosticRelatedInformation, ...]]
"""The related information of each flagged line that has some."""
OPTIONS = types.DiagnosticOptions(
    identifier=SOURCE, inter_file_dependencies=False, workspace_diagnostics=False
)


class Diagnostics:
    """Answers pulls, and publishes the newest version's findings where nobody pulls."""

    def __init__(
        self,
        client: Client,
        documents: Documents,
        scorer: Scorer,
        explanations: Explanations,
        tasks: Tasks,
    ) -> None:
        self._client = client
        self._explanations = explanations
        self._documents = documents
        self._scorer = scorer
        self._tasks = tasks
        self._publishing: dict[str, asyncio.Task[None]] = {}
        self._told: Notebook | None = None
        self._places: WeakKeyDictionary[Outcome, Places] = WeakKeyDictionary()

    async def pull(self, params: types.DocumentDiagnosticParams) -> types.DocumentDiagnosticReport:
        """Answer `textDocument/diagnostic`.

        Raises
        ------
        JsonRpcException
            ServerCancelled, if the client should ask again: the model is still loading, or the
            document changed meanwhile.
        """
        document = self._documents.get(params.text_document.uri)
        outcome = None
        if document is not None:
            try:
                outcome = await self._scorer.outcome(document)
            except ModelLoading:
                raise _ask_again("the model is loading") from None
            except Superseded:
                if self._documents.get(document.uri) is not None:
                    raise _ask_again("the document changed") from None
            except Unsaved:
                if params.previous_result_id is not None:
                    return types.RelatedUnchangedDocumentDiagnosticReport(params.previous_result_id)
        if outcome is None:
            return types.RelatedFullDocumentDiagnosticReport(items=())
        result_id = self.result_id(outcome)
        if params.previous_result_id == result_id:
            return types.RelatedUnchangedDocumentDiagnosticReport(result_id=result_id)
        return types.RelatedFullDocumentDiagnosticReport(
            items=self.items(outcome), result_id=result_id
        )

    def changed(self, document: Document) -> None:
        """Publish a new version's diagnostics when they are known, unless the client pulls."""
        if self._client.pulls:
            return
        self._stop(document)
        self._publishing[document.uri] = self._tasks.spawn(self._publish(document))

    def saved(self, document: Document) -> None:
        """Show what was waiting to be saved."""
        self.changed(document)
        self.ask_again()

    def scored(self, outcome: Outcome) -> None:
        """Have the other cells shown anew once one was scored that was edited.

        A client that pulls asks about the cell that was edited, and about no other.
        """
        cell = outcome.document.cell
        if cell is None or cell.notebook.cells == 1 or not cell.notebook.edited:
            return
        if self._told is not cell.notebook:
            self._told = cell.notebook
            self.ask_again()

    def explained(self, outcome: Outcome) -> None:
        """Show what flagged lines rest on, where the client has a place for it."""
        if not self._client.relates or not (places := self._related(outcome)):
            return
        self._places[outcome] = places
        document = outcome.document
        if self._documents.get(document.uri) is not document:
            return
        if self._client.pulls:
            self.ask_again()
        else:
            self._client.publish(document.uri, document.version, self.items(outcome))

    def result_id(self, outcome: Outcome) -> str:
        """Return what a client that pulls knows the diagnostics of an outcome by."""
        explained = outcome in self._places
        return f"{outcome.result_id} explained" if explained else outcome.result_id

    def ask_again(self) -> None:
        """Make a client that pulls do so again, if it can be told to."""
        if self._client.pulls and self._client.refreshes:
            self._tasks.spawn(self._client.refresh())

    def closed(self, document: Document, *, stays: bool) -> None:
        """Clear what was published for a document, unless its findings are to stay."""
        self._stop(document)
        self._scorer.forget(document)
        if not self._client.pulls and not stays:
            self._client.publish(document.uri, None, ())

    def refresh(self) -> None:
        """Make the client show what the present model and settings say."""
        for document in self._documents:
            self.changed(document)
        self.ask_again()

    async def _publish(self, document: Document) -> None:
        try:
            outcome = await self._scorer.outcome(document)
        except (ModelLoading, Superseded, Unsaved):
            return  # whatever overtook it publishes in its place, or the saved version does
        # Nothing is awaited from the scorer's last look at the version to here.
        items = self.items(outcome) if outcome is not None else ()
        self._client.publish(document.uri, document.version, items)

    def _stop(self, document: Document) -> None:
        if (task := self._publishing.pop(document.uri, None)) is not None:
            task.cancel()

    def items(self, outcome: Outcome) -> tuple[types.Diagnostic, ...]:
        """Return what is shown of an outcome."""
        if not outcome.settings.diagnostics:
            return ()
        scored, last = outcome.scored, outcome.findings[-1:]
        places = self._places.get(outcome, {})
        href = address(FINDINGS) if self._client.describes_codes else None
        return tuple(
            diagnostic(
                finding,
                scored.table,
                scored.base_rate,
                self._client.encoding,
                reason=outcome.reasons.get(finding.line),
                more=outcome.hidden if finding in last else 0,
                href=href,
                related=places.get(finding.line),
            )
            for finding in outcome.findings
        )

    def _related(self, outcome: Outcome) -> Places:
        # Not before a line was explained: `initialize` is answered without it.
        from linewise.lsp.related import related

        explained, encoding = self._explanations.weighed(outcome), self._client.encoding
        found = {line: related(outcome, each, encoding) for line, each in explained.items()}
        return {line: places for line, places in found.items() if places}


def _ask_again(reason: str) -> JsonRpcException:
    # Not "false": vscode-languageclient then never asks for this document again.
    return JsonRpcException(
        f"{reason}; ask again",
        types.LSPErrorCodes.ServerCancelled.value,
        types.DiagnosticServerCancellationData(retrigger_request=True),
    )
