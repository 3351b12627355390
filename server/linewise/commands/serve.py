"""``linewise serve``: the language server on standard input and output, or on a local port."""

from __future__ import annotations

from typing import Annotated

import typer

from linewise.errors import LinewiseError


def serve(
    stdio: Annotated[
        bool, typer.Option("--stdio", help="Talk over standard input and output (the default).")
    ] = False,
    tcp: Annotated[
        int | None,
        typer.Option(
            "--tcp",
            metavar="PORT",
            min=0,
            max=65535,
            help="Listen on this port of the loopback interface instead; 0 takes a free one.",
        ),
    ] = None,
) -> None:
    """Run the language server for one editor."""
    if stdio and tcp is not None:
        raise typer.BadParameter("choose either --stdio or --tcp")
    # Only now: no other command needs the protocol.
    from linewise.lsp.server import serve_stdio, serve_tcp

    if tcp is None:
        raise typer.Exit(serve_stdio())
    try:
        raise typer.Exit(serve_tcp(tcp))
    except OSError as error:
        raise LinewiseError(f"cannot serve on port {tcp}: {error.strerror}") from error
