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


class ScanState(StrEnum):
    """What becomes of a scan."""

    SCANNING = "scanning"
    PAUSED = "paused"
    ON_BATTERY = "onBattery"


@frozen
class ScanStatus:
    """A scan of the workspace: of ``pending`` files that need reading, ``done`` were read."""

    state: ScanState
    done: int = 0
    pending: int = 0


@frozen
class Status:
    """One notification. ``provider`` and ``calibration`` are None unless a model is loaded.

    ``scan`` is None while no scan of the workspace is under way or paused.
    """

    state: State
    message: str
    model: str
    provider: str | None = None
    calibration: str | None = None
    scan: ScanStatus | None = None


class StatusReporter:
    """Tells the client about every change, once."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._current: Status | None = None
        self._rest = "Ready"
        self._working = 0
        self._scan: ScanStatus | None = None

    def loading(self, model: str) -> None:
        """Say that a model is on its way."""
        self._tell(Status(State.LOADING, f"Loading {model}", model))

    def failed(self, model: str, message: str) -> None:
        """Say that there is no model, and what to do."""
        self._tell(Status(State.FAILED, message, model))

    def ready(self, model: str, provider: str, calibration: str) -> None:
        """Say that the model is there."""
        self._tell(Status(State.READY, self._rest, model, provider, calibration))

    def resting(self, model: str) -> None:
        """Say that the model was unloaded because nobody needed it."""
        if self._current is not None and self._current.model == model:
            message = f"{self._rest}; {model} is unloaded until it is needed"
            self._tell(evolve(self._current, message=message))

    def scanning(self, scan: ScanStatus | None) -> None:
        """Say how far a scan of the workspace is; None once there is nothing to say."""
        self._scan = scan
        if self._current is not None:
            self._tell(self._current)

    def remark(self, message: str | None) -> None:
        """Say this instead of "Ready" from now on; None takes it back."""
        self._rest = message or "Ready"
        self._move(State.READY, State.READY, self._rest)

    def calibrated(self, calibration: str) -> None:
        """Say what the probabilities shown last rest on."""
        if self._current is not None and self._current.calibration is not None:
            self._tell(evolve(self._current, calibration=calibration))

    @contextmanager
    def busy(self) -> Iterator[None]:
        """Be busy for the duration of a block, if it lasts."""
        timer = asyncio.get_running_loop().call_later(
            BUSY_AFTER, self._move, State.READY, State.BUSY, "Scoring"
        )
        self._working += 1
        try:
            yield
        finally:
            timer.cancel()
            self._working -= 1
            if not self._working:
                self._move(State.BUSY, State.READY, self._rest)

    def _move(self, before: State, after: State, message: str) -> None:
        # A failure or a reload in the meantime says more than either.
        if self._current is not None and self._current.state is before:
            self._tell(evolve(self._current, state=after, message=message))

    def _tell(self, status: Status) -> None:
        status = evolve(status, scan=self._scan)
        if status != self._current:
            self._current = status
            self._client.notify(METHOD, asdict(status))
