"""The server in the test's own process and event loop: what arrived when, and what left when."""

import asyncio
import json

from lsp_session import PATIENCE
from lsprotocol.converters import get_converter
from tiny_server import still

from linewise.lsp.server import LinewiseServer


class Loopback:
    """Speaks to a server as its transport would. ``log`` holds every message in its true order."""

    def __init__(self, load, capabilities, *, debounce=0.0, answers=True):
        self.server = LinewiseServer(load, defaults=still(debounce))
        self.server.protocol.set_writer(self)
        self.log = []
        self._capabilities = get_converter().unstructure(capabilities)
        self._answers = answers
        self._news = asyncio.Event()

    async def __aenter__(self):
        self.send("initialize", {"capabilities": self._capabilities, "processId": None}, key=0)
        self.send("initialized", {})
        return self

    async def __aexit__(self, *_):
        self.send("shutdown", key="shutdown")
        await self.until(lambda: any(each.get("id") == "shutdown" for each in self.sent()))

    def write(self, data):
        """Take in what the server sends; its requests are answered with null."""
        message = json.loads(data.partition(b"\r\n\r\n")[2])
        self.log.append(("sent", message))
        self._news.set()
        if self._answers and "method" in message and "id" in message:
            self.reply(message)

    def reply(self, request):
        asyncio.get_running_loop().call_soon(
            self._hand_over, {"jsonrpc": "2.0", "id": request["id"], "result": None}
        )

    def send(self, method, params=None, key=None):
        message = {"jsonrpc": "2.0", "method": method, "params": params}
        if key is not None:
            message["id"] = key
        self.log.append(("arrived", message))
        self._hand_over(message)

    def sent(self, method=None):
        messages = [message for direction, message in self.log if direction == "sent"]
        return [each for each in messages if method is None or each.get("method") == method]

    async def until(self, condition):
        async with asyncio.timeout(PATIENCE):
            while not (value := condition()):
                self._news.clear()
                await self._news.wait()
        return value

    def open(self, uri, text, version=1):
        document = {"uri": uri, "languageId": "python", "version": version, "text": text}
        self.send("textDocument/didOpen", {"textDocument": document})

    def change(self, uri, text, version):
        document = {"uri": uri, "version": version}
        changes = [{"text": text}]
        self.send("textDocument/didChange", {"textDocument": document, "contentChanges": changes})

    def close(self, uri):
        self.send("textDocument/didClose", {"textDocument": {"uri": uri}})

    def _hand_over(self, message):
        # Through text, as objects are rebuilt from it with the protocol's own hook.
        structured = json.loads(
            json.dumps(message), object_hook=self.server.protocol.structure_message
        )
        self.server.protocol.handle_message(structured)
