"""What the server answers to each request and does on each notification: the protocol's handlers.

Handlers of notifications return at once and leave work to tasks.
"""

from __future__ import annotations

from typing import Any

from lsprotocol import types

from linewise.lsp import code_actions, commands, diagnostics, review, risky_lines, what_if
from linewise.lsp.annotations import LEGEND, SHOW_LINE
from linewise.lsp.background import PAUSE_SCAN, RESUME_SCAN, SCAN
from linewise.lsp.commands import SpanQuery
from linewise.lsp.explain_line import EXPLAIN_LINE, ExplainLine
from linewise.lsp.options import read_options
from linewise.lsp.parts import Parts
from linewise.lsp.questions import answering
from linewise.lsp.report import REPORT, ReportRequest


def bind(server: Parts) -> None:
    """Register every handler."""
    _bind_lifecycle(server)
    _bind_documents(server)
    _bind_notebooks(server)
    _bind_commands(server)


def _bind_lifecycle(server: Parts) -> None:
    @server.feature(types.INITIALIZE)
    def initialize(ls: Parts, params: types.InitializeParams) -> None:
        ls.initialization_options = params.initialization_options
        ls.client.options = read_options(params.initialization_options)

    @server.feature(types.INITIALIZED)
    def initialized(ls: Parts, _params: types.InitializedParams) -> None:
        ls.tasks.spawn(ls.start())

    @server.feature(types.SHUTDOWN)
    def shutdown(ls: Parts, _params: None) -> None:
        ls.was_shut_down = True
        ls.feedback.close_all()
        ls.documents.close_all()
        ls.background.cancel()
        ls.tasks.cancel_all()
        ls.protocol.cancel_requests()

    @server.feature(types.WORKSPACE_DID_CHANGE_CONFIGURATION)
    def did_change_configuration(ls: Parts, params: types.DidChangeConfigurationParams) -> None:
        ls.tasks.spawn(ls.configure(params.settings))

    @server.feature(types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS)
    def did_change_workspace_folders(
        ls: Parts, _params: types.DidChangeWorkspaceFoldersParams
    ) -> None:
        ls.tasks.spawn(ls.follow_folders())

    @server.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    def did_change_watched_files(ls: Parts, params: types.DidChangeWatchedFilesParams) -> None:
        ls.follow_files(params)


def _bind_documents(server: Parts) -> None:
    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    def did_open(ls: Parts, params: types.DidOpenTextDocumentParams) -> None:
        item = params.text_document
        if document := ls.documents.open(item.uri, item.language_id, item.version, item.text):
            ls.opened(document)

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    def did_change(ls: Parts, params: types.DidChangeTextDocumentParams) -> None:
        uri, version = params.text_document.uri, params.text_document.version
        text = ls.workspace.get_text_document(uri).source
        if document := ls.documents.change(uri, version, text):
            ls.diagnostics.changed(document)

    @server.feature(types.TEXT_DOCUMENT_DID_SAVE)
    def did_save(ls: Parts, params: types.DidSaveTextDocumentParams) -> None:
        ls.saved(params.text_document.uri)

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    def did_close(ls: Parts, params: types.DidCloseTextDocumentParams) -> None:
        ls.closed(params.text_document.uri)

    @server.feature(types.TEXT_DOCUMENT_DIAGNOSTIC, diagnostics.OPTIONS)
    async def diagnostic(
        ls: Parts, params: types.DocumentDiagnosticParams
    ) -> types.DocumentDiagnosticReport:
        return await ls.diagnostics.pull(params)

    @server.feature(types.WORKSPACE_DIAGNOSTIC)
    def workspace_diagnostic(
        ls: Parts, params: types.WorkspaceDiagnosticParams
    ) -> types.WorkspaceDiagnosticReport:
        return ls.closed_files.pull(params)

    @server.feature(types.TEXT_DOCUMENT_HOVER)
    def hover(ls: Parts, params: types.HoverParams) -> types.Hover | None:
        return ls.hovers.at(params)

    @server.feature(types.TEXT_DOCUMENT_CODE_ACTION, code_actions.OPTIONS)
    def code_action(
        ls: Parts, params: types.CodeActionParams
    ) -> list[types.CodeAction | types.Command]:
        return ls.code_actions.at(params)

    @server.feature(types.TEXT_DOCUMENT_CODE_LENS)
    async def code_lens(ls: Parts, params: types.CodeLensParams) -> list[types.CodeLens] | None:
        return await ls.annotations.lenses(params.text_document.uri)

    @server.feature(types.TEXT_DOCUMENT_INLAY_HINT)
    async def inlay_hint(ls: Parts, params: types.InlayHintParams) -> list[types.InlayHint] | None:
        return await ls.annotations.hints(params)

    @server.feature(types.TEXT_DOCUMENT_SEMANTIC_TOKENS_FULL, LEGEND)
    async def semantic_tokens(
        ls: Parts, params: types.SemanticTokensParams
    ) -> types.SemanticTokens | None:
        return await ls.annotations.tokens(params.text_document.uri)


