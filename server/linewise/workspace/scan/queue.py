"""Scans as background work: one at a time, and at most one more that is asked for meanwhile.

A server asks for a `step` from the thread that owns the model, again and again; between two steps
that thread is free for what the user wants. Requests, pauses and key strokes come from any thread.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from enum import StrEnum

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
    progress: Progress | None = None
    failure: str | None = None


class ScanQueue:
    """At most one scan in work, and one that waits.

    ``begin`` makes a scan, on the thread that asks for steps; ``end`` is called there once nothing
    is left of it, whatever became of it.
    """

    def __init__(
        self, begin: Callable[[], Scan], pace: Pace, end: Callable[[], None] = lambda: None
    ) -> None:
        self.pace = pace
        self._make = begin
        self._end = end
        self._lock = threading.Lock()
        self._asked = False
        self._cancelled = False
        self._scan: Scan | None = None

    @property
    def pending(self) -> bool:
        """Whether a scan waits to begin."""
        return self._asked

    @property
    def progress(self) -> Progress | None:
        """How far the scan in work is, None if there is none."""
        return None if self._scan is None else evolve(self._scan.progress)

    def request(self) -> None:
        """Ask for a scan. Of those asked for while one is in work, one follows it."""
        with self._lock:
            self._asked = True

    def cancel(self) -> None:
        """End the scan in work and forget the one that waits; what was stored stays."""
        with self._lock:
            self._asked, self._cancelled = False, True

    def step(self) -> Outcome:
        """Do a little of what was asked for, if it is time to."""
        if self._cancelled:
            return self._cancel()
        if self._scan is None and not self._asked:
            return Outcome(State.IDLE)
        if (delay := self.pace.delay()) > 0.0:
            return Outcome(State.WAITING, delay, self.progress)
        self.pace.begin()
        try:
            return self._work()
        except LinewiseError as error:
            self._drop()
            return Outcome(State.FAILED, failure=str(error))
        finally:
            self.pace.end()

    def _work(self) -> Outcome:
        if self._scan is None:
            with self._lock:
                self._asked = False
            self._scan = self._make()
        self._scan.step(lambda: self._cancelled or self.pace.interrupts())
        progress = self.progress
        if not self._scan.finished:
            return Outcome(State.WORKING, progress=progress)
        self._drop()
        return Outcome(State.DONE, progress=progress)

    def _cancel(self) -> Outcome:
        self._cancelled = False
        progress = self.progress
        self._drop()
        return Outcome(State.CANCELLED, progress=progress)

    def _drop(self) -> None:
        if self._scan is not None:
            self._scan = None
            self._end()
