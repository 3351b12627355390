"""The server: its parts are put together and bound to the protocol here, and nowhere else."""

from __future__ import annotations

import logging
import os
import socket
import sys
from typing import Any, BinaryIO

from lsprotocol import types
from pygls.exceptions import FeatureRequestError, JsonRpcException, PyglsError
from pygls.lsp.server import LanguageServer

from linewise import __version__, interrupt
from linewise.lsp import (
    code_actions,
    commands,
    diagnostics,
    notebooks,
    review,
    risky_lines,
    watching,
    what_if,
)
from linewise.lsp.annotations import LEGEND, SHOW_LINE, Annotations
from linewise.lsp.background import PAUSE_SCAN, RESUME_SCAN, SCAN, Background
from linewise.lsp.client import Client, path_of
from linewise.lsp.closed_files import ClosedFiles
from linewise.lsp.code_actions import CodeActions
from linewise.lsp.commands import Commands, SpanQuery
from linewise.lsp.configuration import Configuration
from linewise.lsp.diagnostics import Diagnostics
from linewise.lsp.documents import Document, Documents
from linewise.lsp.explain_line import EXPLAIN_LINE, ExplainLine, LineExplainer
from linewise.lsp.explanations import Explanations
from linewise.lsp.feedback import FeedbackWatcher
from linewise.lsp.hover import Hovers
from linewise.lsp.model import LoadEngine, ModelHost, load_engine
from linewise.lsp.notebooks import CellChanges, Notebooks
from linewise.lsp.options import read_options
from linewise.lsp.protocol import Protocol
from linewise.lsp.questions import Questions, answering
from linewise.lsp.report import REPORT, ReportRequest, Reports
from linewise.lsp.review import Review
from linewise.lsp.risky_lines import RiskyLines
from linewise.lsp.scores import Scores
from linewise.lsp.scoring import Scorer
from linewise.lsp.stored_files import StoredFiles
from linewise.lsp.tasks import Tasks
from linewise.lsp.what_if import WhatIf
from linewise.settings import Run, Settings

_DEFAULTS = Settings()
GRACE_SECONDS = 0.1
"""How long a pass of the model may take to end after the client left."""


class LinewiseServer(LanguageServer):
    """One client's server.

    ``load`` makes an engine for the model the settings name; it runs on the worker thread.
    ``defaults`` are the settings where neither the client nor a project says otherwise.
    """

    protocol: Protocol

    def __init__(self, load: LoadEngine = load_engine, *, defaults: Settings = _DEFAULTS) -> None:
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
        _bind(self)

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


def _bind(server: LinewiseServer) -> None:
    """Register every handler. Those for notifications return at once and leave work to tasks."""
    _bind_lifecycle(server)
    _bind_documents(server)
    _bind_notebooks(server)
    _bind_commands(server)


def _bind_lifecycle(server: LinewiseServer) -> None:
    @server.feature(types.INITIALIZE)
    def initialize(ls: LinewiseServer, params: types.InitializeParams) -> None:
        ls.initialization_options = params.initialization_options
        ls.client.options = read_options(params.initialization_options)

    @server.feature(types.INITIALIZED)
    def initialized(ls: LinewiseServer, _params: types.InitializedParams) -> None:
        ls.tasks.spawn(ls.start())

    @server.feature(types.SHUTDOWN)
    def shutdown(ls: LinewiseServer, _params: None) -> None:
        ls.was_shut_down = True
        ls.feedback.close_all()
        ls.documents.close_all()
        ls.background.cancel()
        ls.tasks.cancel_all()
        ls.protocol.cancel_requests()

    @server.feature(types.WORKSPACE_DID_CHANGE_CONFIGURATION)
    def did_change_configuration(
        ls: LinewiseServer, params: types.DidChangeConfigurationParams
    ) -> None:
        ls.tasks.spawn(ls.configure(params.settings))

    @server.feature(types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS)
    def did_change_workspace_folders(
        ls: LinewiseServer, _params: types.DidChangeWorkspaceFoldersParams
    ) -> None:
        ls.tasks.spawn(ls.follow_folders())

    @server.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    def did_change_watched_files(
        ls: LinewiseServer, params: types.DidChangeWatchedFilesParams
    ) -> None:
        ls.follow_files(params)


