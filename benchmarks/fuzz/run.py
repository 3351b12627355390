"""Runs the checks over seeded inputs, and counts."""

from __future__ import annotations

import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterable
from random import Random
from typing import Any

from attrs import define, field

from benchmarks.fuzz.checks import SECONDS, Subjects, check_edits, check_text
from benchmarks.fuzz.faults import FaultError
from benchmarks.fuzz.states import FILES, check_states

_SHOWN = 20
_EVERY = 1_000


@define
class Fuzzed:
    """How many inputs there were by kind, the most CPU seconds, and each fault with its seed."""

    inputs: Counter[str] = field(factory=Counter)
    slowest: float = 0.0
    faults: list[str] = field(factory=list)

    @property
    def figures(self) -> dict[str, Any]:
        """What is written down."""
        return {
            "inputs": {**self.inputs, "all": self.inputs.total()},
            "faults": self.faults[:_SHOWN],
            "fault_count": len(self.faults),
            "slowest_seconds": round(self.slowest, 3),
            "allowed_seconds": SECONDS,
        }


def together(parts: Iterable[Fuzzed]) -> Fuzzed:
    """Return several runs as one."""
    found = Fuzzed()
    for part in parts:
        found.inputs += part.inputs
        found.slowest = max(found.slowest, part.slowest)
        found.faults += part.faults
    return found


def fuzz(inputs: int, seed: int, said: Callable[[str], None]) -> Fuzzed:
    """Check so many inputs; ``said`` hears of faults and how far it is."""
    subjects, outcome = Subjects(), Fuzzed()

    def text(random: Random) -> int:
        check_text(subjects, random)
        return 1

    def edits(random: Random) -> int:
        check_edits(subjects, random)
        return 1

    checks = {"texts": text, "edits": edits, "states": check_states}
    number = 0
    while outcome.inputs.total() < inputs:
        # A repository is as many inputs as it has files.
        kinds = ("texts", "texts", "edits") * 3 * FILES + ("states",)
        kind = kinds[number % len(kinds)]
        name = f"{kind} {seed} {number}"
        begin = time.process_time()
        try:
            outcome.inputs[kind] += checks[kind](Random(name))
        except FaultError as fault:
            outcome.inputs[kind] += 1
            outcome.faults.append(f"{name}: {fault}")
            said(outcome.faults[-1])
        except Exception as error:  # noqa: BLE001 - it is what is looked for
            outcome.inputs[kind] += 1
            outcome.faults.append(f"{name}: {type(error).__name__}: {error}")
            said("".join(traceback.format_exception(error, limit=-3)))
        took = time.process_time() - begin
        if kind != "states":
            outcome.slowest = max(outcome.slowest, took)
            if took > SECONDS:
                outcome.faults.append(f"{name}: took {took:.1f} s")
                said(outcome.faults[-1])
        number += 1
        if number % _EVERY == 0:
            said(f"{outcome.inputs.total():,} inputs, {len(outcome.faults)} faults")
    return outcome
