"""Running programs against their tests: a worker process that is started again when it dies."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

import attrs

from linewise.errors import LinewiseError
from linewise.lab.sandbox.isolation import Isolation, namespaces
from linewise.lab.sandbox.outcome import Limits, Outcome, Status, Suite

_WORKER = Path(__file__).with_name("worker.py")
_START_SECONDS = 300.0
_GRACE_SECONDS = 600.0
"""How long a worker may take beyond a program's own limit before it counts as lost: on a busy
machine it gets little time itself, and one that died is noticed at once."""


class SandboxError(LinewiseError):
    """Programs cannot be run here."""


class Sandbox:
    """One worker at a time; use as a context manager. Not for several threads at once.

    Parameters
    ----------
    python
        The interpreter the programs run in; the current one by default.
    isolation
        The wall wanted. By default namespaces where they can be had.
    guarded
        Whether the audit hook is on. Off only to prove the kernel's limits without it.
    """

    def __init__(
        self,
        python: Path | None = None,
        isolation: Isolation | None = None,
        *,
        guarded: bool = True,
    ) -> None:
        if not hasattr(os, "fork"):
            raise SandboxError(
                "programs can be run on Linux and macOS only: use the Windows Subsystem for Linux"
            )
        prefix = () if isolation is Isolation.LIMITS else namespaces()
        if isolation is Isolation.NAMESPACES and not prefix:
            raise SandboxError("namespaces are refused here: run as root, or use resource limits")
        self.isolation = Isolation.NAMESPACES if prefix else Isolation.LIMITS
        self.runs = 0
        self._command = [*prefix, str(python or sys.executable), "-s", "-P", str(_WORKER)]
        self._guarded = guarded
        self._worker: subprocess.Popen[bytes] | None = None

    def run(self, program: str, suite: Suite, limits: Limits | None = None) -> Outcome:
        """Run ``program`` against ``suite``; whatever the program does is an `Outcome`.

        Raises
        ------
        SandboxError
            If no worker can be started.
        """
        limits = limits or Limits()
        job = {
            **attrs.asdict(limits),
            **attrs.asdict(suite),
            "program": program,
            "guarded": self._guarded,
        }
        self.runs += 1
        worker = self._worker or self._start()
        try:
            answer = self._ask(worker, job, limits.wall_seconds + _GRACE_SECONDS)
        except (OSError, ValueError) as error:
            # The worker itself is gone or stuck, which only a program can have brought about.
            self.close()
            return Outcome(Status.KILLED, "Crash", f"the sandbox was lost: {error}", 0.0)
        return Outcome(
            Status(answer["status"]),
            answer["error_class"],
            answer["message"],
            float(answer["seconds"]),
        )

    def close(self) -> None:
        """End the worker; a later `run` starts another."""
        worker, self._worker = self._worker, None
        if worker is None:
            return
        if worker.stdin is not None:
            with suppress(BrokenPipeError):  # It may be gone already.
                worker.stdin.close()
        try:
            worker.wait(timeout=5)
        except subprocess.TimeoutExpired:
            worker.kill()
            worker.wait()
        if worker.stdout is not None:
            worker.stdout.close()

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _start(self) -> subprocess.Popen[bytes]:
        environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            "LANG": "C.UTF-8",
            # The same program always does the same; one thread per library is all a child may have.
            "PYTHONHASHSEED": "0",
            "PYTHONWARNINGS": "ignore",
            "OPENBLAS_NUM_THREADS": "1",
            "OMP_NUM_THREADS": "1",
        }
        try:
            worker = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=environment,
            )
            line = _read_line(worker, _START_SECONDS)
        except OSError as error:
            raise SandboxError(f"no sandbox could be started ({error}): check --python") from error
        if line != b"ready\n":
            worker.kill()
            raise SandboxError(f"{self._command[-4]} runs no sandbox: check --python")
        self._worker = worker
        return worker

    def _ask(
        self, worker: subprocess.Popen[bytes], job: dict[str, Any], seconds: float
    ) -> dict[str, Any]:
        assert worker.stdin is not None  # noqa: S101 - it was started with pipes
        worker.stdin.write(json.dumps(job).encode() + b"\n")
        worker.stdin.flush()
        answer: dict[str, Any] = json.loads(_read_line(worker, seconds))
        return answer


def _read_line(worker: subprocess.Popen[bytes], seconds: float) -> bytes:
    """Read one line.

    Raises
    ------
    TimeoutError
        If it does not come in time.
    """
    assert worker.stdout is not None  # noqa: S101 - it was started with pipes
    descriptor, until, line = worker.stdout.fileno(), time.monotonic() + seconds, b""
    while not line.endswith(b"\n"):
        if not select.select([descriptor], [], [], max(0.0, until - time.monotonic()))[0]:
            raise TimeoutError("no answer")
        piece = os.read(descriptor, 1 << 16)
        if not piece:
            break
        line += piece
    return line