def _bind_documents(server: LinewiseServer) -> None:
    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    def did_open(ls: LinewiseServer, params: types.DidOpenTextDocumentParams) -> None:
        item = params.text_document
        if document := ls.documents.open(item.uri, item.language_id, item.version, item.text):
            ls.opened(document)

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    def did_change(ls: LinewiseServer, params: types.DidChangeTextDocumentParams) -> None:
        uri, version = params.text_document.uri, params.text_document.version
        text = ls.workspace.get_text_document(uri).source
        if document := ls.documents.change(uri, version, text):
            ls.diagnostics.changed(document)

    @server.feature(types.TEXT_DOCUMENT_DID_SAVE)
    def did_save(ls: LinewiseServer, params: types.DidSaveTextDocumentParams) -> None:
        ls.saved(params.text_document.uri)

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    def did_close(ls: LinewiseServer, params: types.DidCloseTextDocumentParams) -> None:
        ls.closed(params.text_document.uri)

    @server.feature(types.TEXT_DOCUMENT_DIAGNOSTIC, diagnostics.OPTIONS)
    async def diagnostic(
        ls: LinewiseServer, params: types.DocumentDiagnosticParams
    ) -> types.DocumentDiagnosticReport:
        return await ls.diagnostics.pull(params)

    @server.feature(types.WORKSPACE_DIAGNOSTIC)
    def workspace_diagnostic(
        ls: LinewiseServer, params: types.WorkspaceDiagnosticParams
    ) -> types.WorkspaceDiagnosticReport:
        return ls.closed_files.pull(params)

    @server.feature(types.TEXT_DOCUMENT_HOVER)
    def hover(ls: LinewiseServer, params: types.HoverParams) -> types.Hover | None:
        return ls.hovers.at(params)

    @server.feature(types.TEXT_DOCUMENT_CODE_ACTION, code_actions.OPTIONS)
    def code_action(
        ls: LinewiseServer, params: types.CodeActionParams
    ) -> list[types.CodeAction | types.Command]:
        return ls.code_actions.at(params)

    @server.feature(types.TEXT_DOCUMENT_CODE_LENS)
    async def code_lens(
        ls: LinewiseServer, params: types.CodeLensParams
    ) -> list[types.CodeLens] | None:
        return await ls.annotations.lenses(params.text_document.uri)

    @server.feature(types.TEXT_DOCUMENT_INLAY_HINT)
    async def inlay_hint(
        ls: LinewiseServer, params: types.InlayHintParams
    ) -> list[types.InlayHint] | None:
        return await ls.annotations.hints(params)

    @server.feature(types.TEXT_DOCUMENT_SEMANTIC_TOKENS_FULL, LEGEND)
    async def semantic_tokens(
        ls: LinewiseServer, params: types.SemanticTokensParams
    ) -> types.SemanticTokens | None:
        return await ls.annotations.tokens(params.text_document.uri)


def _bind_notebooks(server: LinewiseServer) -> None:
    @server.feature(types.NOTEBOOK_DOCUMENT_DID_OPEN)
    def did_open(ls: LinewiseServer, params: types.DidOpenNotebookDocumentParams) -> None:
        ls.follow_cells(ls.notebooks.open(params))

    @server.feature(types.NOTEBOOK_DOCUMENT_DID_CHANGE)
    def did_change(ls: LinewiseServer, params: types.DidChangeNotebookDocumentParams) -> None:
        ls.follow_cells(ls.notebooks.change(params))

    @server.feature(types.NOTEBOOK_DOCUMENT_DID_SAVE)
    def did_save(ls: LinewiseServer, params: types.DidSaveNotebookDocumentParams) -> None:
        for uri in ls.notebooks.cells(params.notebook_document.uri):
            ls.saved(uri)

    @server.feature(types.NOTEBOOK_DOCUMENT_DID_CLOSE)
    def did_close(ls: LinewiseServer, params: types.DidCloseNotebookDocumentParams) -> None:
        ls.follow_cells(ls.notebooks.close(params.notebook_document.uri))


