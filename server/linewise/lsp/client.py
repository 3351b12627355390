"""What the client at the other end can do, and how it is spoken to."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from lsprotocol import types

from linewise.analysis.lines import PositionEncoding, without_surrogates
from linewise.lsp.addresses import path_of
from linewise.lsp.options import Options

if TYPE_CHECKING:
    from pygls.lsp.server import LanguageServer

Answer = TypeVar("Answer")


class Client:
    """The client of one server. Its capabilities and options are known from `initialize` on."""

    def __init__(self, server: LanguageServer) -> None:
        self._server = server
        self.options = Options()

    @property
    def encoding(self) -> PositionEncoding:
        """The unit of character positions that was agreed on."""
        # Either an enumeration member or its value, depending on how the client spelled it.
        kind = types.PositionEncodingKind(self._server.workspace.position_encoding)
        return PositionEncoding(kind.value)

    @property
    def folders(self) -> tuple[str, ...]:
        """The URIs of the folders it has open."""
        return tuple(folder.uri for folder in self._server.workspace.folders.values())

    @property
    def root(self) -> Path | None:
        """The folder it has open, the first if there are several."""
        return path_of(next(iter(self.folders), self._server.workspace.root_uri))

    def folder_of(self, path: Path) -> str | None:
        """Return the URI of the innermost open folder that a file lies in."""
        around = [
            (len(place.parts), folder)
            for folder in self.folders
            if (place := path_of(folder)) is not None and path.is_relative_to(place)
        ]
        return max(around)[1] if around else None

    @property
    def pulls(self) -> bool:
        """Whether it asks for diagnostics itself; then none may be pushed, or both would show."""
        document = self._server.client_capabilities.text_document
        return document is not None and document.diagnostic is not None

    @property
    def refreshes(self) -> bool:
        """Whether it pulls again when told that diagnostics changed."""
        workspace = self._server.client_capabilities.workspace
        diagnostics = workspace.diagnostics if workspace else None
        return bool(diagnostics and diagnostics.refresh_support)

    def refreshes_annotations(self, kind: str) -> bool:
        """Whether it asks again for "code_lens", "inlay_hint" or "semantic_tokens" when told to."""
        workspace = self._server.client_capabilities.workspace
        asked = getattr(workspace, kind, None)
        return bool(asked and asked.refresh_support)

    @property
    def shows_documents(self) -> bool:
        """Whether it opens a document at a place when asked to."""
        window = self._server.client_capabilities.window
        return bool(window and window.show_document and window.show_document.support)

    @property
    def relates(self) -> bool:
        """Whether its diagnostics may point to other places (`relatedInformation`)."""
        return any(each.related_information for each in self._diagnostics())

    @property
    def describes_codes(self) -> bool:
        """Whether the code of a diagnostic may link to what explains it."""
        return any(each.code_description_support for each in self._diagnostics())

    @property
    def takes_literals(self) -> bool:
        """Whether a code action may be more than a command."""
        document = self._server.client_capabilities.text_document
        actions = document.code_action if document else None
        return actions is not None and actions.code_action_literal_support is not None

    def workspace_edit(
        self, uri: str, version: int | None, edit: types.TextEdit
    ) -> types.WorkspaceEdit:
        """Return an edit of one version of a document, as far as the client can tell versions."""
        workspace = self._server.client_capabilities.workspace
        edits = workspace.workspace_edit if workspace else None
        if not (edits and edits.document_changes):
            return types.WorkspaceEdit(changes={uri: [edit]})
        which = types.OptionalVersionedTextDocumentIdentifier(uri=uri, version=version)
        return types.WorkspaceEdit(document_changes=[types.TextDocumentEdit(which, [edit])])

    @property
    def configures(self) -> bool:
        """Whether it answers `workspace/configuration`."""
        workspace = self._server.client_capabilities.workspace
        return bool(workspace and workspace.configuration)

    @property
    def registers_configuration(self) -> bool:
        """Whether it wants to be asked for notifications about settings."""
        workspace = self._server.client_capabilities.workspace
        changes = workspace.did_change_configuration if workspace else None
        return bool(changes and changes.dynamic_registration)

    @property
    def watches_files(self) -> bool:
        """Whether it can be asked to tell of files that change."""
        workspace = self._server.client_capabilities.workspace
        watched = workspace.did_change_watched_files if workspace else None
        return bool(watched and watched.dynamic_registration)

    @property
    def shows_progress(self) -> bool:
        """Whether it can show the progress of work that the server began."""
        window = self._server.client_capabilities.window
        return bool(window and window.work_done_progress)

    @property
    def reads_markdown(self) -> bool:
        """Whether a hover may be Markdown."""
        document = self._server.client_capabilities.text_document
        formats = document.hover.content_format if document and document.hover else None
        return types.MarkupKind.Markdown in (formats or ())

    def log(self, message: str, kind: types.MessageType = types.MessageType.Info) -> None:
        """Add a line to the client's log. Code of the user has no place in it."""
        said = without_surrogates(message)
        self._server.window_log_message(types.LogMessageParams(type=kind, message=said))

    def log_failure(self, doing: str, error: BaseException) -> None:
        """Log where an unforeseen error came from, without its message: that may quote code."""
        frames = traceback.extract_tb(error.__traceback__)
        where = [f"  {frame.filename}:{frame.lineno} in {frame.name}" for frame in frames]
        self.log("\n".join([f"{doing}: {type(error).__name__}", *where]), types.MessageType.Error)

    def show(self, message: str, kind: types.MessageType) -> None:
        """Put a message before the user's eyes."""
        said = without_surrogates(message)
        self._server.window_show_message(types.ShowMessageParams(type=kind, message=said))

    def notify(self, method: str, payload: Mapping[str, Any]) -> None:
        """Send a notification of our own; ``payload`` is what JSON can hold."""
        self._server.protocol.notify(method, payload)

    def publish(
        self, uri: str, version: int | None, diagnostics: tuple[types.Diagnostic, ...]
    ) -> None:
        """Push the diagnostics of one version of a document."""
        self._server.text_document_publish_diagnostics(
            types.PublishDiagnosticsParams(uri=uri, version=version, diagnostics=diagnostics)
        )

    async def configuration(self, section: str, scopes: Sequence[str | None]) -> Sequence[object]:
        """Ask for a section of the settings, for each of the folders and for none (None)."""
        items = [types.ConfigurationItem(scope_uri=scope, section=section) for scope in scopes]
        return await self._ask(
            self._server.workspace_configuration_async(types.ConfigurationParams(items=items))
        )

    async def register(self, method: str, options: object) -> None:
        """Ask for notifications that must be registered for while running."""
        registration = types.Registration(id=method, method=method, register_options=options)
        await self._ask(
            self._server.client_register_capability_async(types.RegistrationParams([registration]))
        )

    async def refresh(self) -> None:
        """Tell the client that diagnostics it pulled no longer hold."""
        await self._ask(self._server.workspace_diagnostic_refresh_async(None))

    async def refresh_annotations(self, kind: str) -> None:
        """Tell the client that "code_lens", "inlay_hint" or "semantic_tokens" no longer hold."""
        ask = getattr(self._server, f"workspace_{kind}_refresh_async")
        await self._ask(ask(None))

    async def show_line(self, uri: str, line: int) -> None:
        """Open a document at a 0-based line, where the client can do that."""
        if self.shows_documents:
            start = types.Position(line, 0)
            params = types.ShowDocumentParams(
                uri=uri, take_focus=True, selection=types.Range(start, start)
            )
            await self._ask(self._server.window_show_document_async(params))

    async def create_progress(self, token: str) -> None:
        """Announce a progress of our own."""
        await self._ask(self._server.work_done_progress.create_async(token))

    def report_progress(
        self,
        token: str,
        value: types.WorkDoneProgressBegin
        | types.WorkDoneProgressReport
        | types.WorkDoneProgressEnd,
    ) -> None:
        """Begin, go on with or end an announced progress."""
        self._server.progress(types.ProgressParams(token=token, value=value))

    def on_progress_cancelled(self, token: str, call: Callable[[], None]) -> None:
        """Call something once the user cancels an announced progress."""
        self._server.work_done_progress.tokens[token].add_done_callback(lambda _: call())

    def forget_progress(self, token: str) -> None:
        """Free what pygls keeps for a token, which it never does by itself."""
        self._server.work_done_progress.tokens.pop(token, None)

    def _diagnostics(
        self,
    ) -> Iterator[types.DiagnosticClientCapabilities | types.PublishDiagnosticsClientCapabilities]:
        # What a client that pulls can show, it says of pulled ones only since 3.18.
        document = self._server.client_capabilities.text_document
        if document is not None:
            yield from filter(None, (document.diagnostic, document.publish_diagnostics))

    async def _ask(self, request: Coroutine[Any, Any, Answer]) -> Answer:
        # A reply to a request whose future was cancelled makes pygls raise InvalidStateError
        # (openlawlibrary/pygls#621), so cancelling whoever waits must not reach the request.
        return await asyncio.shield(request)
