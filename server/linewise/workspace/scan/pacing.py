"""When background work may go on: never in the way of the person at the keyboard.

Threads: the one that scans asks, all others tell. Nothing here sleeps. Priorities of the operating
system play no part: a thread of low priority that holds the interpreter's lock holds up all others.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import psutil
from attrs import field, frozen, validators

BACK_OFF_SECONDS = 0.25
"""How long work waits after anything the user did (as pyright's background analysis does)."""
SLICE_SECONDS = 0.5
"""Work with a share of less than all of the time is interrupted this often."""
_POWER_SECONDS = 30.0
"""How long the answer of the battery is taken as it was."""
_LOOK_AGAIN_SECONDS = 1.0


@frozen
class Budget:
    """How much of the machine background work may take.

    ``share`` (above 0, to 1) is that of one core's time; work that keeps ``cores`` busy rests for
    longer. With ``only_on_power`` it rests while the machine runs on its battery.
    """

    share: float = field(default=1.0, validator=(validators.gt(0.0), validators.le(1.0)))
    only_on_power: bool = False
    cores: int = field(default=1, validator=validators.ge(1))


def on_battery() -> bool:
    """Whether the machine has a battery and runs on it."""
    sensors = getattr(psutil, "sensors_battery", None)
    battery = sensors() if sensors is not None else None
    return battery is not None and battery.power_plugged is False


class Pace:
    """Says when work may go on: it may be paused, and gives way to the user."""

    def __init__(
        self,
        budget: Budget = Budget(),
        clock: Callable[[], float] = time.monotonic,
        battery: Callable[[], bool] = on_battery,
    ) -> None:
        self.budget = budget
        self._clock = clock
        self._battery = battery
        self._lock = threading.Lock()
        self._paused = False
        self._not_before = clock()
        self._began = clock()
        self._power = False, -_POWER_SECONDS

    @property
    def paused(self) -> bool:
        """Whether the work waits to be resumed."""
        return self._paused

    def pause(self) -> None:
        """Let work rest until it is resumed."""
        self._paused = True

    def resume(self) -> None:
        """Let work go on."""
        self._paused = False

    def user_active(self) -> None:
        """Let work rest for a moment: the user has typed, clicked or asked for something."""
        self.rest(BACK_OFF_SECONDS)

    def rest(self, seconds: float) -> None:
        """Let work rest for so long at least."""
        with self._lock:
            self._not_before = max(self._not_before, self._clock() + seconds)

    def delay(self) -> float:
        """Return in how many seconds to ask again; 0 if work may go on now."""
        if self._paused or self.spares_battery():
            return _LOOK_AGAIN_SECONDS
        return max(0.0, self._not_before - self._clock())

    def spares_battery(self) -> bool:
        """Whether work rests because the machine runs on its battery."""
        return self.budget.only_on_power and self._on_battery(self._clock())

    def begin(self) -> None:
        """Take note that a piece of work begins."""
        self._began = self._clock()

    def end(self) -> None:
        """Take note that it ended: with a share of ½ it rests for as long as it worked."""
        now = self._clock()
        rest = (now - self._began) * (self.budget.cores / self.budget.share - 1.0)
        with self._lock:
            self._not_before = max(self._not_before, now + rest)

    def interrupts(self) -> bool:
        """Whether work that has begun must make way; asked between forward passes."""
        return self.delay() > 0.0

    def is_spent(self) -> bool:
        """Whether it is time to rest; asked where nothing that was done would be lost."""
        full = self.budget.share >= self.budget.cores
        return not full and self._clock() - self._began > SLICE_SECONDS

    def _on_battery(self, now: float) -> bool:
        known, asked = self._power
        if now - asked >= _POWER_SECONDS:
            known = self._battery()
            self._power = known, now
        return known
