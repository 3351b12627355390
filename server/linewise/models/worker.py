"""The one thread that owns a model: jobs are awaited, run one at a time, and can be abandoned."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable
from contextlib import suppress
from enum import IntEnum
from itertools import count
from typing import Any, TypeVar

from attrs import frozen

Result = TypeVar("Result")


class WorkerStoppedError(RuntimeError):
    """The worker takes no more jobs, and has not run this one."""


@frozen(eq=False)
class _Job:
    work: Callable[[threading.Event], Any]
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]
    cancelled: threading.Event

    def run(self) -> None:
        result: Any = None
        failure: BaseException | None = None
        try:
            result = self.work(self.cancelled)
        except StopIteration as error:  # a future refuses to carry it
            failure = RuntimeError(f"the job raised {error!r}")
        except BaseException as error:  # noqa: BLE001 - it belongs to whoever awaits the job
            failure = error
        self._settle(result, failure)

    def refuse(self) -> None:
        self._settle(None, WorkerStoppedError("the model's worker has been stopped"))

    def _settle(self, result: Any, failure: BaseException | None) -> None:
        def settle() -> None:
            if self.future.done():
                return
            if failure is None:
                self.future.set_result(result)
            else:
                self.future.set_exception(failure)

        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self.loop.call_soon_threadsafe(settle)


class Priority(IntEnum):
    """Whose turn it is: jobs of a lower number go first."""

    FOREGROUND = 0
    BACKGROUND = 1
    """For what the user may ask for next."""
    IDLE = 2
    """For what nobody waits for."""


_END = len(Priority)


class ModelWorker:
    """Runs jobs by priority, then in order, on one daemon thread, which starts with the first job.

    A job gets a `threading.Event` that
    is set once nobody waits for its result; a long job looks at it between forward passes.
    """

    def __init__(self) -> None:
        # Each with a number of its own: those of one priority are run in order.
        self._jobs: queue.PriorityQueue[tuple[int, int, _Job | None]] = queue.PriorityQueue()
        self._numbers = count()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._stopped = False

    async def submit(
        self,
        work: Callable[[threading.Event], Result],
        *,
        priority: Priority = Priority.FOREGROUND,
    ) -> Result:
        """Run ``work`` on the thread and return what it returns, or raise what it raises.

        Cancelling the await sets the job's event; a job that has not begun then never does.

        Raises
        ------
        WorkerStoppedError
            If the worker has been stopped.
        """
        loop = asyncio.get_running_loop()
        job = _Job(work, loop, loop.create_future(), threading.Event())
        with self._lock:
            if self._stopped:
                raise WorkerStoppedError("the model's worker has been stopped")
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="linewise", daemon=True)
                self._thread.start()
            self._jobs.put((priority, next(self._numbers), job))
        try:
            result: Result = await job.future
        except asyncio.CancelledError:
            job.cancelled.set()
            raise
        return result

    def stop(self, timeout: float | None = None) -> None:
        """Take no more jobs, refuse waiting ones and give the thread ``timeout`` s to end."""
        with self._lock:
            self._stopped = True
            thread = self._thread
            self._jobs.put((_END, next(self._numbers), None))
        if thread is not None:
            thread.join(timeout)

    def _run(self) -> None:
        while (job := self._jobs.get()[-1]) is not None:
            if self._stopped:
                job.refuse()
            elif not job.cancelled.is_set():
                job.run()


async def in_own_thread(work: Callable[[], Result]) -> Result:
    """Run work that needs no model on a daemon thread of its own; return or raise what it does.

    Nothing waits for it but the caller, not even the end of the process.
    """
    worker = ModelWorker()
    try:
        return await worker.submit(lambda _: work())
    finally:
        worker.stop(0)
