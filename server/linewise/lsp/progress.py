"""Work-done progress around something that takes a while."""

from __future__ import annotations

import asyncio
from uuid import uuid4

from lsprotocol import types

from linewise.lsp.client import Client


async def show_progress(client: Client, title: str, done: asyncio.Event) -> None:
    """Show ``title`` until ``done`` is set; the work itself never waits for the client."""
    if not client.shows_progress:
        return
    token = str(uuid4())
    await client.create_progress(token)
    try:
        client.report_progress(token, types.WorkDoneProgressBegin(title=title, cancellable=False))
        await done.wait()
        client.report_progress(token, types.WorkDoneProgressEnd())
    finally:
        client.forget_progress(token)
