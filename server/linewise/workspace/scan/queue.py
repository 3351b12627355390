"""Scans as background work: one at a time, and at most one more of each folder is asked for.

A server asks for a `step` on a thread of their own, again and again. Requests, pauses and key
strokes come from any thread.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path

from attrs import evolve, frozen

from linewise.errors import LinewiseError
from linewise.workspace.scan.pacing import Pace
from linewise.workspace.scan.scan import Progress, Scan


class State(StrEnum):
    """What a step found."""

    IDLE = "idle"
    """Nothing is asked for."""
    WAITING = "waiting"
    """Work waits for its time."""
    WORKING = "working"
    """There is more to do."""
    DONE = "done"
    """A scan came to its end."""
    CANCELLED = "cancelled"
    FAILED = "failed"


@frozen
class Outcome:
    """What came of a step: after ``delay`` seconds the next one is due, unless it is idle."""

    state: State
    delay: float = 0.0
    folder: Path | None = None
    progress: Progress | None = None
    failure: str | None = None


class ScanQueue:
    """At most one scan in work, and one that waits for each folder.

    ``begin`` makes a scan, on the thread that asks for steps; ``end`` is called there once nothing
    is left to do of it, or it is given up. ``interrupted`` is asked between forward passes, beside
    the pace.
    """

    def __init__(
        self,
        begin: Callable[[Path], Scan],
        pace: Pace,
        end: Callable[[Scan], None] = lambda _: None,
        interrupted: Callable[[], bool] = lambda: False,
    ) -> None:
        self.pace = pace
        self._make = begin
        self._end = end
        self._interrupted = interrupted
        self._lock = threading.Lock()
        self._asked: dict[Path, None] = {}
        self._cancelled = False
        self._scan: Scan | None = None
        self._folder: Path | None = None

    @property
    def pending(self) -> int:
        """How many scans wait to begin."""
        return len(self._asked)

    @property
    def progress(self) -> Progress | None:
        """How far the scan in work is, None if there is none."""
        scan = self._scan
        return None if scan is None else evolve(scan.progress)

    def request(self, folder: Path) -> None:
        """Ask for a scan. Of those of a folder asked for while it is scanned, one follows."""
        with self._lock:
            self._asked[folder] = None

    def cancel(self) -> None:
        """End the scan in work and forget those that wait; what was stored stays."""
        with self._lock:
            self._asked.clear()
            self._cancelled = True

    def step(self) -> Outcome:
        """Do a little of what was asked for, if it is time to."""
        if self._cancelled:
            return self._cancel()
        if self._scan is None and not self._asked:
            return Outcome(State.IDLE)
        if (delay := self.pace.delay()) > 0.0:
            return Outcome(State.WAITING, delay, self._folder, self.progress)
        self.pace.begin()
        try:
            return self._work()
        except LinewiseError as error:
            folder = self._folder
            self._drop()
            return Outcome(State.FAILED, folder=folder, failure=str(error))
        finally:
            self.pace.end()

    def _work(self) -> Outcome:
        if self._scan is None:
            with self._lock:
                self._folder = next(iter(self._asked), None)
                if self._folder is None:  # cancelled just now
                    return Outcome(State.WORKING)
                del self._asked[self._folder]
            self._scan = self._make(self._folder)
        self._scan.step(self._must_stop, self.pace.is_spent)
        folder, progress = self._folder, self.progress
        if not self._scan.finished:
            return Outcome(State.WORKING, folder=folder, progress=progress)
        self._drop()
        return Outcome(State.DONE, folder=folder, progress=progress)

    def _must_stop(self) -> bool:
        return self._cancelled or self._interrupted() or self.pace.interrupts()

    def _cancel(self) -> Outcome:
        self._cancelled = False
        folder, progress = self._folder, self.progress
        self._drop()
        return Outcome(State.CANCELLED, folder=folder, progress=progress)

    def _drop(self) -> None:
        scan, self._scan, self._folder = self._scan, None, None
        if scan is not None:
            self._end(scan)
