"""A client under test: every message as it was on the wire, and waiting without sleeping."""

import asyncio
import copy
import json
import time
from pathlib import Path
from uuid import uuid4

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.protocol import default_converter
from pytest_lsp import LanguageClient
from pytest_lsp.client import DEFAULT_CLIENT_FEATURES, register_lsp_features
from pytest_lsp.protocol import LanguageClientProtocol

PATIENCE = 60.0
"""Seconds after which an event that does not come fails the test."""


PAGE = (Path(__file__).parents[2] / "docs" / "findings.md").as_uri() + "#edit-risk"
"""What explains the code of a diagnostic."""

COMING = "is being computed; hover again"
"""What a hover says that is not complete."""

SLOW_FILE = "".join(f"def f{number}():\n    slow = {number}\n\n" for number in range(150))
"""150 units of 30 ms each."""


def capabilities(
    *,
    pull=True,
    refresh=True,
    encodings=("utf-16",),
    hover=("markdown", "plaintext"),
    configuration=True,
    progress=True,
    registration=True,
    literals=True,
    versioned_edits=True,
    annotations=True,
    documents=True,
    watching=True,
    notebooks=False,
    related=True,
):
    """What a client says it can do, spelled out: bundled profiles predate pull diagnostics."""
    return types.ClientCapabilities(
        general=types.GeneralClientCapabilities(position_encodings=list(encodings)),
        window=types.WindowClientCapabilities(
            work_done_progress=progress,
            show_document=types.ShowDocumentClientCapabilities(support=documents),
        ),
        workspace=types.WorkspaceClientCapabilities(
            configuration=configuration,
            did_change_configuration=types.DidChangeConfigurationClientCapabilities(
                dynamic_registration=registration
            ),
            did_change_watched_files=types.DidChangeWatchedFilesClientCapabilities(
                dynamic_registration=watching
            ),
            workspace_folders=True,
            diagnostics=types.DiagnosticWorkspaceClientCapabilities(refresh_support=refresh),
            code_lens=types.CodeLensWorkspaceClientCapabilities(refresh_support=annotations),
            inlay_hint=types.InlayHintWorkspaceClientCapabilities(refresh_support=annotations),
            semantic_tokens=types.SemanticTokensWorkspaceClientCapabilities(
                refresh_support=annotations
            ),
            workspace_edit=types.WorkspaceEditClientCapabilities(document_changes=versioned_edits),
        ),
        text_document=types.TextDocumentClientCapabilities(
            hover=types.HoverClientCapabilities(
                content_format=[types.MarkupKind(kind) for kind in hover]
            ),
            publish_diagnostics=types.PublishDiagnosticsClientCapabilities(
                version_support=True,
                related_information=related,
                code_description_support=True,
                data_support=True,
            ),
            code_action=types.CodeActionClientCapabilities(
                code_action_literal_support=types.ClientCodeActionLiteralOptions(
                    types.ClientCodeActionKindOptions([types.CodeActionKind.QuickFix])
                )
                if literals
                else None
            ),
            diagnostic=types.DiagnosticClientCapabilities() if pull else None,
        ),
        notebook_document=types.NotebookDocumentClientCapabilities(
            types.NotebookDocumentSyncClientCapabilities(dynamic_registration=False)
        )
        if notebooks
        else None,
    )


_NOTEBOOKS = (
    str
    | types.NotebookDocumentFilterNotebookType
    | types.NotebookDocumentFilterScheme
    | types.NotebookDocumentFilterPattern
    | None
)


def converter():
    """Read what the library cannot: which notebooks a server wants to hear of."""
    found = default_converter()
    found.register_structure_hook_func(lambda kind: kind == _NOTEBOOKS, lambda value, _: value)
    return found