def _bind_notebooks(server: Parts) -> None:
    @server.feature(types.NOTEBOOK_DOCUMENT_DID_OPEN)
    def did_open(ls: Parts, params: types.DidOpenNotebookDocumentParams) -> None:
        ls.follow_cells(ls.notebooks.open(params))

    @server.feature(types.NOTEBOOK_DOCUMENT_DID_CHANGE)
    def did_change(ls: Parts, params: types.DidChangeNotebookDocumentParams) -> None:
        ls.follow_cells(ls.notebooks.change(params))

    @server.feature(types.NOTEBOOK_DOCUMENT_DID_SAVE)
    def did_save(ls: Parts, params: types.DidSaveNotebookDocumentParams) -> None:
        for uri in ls.notebooks.cells(params.notebook_document.uri):
            ls.saved(uri)

    @server.feature(types.NOTEBOOK_DOCUMENT_DID_CLOSE)
    def did_close(ls: Parts, params: types.DidCloseNotebookDocumentParams) -> None:
        ls.follow_cells(ls.notebooks.close(params.notebook_document.uri))


def _bind_commands(server: Parts) -> None:
    @server.command(commands.QUERY_SPAN)
    async def query_span(ls: Parts, query: SpanQuery) -> dict[str, Any]:
        with answering():
            return await ls.commands.query_span(query)

    @server.command(commands.RESET_FEEDBACK)
    def reset_feedback(ls: Parts) -> dict[str, Any]:
        with answering():
            answer = ls.commands.reset_feedback()
        ls.refresh()
        return answer

    @server.command(review.MARK_REVIEWED)
    async def mark_reviewed(ls: Parts, asked: review.Mark) -> None:
        with answering():
            await ls.review.mark(asked)

    @server.command(review.ACCEPT_FILE)
    async def accept_file(ls: Parts, asked: review.WholeFile) -> dict[str, Any]:
        with answering():
            return {"accepted": await ls.review.accept(asked.uri)}

    @server.command(review.NOT_USEFUL)
    async def not_useful(ls: Parts, asked: review.Place) -> None:
        with answering():
            await ls.review.not_useful(asked)

    @server.command(review.IGNORE)
    async def ignore(ls: Parts, asked: review.Ignore) -> None:
        with answering():
            await ls.review.ignore(asked)

    @server.command(review.ADD_TO_BASELINE)
    async def add_to_baseline(ls: Parts, asked: review.Baselined) -> dict[str, Any]:
        with answering():
            return {"added": await ls.review.add_to_baseline(asked)}

    @server.command(what_if.WHAT_IF)
    async def ask_what_if(ls: Parts, asked: what_if.Replacement) -> dict[str, Any]:
        with answering():
            answer = await ls.what_if.answer(asked)
        if asked.show:
            ls.client.show(answer["message"], types.MessageType.Info)
        return answer

    @server.command(EXPLAIN_LINE)
    async def explain_line(ls: Parts, asked: ExplainLine) -> dict[str, Any]:
        with answering():
            return await ls.line_explainer.answer(asked)

    @server.command(SHOW_LINE)
    async def show_line(ls: Parts, asked: review.Place) -> None:
        await ls.client.show_line(asked.uri, asked.line)

    @server.command(risky_lines.RISKY_LINES)
    def list_risky_lines(ls: Parts, asked: risky_lines.Request) -> dict[str, Any]:
        return ls.risky_lines.listed(asked)

    @server.command(risky_lines.COPY_MARKDOWN)
    async def copy_markdown(ls: Parts, asked: review.Place) -> dict[str, Any]:
        with answering():
            return {"markdown": await ls.risky_lines.markdown(asked)}

    @server.command(SCAN)
    def scan(ls: Parts) -> dict[str, Any]:
        with answering():
            return ls.background.scan()

    @server.command(REPORT)
    async def report(ls: Parts, asked: ReportRequest) -> dict[str, Any]:
        with answering():
            return await ls.reports.answer(asked)

    @server.command(PAUSE_SCAN)
    def pause_scan(ls: Parts) -> dict[str, Any]:
        return ls.background.pause()

    @server.command(RESUME_SCAN)
    def resume_scan(ls: Parts) -> dict[str, Any]:
        return ls.background.resume()

    @server.command(commands.LIST_MODELS)
    def list_models(ls: Parts) -> list[dict[str, Any]]:
        return ls.commands.list_models()
