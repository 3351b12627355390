"""The server as a client meets it: start-up, hover, cancellation, memory."""

from __future__ import annotations

import asyncio
import sys
import sysconfig
import time
from pathlib import Path
from statistics import median
from typing import Any

import psutil
from lsprotocol import types
from pygls.lsp.client import LanguageClient

STDLIB = Path(sysconfig.get_path("stdlib"))
HOVERS = 50
STARTS = 3
EVERYTHING = {"threshold": 0.0, "maxFindingsPerFile": 10_000}


class Client(LanguageClient):
    """A client that pulls diagnostics and waits for the server's status notifications.

    Unless ``settings`` say otherwise, every line is flagged.
    """

    def __init__(self, settings: dict[str, Any] | None = None) -> None:
        super().__init__("linewise-benchmark", "1")
        self.ready = asyncio.Event()
        self.busy = asyncio.Event()
        chosen = EVERYTHING if settings is None else settings

        @self.feature("linewise/status")
        def _status(params: Any) -> None:
            if params.state == "ready":
                self.ready.set()
            if params.state == "busy":
                self.busy.set()

        @self.feature(types.WORKSPACE_CONFIGURATION)
        def _configuration(params: types.ConfigurationParams) -> list[Any]:
            return [chosen for _ in params.items]

    @property
    def process(self) -> psutil.Process:
        """The server's process."""
        assert self._server is not None
        return psutil.Process(self._server.pid)

    def open(self, path: Path) -> types.TextDocumentIdentifier:
        """Open a file and return its identifier."""
        return self.open_text(path.as_uri(), path.read_text("utf-8"))

    def open_text(self, uri: str, text: str) -> types.TextDocumentIdentifier:
        """Open a document and return its identifier."""
        document = types.TextDocumentItem(uri, "python", 1, text)
        self.text_document_did_open(types.DidOpenTextDocumentParams(document))
        return types.TextDocumentIdentifier(uri)

    def change(self, document: types.TextDocumentIdentifier, text: str, version: int) -> None:
        """Replace a document's text."""
        self.text_document_did_change(
            types.DidChangeTextDocumentParams(
                types.VersionedTextDocumentIdentifier(version, document.uri),
                [types.TextDocumentContentChangeWholeDocument(text)],
            )
        )


CAPABILITIES = types.ClientCapabilities(
    workspace=types.WorkspaceClientCapabilities(configuration=True),
    text_document=types.TextDocumentClientCapabilities(
        diagnostic=types.DiagnosticClientCapabilities(),
        hover=types.HoverClientCapabilities(content_format=[types.MarkupKind.Markdown]),
    ),
)


def measure() -> dict[str, Any]:
    """Return start-up, hover, cancellation and memory figures."""
    return asyncio.run(_measure())


async def _measure() -> dict[str, Any]:
    starts = [await start(Client()) for _ in range(STARTS)]
    client, initialize, ready = starts[-1]
    for other, _, _ in starts[:-1]:
        await stop(other)
    hover = await _hover(client)
    cancel = await _cancel(client)
    resident = client.process.memory_info().rss / 2**20
    exit_seconds = await stop(client)
    return {
        "initialize answered": row(initialize, "s", "<= 0.7"),
        "initialize answered, median of starts": row(median(s[1] for s in starts), "s", "<= 0.7"),
        "model ready, from the start of the process": row(ready, "s", "<= 3"),
        "hover from cache, median": row(median(hover) * 1000, "ms", "<= 20"),
        "hover from cache, slowest": row(max(hover) * 1000, "ms", "<= 20"),
        "cancelled request answered": row(cancel * 1000, "ms", "<= 300"),
        "resident memory after scoring argparse.py": row(resident, "MB", "<= 700"),
        "shutdown and exit": row(exit_seconds, "s", "<= 1"),
    }


async def start(client: Client) -> tuple[Client, float, float]:
    """Start a server; return its client, the seconds to `initialize` and to a loaded model."""
    begin = time.perf_counter()
    await client.start_io(sys.executable, "-I", "-m", "linewise", "serve", "--stdio")
    await client.initialize_async(types.InitializeParams(capabilities=CAPABILITIES))
    initialize = time.perf_counter() - begin
    client.initialized(types.InitializedParams())
    await asyncio.wait_for(client.ready.wait(), 60)
    return client, initialize, time.perf_counter() - begin


async def _hover(client: Client) -> list[float]:
    document = client.open(STDLIB / "textwrap.py")
    report = await client.text_document_diagnostic_async(types.DocumentDiagnosticParams(document))
    assert isinstance(report, types.RelatedFullDocumentDiagnosticReport)
    times = []
    for diagnostic in report.items[:HOVERS]:
        begin = time.perf_counter()
        answer = await client.text_document_hover_async(
            types.HoverParams(document, diagnostic.range.start)
        )
        times.append(time.perf_counter() - begin)
        assert answer is not None
    return times


async def _cancel(client: Client) -> float:
    """Cancel a pull half a second into scoring a long file, then let it be scored."""
    document = client.open(STDLIB / "argparse.py")
    params = types.DocumentDiagnosticParams(document)
    client.busy.clear()
    message = "cancel-me"
    future = client.protocol.send_request(types.TEXT_DOCUMENT_DIAGNOSTIC, params, msg_id=message)
    await asyncio.wait_for(client.busy.wait(), 10)
    begin = time.perf_counter()
    client.cancel_request(types.CancelParams(id=message))
    # Cancelled, as asked: the answer is an error, and only its time matters.
    await asyncio.gather(asyncio.wrap_future(future), return_exceptions=True)
    elapsed = time.perf_counter() - begin
    await client.text_document_diagnostic_async(params)
    return elapsed


async def stop(client: Client) -> float:
    """Shut a server down; return the seconds that took."""
    process = client.process
    begin = time.perf_counter()
    await client.shutdown_async(None)
    client.exit(None)
    await asyncio.to_thread(process.wait, 10)
    return time.perf_counter() - begin


def row(value: float, unit: str, budget: str) -> dict[str, Any]:
    """Return a figure beside its budget."""
    return {"value": round(value, 3), "unit": unit, "budget": f"{budget} {unit}"}