class Recorder(LanguageClientProtocol):
    """Keeps each message of the server as parsed JSON, in order, and wakes whoever waits."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.heard = []
        self.news = asyncio.Event()

    def structure_message(self, data):
        if "jsonrpc" in data:
            json.dumps(data, allow_nan=False)
            self.heard.append(copy.deepcopy(data))
            self.news.set()
        return super().structure_message(data)


class Session:
    """A conversation with one server."""

    options = None
    """What `initialize` sends along."""

    folders = ()
    """The URIs of the folders that are open from the beginning."""

    refused = None
    """A request of the server that is answered with an error."""

    configuration_answer = staticmethod(DEFAULT_CLIENT_FEATURES[types.WORKSPACE_CONFIGURATION])
    """What answers `workspace/configuration`."""

    def __init__(self, settings, client_capabilities):
        self.client = LanguageClient(
            protocol_cls=Recorder,
            converter_factory=converter,
            configuration={"": {"linewise": settings}},
        )
        ignored = (
            "client/registerCapability",
            "workspace/codeLens/refresh",
            "workspace/inlayHint/refresh",
            "workspace/semanticTokens/refresh",
            "linewise/status",
            "linewise/fileSummary",
            "linewise/lineScores",
        )
        features = {
            **DEFAULT_CLIENT_FEATURES,
            **{method: lambda _: None for method in ignored},
            types.WORKSPACE_CONFIGURATION: self.configuration_answer,
        }
        features.pop(self.refused, None)
        register_lsp_features(self.client, features)
        self.capabilities = client_capabilities
        self.initialized = None
        self.process = None
        self._ended = None

    async def start(self, command):
        """Speak to a server process over its standard input and output."""
        await self.client.start_io(*command)
        self.process = self.client._server
        self._ended = asyncio.ensure_future(self.process.wait())
        await self._initialize()

    async def connect(self, host, port, ended=None):
        """Speak to a server over TCP; ``ended`` is the future of its exit code."""
        await self.client.start_tcp(host, port)
        self._ended = asyncio.wrap_future(ended) if ended is not None else None
        await self._initialize()

    async def _initialize(self):
        self.initialized = await self.client.initialize_session(
            types.InitializeParams(
                capabilities=self.capabilities,
                initialization_options=self.options,
                workspace_folders=[types.WorkspaceFolder(uri, uri) for uri in self.folders] or None,
            )
        )

    async def exit(self):
        """Tell the server to exit; return its exit code."""
        self.client.exit(None)
        return await self.ended()

    async def ended(self):
        """Wait until the server ended; return its exit code."""
        async with asyncio.timeout(PATIENCE):
            return await asyncio.shield(self._ended)

    async def leave(self):
        """Shut the server down; return its exit code and the seconds all of it took."""
        before = time.perf_counter()
        assert await self.ask("shutdown") is None
        return await self.exit(), time.perf_counter() - before

    async def stop(self):
        try:
            if not self._ended.done():
                await self.leave()
        finally:
            if self.process is not None and self.process.returncode is None:
                self.process.kill()
            await self.client.stop()

    @property
    def heard(self):
        return self.client.protocol.heard

    def all(self, method):
        """The parameters of every message of this method, oldest first."""
        return [each.get("params") for each in self.heard if each.get("method") == method]

    def requests(self, method):
        """Every request of this method that the server sent, oldest first."""
        return [each for each in self.heard if each.get("method") == method and "id" in each]

    async def until(self, condition):
        """Wait until ``condition()`` is true; it is asked after each message. Return its value."""
        deadline = time.monotonic() + PATIENCE
        while not (value := condition()):
            self.client.protocol.news.clear()
            async with asyncio.timeout_at(
                asyncio.get_running_loop().time() + deadline - time.monotonic()
            ):
                await self.client.protocol.news.wait()
        return value

    async def status(self, state):
        """Wait for the next or present state of this name."""
        return await self.until(
            lambda: next(
                (each for each in self.all("linewise/status")[-1:] if each["state"] == state), None
            )
        )

    def send(self, method, params=None):
        """Send a request; return its id."""
        key = str(uuid4())
        self.client.protocol.send_request(method, params, msg_id=key).add_done_callback(
            lambda future: future.cancelled() or future.exception()
        )
        return key

    def cancel(self, key):
        self.client.protocol.notify(types.CANCEL_REQUEST, types.CancelParams(id=key))

    async def answer(self, key):
        """Wait for the answer to a request: the whole message."""
        return await self.until(
            lambda: next(
                (each for each in self.heard if each.get("id") == key and "method" not in each),
                None,
            )
        )

    async def ask(self, method, params=None):
        """Send a request and return its result as it was on the wire."""
        return _result(await self.answer(self.send(method, params)))

    def send_raw(self, method, params):
        """Send a request whose parameters need not be what the protocol says; return its id."""
        key = str(uuid4())
        self.client.protocol._send_data(
            {"jsonrpc": "2.0", "id": key, "method": method, "params": params}
        )
        return key

    async def ask_raw(self, method, params):
        """Send such a request and return its result as it was on the wire."""
        return _result(await self.answer(self.send_raw(method, params)))

    def notify_raw(self, method, params):
        """Send a notification whose parameters are what is given."""
        self.client.protocol._send_data({"jsonrpc": "2.0", "method": method, "params": params})

    def open(self, text, uri="file:///a.py", version=1, language="python"):
        self.client.text_document_did_open(
            types.DidOpenTextDocumentParams(
                types.TextDocumentItem(uri, types.LanguageKind(language), version, text)
            )
        )

    def change(self, text, version, uri="file:///a.py"):
        self.client.text_document_did_change(
            types.DidChangeTextDocumentParams(
                types.VersionedTextDocumentIdentifier(version, uri),
                [types.TextDocumentContentChangeWholeDocument(text)],
            )
        )

    def save(self, uri="file:///a.py"):
        self.client.text_document_did_save(
            types.DidSaveTextDocumentParams(types.TextDocumentIdentifier(uri))
        )

    def close(self, uri="file:///a.py"):
        self.client.text_document_did_close(
            types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(uri))
        )

    def change_folders(self, *, added=(), removed=()):
        self.client.workspace_did_change_workspace_folders(
            types.DidChangeWorkspaceFoldersParams(
                types.WorkspaceFoldersChangeEvent(
                    [types.WorkspaceFolder(uri, uri) for uri in added],
                    [types.WorkspaceFolder(uri, uri) for uri in removed],
                )
            )
        )

    def files_changed(self, *uris):
        """Tell of files that changed on the disk, as a client does that watches them."""
        self.client.workspace_did_change_watched_files(
            types.DidChangeWatchedFilesParams(
                [types.FileEvent(uri, types.FileChangeType.Changed) for uri in uris]
            )
        )

    async def pull_workspace(self, previous=()):
        """Ask for the whole workspace; ``previous`` are pairs of URI and result id."""
        ids = [{"uri": uri, "value": value} for uri, value in previous]
        return (await self.ask_raw(types.WORKSPACE_DIAGNOSTIC, {"previousResultIds": ids}))["items"]

    def send_pull(self, uri="file:///a.py", previous=None):
        return self.send(
            types.TEXT_DOCUMENT_DIAGNOSTIC,
            types.DocumentDiagnosticParams(
                types.TextDocumentIdentifier(uri), previous_result_id=previous
            ),
        )

    async def pull(self, uri="file:///a.py", previous=None):
        """Pull, and again as long as the server asks for that, as editors do."""
        while True:
            answer = await self.answer(self.send_pull(uri, previous))
            error = answer.get("error")
            if error is None:
                return answer["result"]
            if not (error.get("data") or {}).get("retriggerRequest"):
                raise JsonRpcException(error["message"], error["code"])

    async def published(self, version, uri="file:///a.py"):
        """Wait for what is pushed for a version."""
        return await self.until(
            lambda: next(
                (
                    each
                    for each in self.all(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
                    if each["uri"] == uri and each.get("version") == version
                ),
                None,
            )
        )

    async def hover(self, line, character=0, uri="file:///a.py"):
        return await self.ask(
            types.TEXT_DOCUMENT_HOVER,
            types.HoverParams(types.TextDocumentIdentifier(uri), types.Position(line, character)),
        )

    async def complete_hover(self, line, character=0, uri="file:///a.py"):
        """Hover until nothing is missing; each answer is one more event of the server."""
        deadline = time.monotonic() + PATIENCE
        while COMING in (found := await self.hover(line, character, uri))["contents"]["value"]:
            assert time.monotonic() < deadline, found
        return found

    async def code_actions(self, line, *, last=None, diagnostics=(), only=None, uri="file:///a.py"):
        """Ask for the actions on whole lines; ``diagnostics`` are as they were on the wire."""
        area = {
            "start": {"line": line, "character": 0},
            "end": {"line": line if last is None else last, "character": 0},
        }
        context = {"diagnostics": list(diagnostics), "triggerKind": 1}
        if only is not None:
            context["only"] = only
        params = {"textDocument": {"uri": uri}, "range": area, "context": context}
        return await self.ask_raw(types.TEXT_DOCUMENT_CODE_ACTION, params)

    def send_execute(self, command, *arguments):
        return self.send(
            types.WORKSPACE_EXECUTE_COMMAND,
            types.ExecuteCommandParams(command=command, arguments=list(arguments)),
        )

    async def execute(self, command, *arguments):
        return _result(await self.answer(self.send_execute(command, *arguments)))

    async def configure(self, settings):
        """Change the settings as an editor does."""
        self.client.set_configuration(settings, section="linewise")
        self.client.workspace_did_change_configuration(
            types.DidChangeConfigurationParams(settings={"linewise": settings})
        )


def _result(answer):
    if "error" in answer:
        error = answer["error"]
        raise JsonRpcException(error["message"], error["code"], error.get("data"))
    return answer["result"]
