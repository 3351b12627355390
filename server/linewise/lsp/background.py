"""The statistics of the open folders, kept up to date when there is time for it.

A scan of each folder is asked for when a model is loaded, when settings or folders change and, a
little later, when files do. One is in work, and at most one more of each folder waits. It rests
whenever the user does something, within a budget, and while it is paused; what was stored stays.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from linewise.errors import LinewiseError
from linewise.lsp.addresses import path_of
from linewise.lsp.client import Client
from linewise.lsp.configuration import Configuration
from linewise.lsp.model import LoadedModel, ModelHost
from linewise.lsp.scan_progress import ScanProgress
from linewise.lsp.status import ScanState
from linewise.lsp.tasks import Tasks
from linewise.models.worker import ModelWorker, Priority

if TYPE_CHECKING:
    from linewise.workspace.scan.pacing import Budget
    from linewise.workspace.scan.queue import ScanQueue
    from linewise.workspace.scan.selection import Above

Result = TypeVar("Result")
SCAN = "linewise.server.scan"
PAUSE_SCAN = "linewise.server.pauseScan"
RESUME_SCAN = "linewise.server.resumeScan"
SETTLED_SECONDS = 3.0
"""How long after a change files are read again: sooner, they might be written again unnoticed."""


class Background:
    """Scans the open folders in the background. Used on the event loop.

    ``listeners`` hear the folder of each scan that came to its end.
    """

    def __init__(
        self, host: ModelHost, client: Client, tasks: Tasks, configuration: Configuration
    ) -> None:
        self._host = host
        self._client = client
        self._tasks = tasks
        self._configuration = configuration
        self._progress = ScanProgress(client, host.status, tasks, self.cancel)
        self._thread = ModelWorker()
        self._queue: ScanQueue | None = None
        self._working: asyncio.Task[None] | None = None
        self._resting = True
        self._above: dict[Path, Above] = {}
        self._asked: dict[Path, None] = {}
        self._changed: set[Path] = set()
        self._paused = False
        self._declined = False
        self._urgent = False
        self.listeners: list[Callable[[Path], None]] = []

    @property
    def model(self) -> LoadedModel | None:
        """The model that scans, None if there is none."""
        return self._host.loaded

    @property
    def folders(self) -> tuple[Path, ...]:
        """The open folders."""
        found = [place for folder in self._client.folders if (place := path_of(folder))]
        return tuple(found) or tuple(filter(None, [self._client.root]))

    def follow(self) -> None:
        """Bring the statistics of all folders up to date: model, settings or folders changed."""
        self._give_up()
        self._request(self.folders)

    def file_changed(self, path: Path) -> None:
        """Bring the statistics of a file's folder up to date, a little later."""
        folder = path_of(self._client.folder_of(path))
        if folder is None or path.suffix != ".py":
            return
        if not self._changed:
            asyncio.get_running_loop().call_later(SETTLED_SECONDS, self._settled)
        self._changed.add(folder)

    def user_active(self) -> None:
        """Make way for a moment: the user did something."""
        if self._queue is not None:
            self._queue.pace.user_active()

    def scan(self) -> dict[str, Any]:
        """Scan all folders now, whatever the settings say; return their paths.

        Raises
        ------
        LinewiseError
            If no folder is open, or the model could not be loaded.
        """
        if not (folders := self.folders):
            raise LinewiseError("no folder is open: open one to scan it")
        if self._host.failure:
            raise LinewiseError(self._host.failure)
        self._urgent, self._declined, self._paused = True, False, False
        self._request(folders)
        return {"folders": [str(each) for each in folders]}

    def pause(self) -> dict[str, Any]:
        """Rest until `resume`."""
        self._paused = True
        self._keep_pace()
        return {"paused": True}

    def resume(self) -> dict[str, Any]:
        """Go on after `pause`, or begin again after `cancel`."""
        self._paused = self._declined = False
        self._keep_pace()
        self._request(self.folders)
        return {"paused": False}

    def cancel(self) -> None:
        """Give up what is in work and what waits; only a command begins again."""
        self._declined = True
        self._give_up()

    async def run(
        self, work: Callable[[], Result], *, priority: Priority = Priority.FOREGROUND
    ) -> Result:
        """Run work that needs the store between two steps of a scan, on their thread."""

        def watched(_: object) -> Result:
            self._resting = False
            try:
                return work()
            finally:
                self._resting = True

        return await self._thread.submit(watched, priority=priority)

    def stop(self, seconds: float) -> bool:
        """Begin nothing more and return whether the thread came to rest in that time."""
        self.cancel()
        self._thread.stop(seconds)
        return self._resting

    def _give_up(self) -> None:
        self._asked.clear()
        if self._queue is not None:
            self._queue.cancel()

    def _settled(self) -> None:
        changed, self._changed = self._changed, set()
        self._request(changed)

    def _request(self, folders: Iterable[Path]) -> None:
        of = self._configuration.of
        wanted = [each for each in folders if self._urgent or of(each).background_scan]
        if self._host.loaded is None or self._declined or not wanted:
            return
        for folder in wanted:
            self._above[folder] = self._configuration.above(folder)
            self._asked[folder] = None
        self._keep_pace()
        if self._working is None or self._working.done():
            self._working = self._tasks.spawn(self._work())

    def _keep_pace(self) -> None:
        if self._queue is not None:
            pace = self._queue.pace
            pace.budget = self._budget()
            if self._paused:
                pace.pause()
            else:
                pace.resume()
        if self._working is None or self._working.done():
            self._progress.end(paused=self._paused)

    def _budget(self) -> Budget:
        from linewise.workspace.scan.pacing import Budget

        if self._urgent:
            return Budget()
        settings, model = self._configuration.settings, self._host.loaded
        on_processor = model is not None and model.provider == "CPUExecutionProvider"
        target = model.target if model is not None and on_processor else None
        return Budget(
            share=settings.background_share,
            only_on_power=not settings.background_on_battery,
            cores=1 if target is None else target.threads,
        )

    async def _work(self) -> None:
        queue = self._queue
        if queue is None:
            queue = self._queue = await self.run(partial(self._made, asyncio.get_running_loop()))
            self._keep_pace()
        from linewise.workspace.scan.queue import State

        try:
            while True:
                while self._asked:
                    queue.request(self._asked.popitem()[0])
                outcome = await self.run(queue.step, priority=Priority.BACKGROUND)
                self._progress.tell(outcome, self._state(queue))
                if outcome.state is State.DONE and outcome.folder is not None:
                    for listener in self.listeners:
                        listener(outcome.folder)
                if outcome.state is State.IDLE and not (queue.pending or self._asked):
                    break
                if outcome.delay:
                    await asyncio.sleep(outcome.delay)
        finally:
            self._urgent = False
            self._progress.end(paused=self._paused)

    def _made(self, loop: asyncio.AbstractEventLoop) -> ScanQueue:
        # Imported on the scans' thread, once there is a model: nobody waits for it.
        from linewise.lsp.scans import scan_queue

        defaults = self._configuration.defaults
        return scan_queue(self._host, loop, defaults, self._above, self._client.log)

    def _state(self, queue: ScanQueue) -> ScanState:
        if self._paused:
            return ScanState.PAUSED
        return ScanState.ON_BATTERY if queue.pace.spares_battery() else ScanState.SCANNING
