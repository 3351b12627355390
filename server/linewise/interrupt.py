"""Ctrl-C: wherever it strikes, the process says so in one line and ends with 130.

That it came is remembered, since the exception it raises does not always arrive: an extension
module that is being imported may turn it into an ImportError, a library may swallow it.
"""

from __future__ import annotations

import signal
import sys
from types import FrameType

EXIT_CODE = 130
"""What shells report of a process that an interrupt ended: 128 and the number of the signal."""

_came = False


def watch() -> None:
    """Remember interrupts from now on; a process that was told to ignore them goes on doing so."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _interrupt)


def came() -> bool:
    """Return whether there was an interrupt since `watch`."""
    return _came


def leave() -> int:
    """Say that there was an interrupt and return the code to exit with; the next one kills."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    # CPython dies of the signal, whatever the exit code, if an interrupt went through source that
    # was given to exec as text (dataclasses are made so); executing more of it, it forgets.
    exec("")  # noqa: S102
    print("linewise: interrupted", file=sys.stderr, flush=True)
    return EXIT_CODE


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    global _came  # noqa: PLW0603 - signals belong to the process, and so does this
    _came = True
    raise KeyboardInterrupt
