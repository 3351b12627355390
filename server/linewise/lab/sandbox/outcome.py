"""What is asked of the sandbox and what it answers."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from attrs import field, frozen, validators


class Status(StrEnum):
    """How a program's tests ended."""

    PASSED = "passed"
    FAILED = "failed"
    TIMED_OUT = "timed out"
    KILLED = "killed by limit"


@frozen
class Limits:
    """What a program may use. Times are in seconds, sizes in bytes.

    ``memory_bytes`` counts from what the interpreter itself takes; ``processes`` is how many
    further processes or threads a program may start.
    """

    cpu_seconds: float = field(default=5.0, validator=validators.gt(0))
    wall_seconds: float = field(default=20.0, validator=validators.gt(0))
    memory_bytes: int = field(default=512 << 20, validator=validators.gt(0))
    file_bytes: int = field(default=16 << 20, validator=validators.ge(0))
    processes: int = field(default=0, validator=validators.ge(0))


@frozen
class Suite:
    """A task's tests: each text runs after the program, in a namespace of its own.

    ``kind`` is ``func`` (statements), ``class`` (``unittest`` cases) or ``stdin`` (the tests run
    the text in the global ``PROGRAM`` themselves). ``names`` are the names the tests may call the
    program's entry point by, the one they use first.
    """

    kind: str
    tests: tuple[str, ...]
    names: tuple[str, ...] = ()

    @classmethod
    def of(cls, problem: dict[str, Any]) -> Suite:
        """Return the tests of a row of ``problems.jsonl.gz``; empty ones are left out."""
        tests = (problem.get("tests_base"), problem.get("tests_plus"))
        names = (problem.get("entry_point"), problem.get("alt_entry_point"))
        return cls(
            kind=problem["kind"],
            tests=tuple(text for text in tests if text and text.strip()),
            names=tuple(name for name in names if name),
        )


@frozen
class Outcome:
    """How it went. ``seconds`` is the processor time used.

    ``error_class`` names the exception, or is ``Timeout``, ``Crash`` (``message``: the signal) or
    ``Exit`` (the program ended before its tests did); it is empty for a program that passed.
    ``message`` is the end of what the exception said, or the limit that was hit.
    """

    status: Status
    error_class: str
    message: str
    seconds: float

    @property
    def passed(self) -> bool:
        """Whether every test ran without an exception."""
        return self.status is Status.PASSED
