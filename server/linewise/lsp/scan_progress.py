"""How far a scan of the workspace is, shown as status and, if it lasts, as progress."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from lsprotocol import types

from linewise.lsp.client import Client
from linewise.lsp.progress import Steps
from linewise.lsp.status import ScanState, ScanStatus, StatusReporter
from linewise.lsp.tasks import Tasks

if TYPE_CHECKING:
    from linewise.workspace.scan.queue import Outcome

SHOWN_AFTER_SECONDS = 1.0
"""What takes less time is not worth the user's attention."""
TITLE = "Linewise: scanning the workspace"
_REMARKS = {ScanState.PAUSED: ", paused", ScanState.ON_BATTERY: ", resting: on battery"}


class ScanProgress:
    """Shows what comes of the steps of scans. ``cancel`` is called if the user wants no more."""

    def __init__(
        self, client: Client, status: StatusReporter, tasks: Tasks, cancel: Callable[[], None]
    ) -> None:
        self._client = client
        self._status = status
        self._tasks = tasks
        self._cancel = cancel
        self._began: float | None = None
        self._steps: Steps | None = None

    def tell(self, outcome: Outcome, state: ScanState) -> None:
        """Show what came of a step."""
        done = outcome.progress
        if outcome.failure is not None:
            message = f"the workspace was not scanned: {outcome.failure}"
            self._client.log(message, types.MessageType.Warning)
        if done is None or not done.pending or done.done == done.pending:
            return
        self._status.scanning(ScanStatus(state, done.done, done.pending))
        now = time.monotonic()
        self._began = self._began or now
        if self._steps is None and now - self._began >= SHOWN_AFTER_SECONDS:
            self._steps = Steps(self._client, TITLE, self._cancel)
            self._tasks.spawn(self._steps.show())
        if self._steps is not None:
            message = f"{done.done:,} of {done.pending:,} files{_REMARKS.get(state, '')}"
            self._steps.tell(100 * done.done // done.pending, message)

    def end(self, *, paused: bool) -> None:
        """Show that nothing is in work."""
        self._began = None
        if self._steps is not None:
            self._steps.end()
            self._steps = None
        self._status.scanning(ScanStatus(ScanState.PAUSED) if paused else None)
