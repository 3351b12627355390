"""The parts of a server, put together; and what they do together."""

from __future__ import annotations

import logging
import os
import sys

from lsprotocol import types
from pygls.exceptions import FeatureRequestError, JsonRpcException, PyglsError
from pygls.lsp.server import LanguageServer

from linewise import __version__, interrupt
from linewise.lsp import (
    notebooks,
    watching,
)
from linewise.lsp.addresses import path_of
from linewise.lsp.annotations import Annotations
from linewise.lsp.background import Background
from linewise.lsp.client import Client
from linewise.lsp.closed_files import ClosedFiles
from linewise.lsp.code_actions import CodeActions
from linewise.lsp.commands import Commands
from linewise.lsp.configuration import Configuration
from linewise.lsp.diagnostics import Diagnostics
from linewise.lsp.documents import Document, Documents
from linewise.lsp.explain_line import LineExplainer
from linewise.lsp.explanations import Explanations
from linewise.lsp.feedback import FeedbackWatcher
from linewise.lsp.hover import Hovers
from linewise.lsp.model import LoadEngine, ModelHost, load_engine
from linewise.lsp.notebooks import CellChanges, Notebooks
from linewise.lsp.protocol import Protocol
from linewise.lsp.questions import Questions
from linewise.lsp.report import Reports
from linewise.lsp.review import Review
from linewise.lsp.risky_lines import RiskyLines
from linewise.lsp.scores import Scores
from linewise.lsp.scoring import Scorer
from linewise.lsp.stored_files import StoredFiles
from linewise.lsp.tasks import Tasks
from linewise.lsp.what_if import WhatIf
from linewise.settings import Run, Settings

DEFAULTS = Settings()


