"""What the server is doing, told to the client as ``linewise/status``."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum

from attrs import asdict, evolve, frozen

from linewise.lsp.client import Client

METHOD = "linewise/status"
BUSY_AFTER = 0.2
"""Seconds of work before it is shown: what the cache answers must not make the icon flicker."""


class State(StrEnum):
    """The server's states."""

    LOADING = "loading"
    READY = "ready"
    BUSY = "busy"
    FAILED = "failed"


@frozen
class Status:
    """One notification. ``provider`` and ``calibration`` are None until the model is loaded."""

    state: State
    message: str
    model: str
    provider: str | None = None
    calibration: str | None = None


class StatusReporter:
    """Tells the client about every change of state, once."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._current: Status | None = None
        self._working = 0

    def set(self, status: Status) -> None:
        """Enter a state."""
        if status != self._current:
            self._current = status
            self._client.notify(METHOD, asdict(status))

    def remark(self, message: str) -> None:
        """Say something while the model is there; a failure or its loading says more."""
        if self._current is not None and self._current.state in (State.READY, State.BUSY):
            self.set(evolve(self._current, message=message))

    @contextmanager
    def busy(self) -> Iterator[None]:
        """Be busy for the duration of a block, if it lasts."""
        timer = asyncio.get_running_loop().call_later(BUSY_AFTER, self._show_busy)
        self._working += 1
        try:
            yield
        finally:
            self._working -= 1
            timer.cancel()
            if not self._working:
                self._move(State.BUSY, State.READY, "Ready")

    def _show_busy(self) -> None:
        self._move(State.READY, State.BUSY, "Scoring")

    def _move(self, before: State, after: State, message: str) -> None:
        # A failure or a reload in the meantime says more than either.
        if self._current is not None and self._current.state is before:
            self.set(evolve(self._current, state=after, message=message))
