"""The language server, and serving one client over standard input and output or a local port."""

from __future__ import annotations

import os
import socket
import sys
from typing import BinaryIO

from linewise.lsp.handlers import bind
from linewise.lsp.model import LoadEngine, load_engine
from linewise.lsp.parts import DEFAULTS, Parts
from linewise.settings import Settings

GRACE_SECONDS = 0.1
"""How long a pass of the model may take to end after the client left."""


class LinewiseServer(Parts):
    """One client's server. ``load`` and ``defaults`` are those of its `Parts`."""

    def __init__(self, load: LoadEngine = load_engine, *, defaults: Settings = DEFAULTS) -> None:
        super().__init__(load, defaults=defaults)
        bind(self)


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
