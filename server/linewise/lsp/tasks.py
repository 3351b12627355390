"""Background coroutines: kept alive while they run, and never failing in silence."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any


class Tasks:
    """Runs coroutines nobody awaits. ``failed`` hears the exception of one that broke."""

    def __init__(self, failed: Callable[[BaseException], None]) -> None:
        self._failed = failed
        self._running: set[asyncio.Task[None]] = set()

    def spawn(self, coroutine: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Start ``coroutine`` on the running loop."""
        task = asyncio.get_running_loop().create_task(coroutine)
        # The loop itself holds tasks weakly: without this set one may vanish while it waits.
        self._running.add(task)
        task.add_done_callback(self._finished)
        return task

    def cancel_all(self) -> None:
        """Ask every running coroutine to stop."""
        for task in self._running:
            task.cancel()

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._failed(error)