def _bind_commands(server: LinewiseServer) -> None:
    @server.command(commands.QUERY_SPAN)
    async def query_span(ls: LinewiseServer, query: SpanQuery) -> dict[str, Any]:
        with answering():
            return await ls.commands.query_span(query)

    @server.command(commands.RESET_FEEDBACK)
    def reset_feedback(ls: LinewiseServer) -> dict[str, Any]:
        with answering():
            answer = ls.commands.reset_feedback()
        ls.refresh()
        return answer

    @server.command(review.MARK_REVIEWED)
    async def mark_reviewed(ls: LinewiseServer, asked: review.Mark) -> None:
        with answering():
            await ls.review.mark(asked)

    @server.command(review.ACCEPT_FILE)
    async def accept_file(ls: LinewiseServer, asked: review.WholeFile) -> dict[str, Any]:
        with answering():
            return {"accepted": await ls.review.accept(asked.uri)}

    @server.command(review.NOT_USEFUL)
    async def not_useful(ls: LinewiseServer, asked: review.Place) -> None:
        with answering():
            await ls.review.not_useful(asked)

    @server.command(review.IGNORE)
    async def ignore(ls: LinewiseServer, asked: review.Ignore) -> None:
        with answering():
            await ls.review.ignore(asked)

    @server.command(review.ADD_TO_BASELINE)
    async def add_to_baseline(ls: LinewiseServer, asked: review.Baselined) -> dict[str, Any]:
        with answering():
            return {"added": await ls.review.add_to_baseline(asked)}

    @server.command(what_if.WHAT_IF)
    async def ask_what_if(ls: LinewiseServer, asked: what_if.Replacement) -> dict[str, Any]:
        with answering():
            answer = await ls.what_if.answer(asked)
        if asked.show:
            ls.client.show(answer["message"], types.MessageType.Info)
        return answer

    @server.command(EXPLAIN_LINE)
    async def explain_line(ls: LinewiseServer, asked: ExplainLine) -> dict[str, Any]:
        with answering():
            return await ls.line_explainer.answer(asked)

    @server.command(SHOW_LINE)
    async def show_line(ls: LinewiseServer, asked: review.Place) -> None:
        await ls.client.show_line(asked.uri, asked.line)

    @server.command(risky_lines.RISKY_LINES)
    def list_risky_lines(ls: LinewiseServer, asked: risky_lines.Request) -> dict[str, Any]:
        return ls.risky_lines.listed(asked)

    @server.command(risky_lines.COPY_MARKDOWN)
    async def copy_markdown(ls: LinewiseServer, asked: review.Place) -> dict[str, Any]:
        with answering():
            return {"markdown": await ls.risky_lines.markdown(asked)}

    @server.command(SCAN)
    def scan(ls: LinewiseServer) -> dict[str, Any]:
        with answering():
            return ls.background.scan()

    @server.command(REPORT)
    async def report(ls: LinewiseServer, asked: ReportRequest) -> dict[str, Any]:
        with answering():
            return await ls.reports.answer(asked)

    @server.command(PAUSE_SCAN)
    def pause_scan(ls: LinewiseServer) -> dict[str, Any]:
        return ls.background.pause()

    @server.command(RESUME_SCAN)
    def resume_scan(ls: LinewiseServer) -> dict[str, Any]:
        return ls.background.resume()

    @server.command(commands.LIST_MODELS)
    def list_models(ls: LinewiseServer) -> list[dict[str, Any]]:
        return ls.commands.list_models()


def serve_stdio() -> int:
    """Serve one client on standard input and output; return the exit code."""
    # Whatever else prints, native libraries included, must not end up between two messages.
    with os.fdopen(os.dup(sys.stdout.fileno()), "wb") as writer:
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        return serve(LinewiseServer(), sys.stdin.buffer, writer)


def serve_tcp(port: int) -> int:
    """Serve one client on a port of the loopback interface; return the exit code.

    Port 0 takes a free one. The address is written to standard error once it can be connected to.
    """
    with socket.create_server(("127.0.0.1", port)) as listener:
        host, actual = listener.getsockname()
        print(f"listening on {host}:{actual}", file=sys.stderr, flush=True)
        connection, _ = listener.accept()
    with connection, connection.makefile("rb") as reader, connection.makefile("wb") as writer:
        return serve(LinewiseServer(), reader, writer)


def serve(server: LinewiseServer, reader: BinaryIO, writer: BinaryIO) -> int:
    """Serve one client until it leaves; return the exit code.

    Ends the process itself if a thread is in the middle of something: an interpreter that shuts
    down would unwind the thread's native frames, which aborts.
    """
    server.start_io(reader, writer)
    if not (server.background.stop(GRACE_SECONDS) and server.host.stop(GRACE_SECONDS)):
        os._exit(server.exit_code)
    return server.exit_code