class Parts(LanguageServer):
    """One client's server before its handlers are bound.

    ``load`` makes an engine for the model the settings name; it runs on the worker thread.
    ``defaults`` are the settings where neither the client nor a project says otherwise.
    """

    protocol: Protocol

    def __init__(self, load: LoadEngine = load_engine, *, defaults: Settings = DEFAULTS) -> None:
        # Below this level pygls logs whole messages, and messages hold the user's code. What it
        # would log above it is reported to `report_server_error` as well.
        logging.getLogger("pygls").setLevel(logging.CRITICAL)
        # Full text only: incremental changes are applied with another idea of what a line is.
        super().__init__(
            "linewise",
            __version__,
            text_document_sync_kind=types.TextDocumentSyncKind.Full,
            protocol_cls=Protocol,
            notebook_document_sync=notebooks.SYNC,
        )
        self.client = Client(self)
        self.tasks = Tasks(lambda error: self.client.log_failure("in the background", error))
        self.documents = Documents()
        self.notebooks = Notebooks(self.client, self.documents)
        self.configuration = Configuration(self.client, defaults)
        self.host = ModelHost(load, self.client, self.tasks, self.settled)
        self.scorer = Scorer(self.host, self.client, self.documents, self.configuration)
        self.explanations = Explanations(self.host, self.client, self.tasks)
        self.diagnostics = Diagnostics(
            self.client, self.documents, self.scorer, self.explanations, self.tasks
        )
        self.explanations.listeners.append(self.diagnostics.explained)
        self.background = Background(self.host, self.client, self.tasks, self.configuration)
        self.stored_files = StoredFiles(
            self.client,
            self.documents,
            self.scorer,
            self.configuration,
            background=self.background,
            tasks=self.tasks,
        )
        self.closed_files = ClosedFiles(
            self.client,
            self.documents,
            self.scorer,
            self.configuration,
            self.diagnostics,
            stored=self.stored_files,
        )
        self.feedback = FeedbackWatcher(self.host)
        self.scores = Scores(self.client)
        self.scorer.listeners += [
            self.diagnostics.scored,
            self.scores.scored,
            self.feedback.shown,
            self.explanations.scored,
        ]
        self.hovers = Hovers(self.client, self.documents, self.scorer, self.explanations)
        self.code_actions = CodeActions(
            self.client, self.documents, self.scorer, self.configuration
        )
        self.questions = Questions(self.host, self.documents, self.scorer, self.configuration)
        self.commands = Commands(
            self.client, self.host, self.documents, self.questions, self.configuration
        )
        self.annotations = Annotations(
            self.client, self.documents, self.scorer, self.configuration, self.tasks
        )
        self.review = Review(self.questions, self.scorer, self.feedback, self.refresh)
        self.what_if = WhatIf(self.questions, self.host)
        self.line_explainer = LineExplainer(
            self.client, self.questions, self.host, self.explanations
        )
        self.risky_lines = RiskyLines(self.questions, self.documents, self.scorer)
        self.reports = Reports(self.client, self.questions, self.background)
        self.protocol.active = self.background.user_active
        self.initialization_options: object = None
        self.was_shut_down = False

    @property
    def exit_code(self) -> int:
        """What the protocol asks the process to end with."""
        return 0 if self.was_shut_down else 1

    async def start(self) -> None:
        """Read the settings and begin to load the model."""
        self.tasks.spawn(self.configuration.watch())
        await self.configure(self.initialization_options)
        await watching.watch(self.client, self.configuration.settings)

    async def configure(self, sent: object) -> None:
        """Follow a change of settings: load another model, or show the same scores otherwise."""
        before = self._in_force()
        await self.configuration.update(sent)
        model = self.configuration.settings.model
        self.host.unload_after(self.configuration.settings.unload_after)
        if model != self.host.name or self.host.failure:
            self.scorer.start_over()
            self.host.start(model)
        elif self._in_force() != before:
            self.refresh()
            self.background.follow()

    def settled(self) -> None:
        """Follow a model that was loaded, or could not be."""
        self.refresh()
        self.background.follow()

    async def follow_folders(self) -> None:
        """Follow folders that were opened or closed."""
        await self.configuration.ask()
        self.refresh()
        self.background.follow()

    def follow_files(self, params: types.DidChangeWatchedFilesParams) -> None:
        """Follow changes to files that decide what is shown."""
        for change in params.changes:
            self.file_changed(change.uri)
        if watching.only_sources(params):
            self.closed_files.drop_stale()
        else:
            self.configuration.expire()
            self.refresh()

    def file_changed(self, uri: str) -> None:
        """Follow a change of a source file."""
        if (path := path_of(uri)) is not None:
            self.stored_files.file_changed(path.as_uri())
            self.background.file_changed(path)

    def refresh(self) -> None:
        """Make the client show what the present model, settings and decisions say."""
        self.diagnostics.refresh()
        self.annotations.refresh()
        self.tasks.spawn(self.closed_files.refresh())
        self.stored_files.refresh()

    def opened(self, document: Document) -> None:
        """Take care of a document that was just opened."""
        if self.host.failure:
            # The user may have installed the model meanwhile, as the message asked.
            self.host.start(self.configuration.settings.model)
        self.closed_files.opened(document)
        self.feedback.opened(document)
        self.diagnostics.changed(document)

    def saved(self, uri: str) -> None:
        """Take care of a document that was just saved."""
        if (document := self.documents.get(uri)) is not None:
            waited = self.documents.is_unsaved(document)
            self.documents.save(uri)
            self.feedback.saved(document)
            self.file_changed(document.uri)
            if waited and self.configuration.of(document.path).run is Run.ON_SAVE:
                self.diagnostics.saved(document)

    def closed(self, uri: str) -> None:
        """Let go of a document that was just closed."""
        if (document := self.documents.get(uri)) is not None:
            stays = self.closed_files.keep(document)
            self.documents.close(uri)
            self.feedback.closed(document.uri)
            self.explanations.closed(document)
            self.diagnostics.closed(document, stays=stays)
            if not stays and document.path is not None and document.cell is None:
                self.stored_files.closed(document.path.as_uri())

    def follow_cells(self, cells: CellChanges) -> None:
        """Follow what became of a notebook's cells."""
        for uri in cells.closed:
            self.closed(uri)
        for document in cells.opened:
            self.opened(document)
        for document in cells.changed:
            self.diagnostics.changed(document)
        if cells.moved:
            self.diagnostics.ask_again()

    def _in_force(self) -> list[Settings]:
        open_files = (document.path for document in self.documents)
        return [self.configuration.of(path) for path in (None, *open_files)]

    def report_server_error(
        self, error: Exception, source: type[PyglsError] | type[JsonRpcException]
    ) -> None:
        """Log what went wrong; the client was told already if it had asked for something."""
        match error:
            case JsonRpcException(code=code) if source is FeatureRequestError:
                if code != types.ErrorCodes.InternalError.value:
                    return
        self.client.log_failure("in the protocol", sys.exc_info()[1] or error)

    def shutdown(self) -> None:
        """Stop serving. After an interrupt this ends the process: a thread still waits for input.

        pygls swallows the interrupt, and would then wait until the client says something.
        """
        if interrupt.came():
            os._exit(interrupt.leave())
        super().shutdown()  # type: ignore[no-untyped-call]
