"""Work-done progress around something that takes a while."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from uuid import uuid4

from lsprotocol import types

from linewise.lsp.client import Client

REPORT_SECONDS = 0.5
"""Reports come no closer to each other."""


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


class Steps:
    """A progress with a share of the work that is done, which the user may cancel.

    ``cancelled`` is called if he does. Used on the event loop.
    """

    def __init__(self, client: Client, title: str, cancelled: Callable[[], None]) -> None:
        self._client = client
        self._title = title
        self._cancelled = cancelled
        self._news = asyncio.Event()
        self._latest = 0, ""
        self._ended = asyncio.Event()

    def tell(self, percentage: int, message: str) -> None:
        """Show this from now on."""
        if self._latest != (percentage, message):
            self._latest = percentage, message
            self._news.set()

    def end(self) -> None:
        """Show nothing any more."""
        self._ended.set()
        self._news.set()

    async def show(self) -> None:
        """Show what is told until the end; the work itself never waits for the client."""
        client, token = self._client, str(uuid4())
        if self._ended.is_set() or not client.shows_progress:
            return
        await client.create_progress(token)
        try:
            if self._ended.is_set():
                return
            client.on_progress_cancelled(token, self._cancelled)
            percentage, message = self._latest
            begin = types.WorkDoneProgressBegin(
                title=self._title, cancellable=True, message=message, percentage=percentage
            )
            client.report_progress(token, begin)
            while not self._ended.is_set():
                await self._news.wait()
                self._news.clear()
                if not self._ended.is_set():
                    percentage, message = self._latest
                    report = types.WorkDoneProgressReport(message=message, percentage=percentage)
                    client.report_progress(token, report)
                    await asyncio.sleep(REPORT_SECONDS)
            client.report_progress(token, types.WorkDoneProgressEnd())
        finally:
            client.forget_progress(token)
