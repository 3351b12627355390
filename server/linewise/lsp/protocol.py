"""pygls' protocol, repaired where 2.1.1 would leave somebody waiting or a future behind."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException, JsonRpcInvalidRequest
from pygls.protocol import LanguageServerProtocol
from pygls.protocol.json_rpc import RPCMessage, RPCRequest

from linewise.lsp.addresses import Addresses

if TYPE_CHECKING:
    from cattrs import Converter
    from pygls.lsp.server import LanguageServer

_BY_ITSELF = frozenset(
    {
        types.INITIALIZED,
        types.WORKSPACE_DIAGNOSTIC,
        types.WORKSPACE_DID_CHANGE_WATCHED_FILES,
        types.CANCEL_REQUEST,
        types.WINDOW_WORK_DONE_PROGRESS_CANCEL,
    }
)
"""What clients send although nobody did anything."""


class Protocol(LanguageServerProtocol):
    """What `LinewiseServer` speaks. ``active`` is called when the user did something."""

    active: Callable[[], None] = staticmethod(lambda: None)

    def __init__(self, server: LanguageServer, converter: Converter) -> None:
        super().__init__(server, converter)
        self._addresses = Addresses()

    def structure_message(self, data: dict[str, Any]) -> Any:
        """Read a message; one that cannot be read leaves nobody waiting, here or there."""
        if "jsonrpc" in data and "method" in data and "params" in data:
            data = data | {"params": self._addresses.taken_in(data["params"])}
        try:
            return super().structure_message(data)
        except JsonRpcException as error:
            if "id" in data and "method" in data:
                self._send_response(data["id"], error=error.to_response_error())
            elif "id" in data:
                self._handle_response(data["id"], error=error.to_response_error())
            raise

    def _serialize_message(self, data: Any) -> Any:
        return self._addresses.spelled(super()._serialize_message(data))

    def handle_message(self, message: RPCMessage) -> None:
        """Handle a message, then let go of what earlier ones left.

        Each notification and command adds a future that is never removed: 2 kB an edit. A request
        after shutdown would be dropped without an answer.
        """
        if self._shutdown and isinstance(message, RPCRequest):
            error = JsonRpcInvalidRequest("the server was shut down").to_response_error()
            self._send_response(message.id, error=error)
            return
        if getattr(message, "method", None) not in (None, *_BY_ITSELF):
            self.active()
        super().handle_message(message)
        self._request_futures = {
            key: future for key, future in self._request_futures.items() if not future.done()
        }

    def cancel_requests(self) -> None:
        """Cancel every other request.

        pygls does so at shutdown, but over a dictionary that cancelling a command changes.
        """
        for key, future in tuple(self._request_futures.items()):
            if key != self.msg_id:
                future.cancel()
