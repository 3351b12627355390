"""The smallest repair of one failing program that its donors, or a repair model, have to offer."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Callable, Iterable
from typing import Any

from attrs import evolve, frozen

from linewise.lab.patches.donors import Donor, dressed, ranked
from linewise.lab.patches.edits import line_edits
from linewise.lab.patches.hunks import Patchable, Unit
from linewise.lab.patches.minimise import BudgetSpent, minimise
from linewise.lab.sandbox import Limits, Outcome, Sandbox, Suite

Repairer = Callable[[str, Outcome], Iterable[tuple[str, str]]]
"""Proposes repairs: (program, outcome) → (repaired program, who proposes it)."""

MAX_TOUCHED = 0.5
"""The share of a program's code lines up to which a repair counts as a patch of it."""


@frozen
class Effort:
    """How hard to look: donors compared line by line, donors tried, programs run."""

    near: int = 60
    donors: int = 16
    runs: int = 120


@frozen
class Repair:
    """A repaired program and where it comes from.

    ``size`` is in lines touched or added, ``touched`` the share of the code lines to be edited.
    """

    text: str
    size: int
    touched: float
    method: str
    donor_model: str
    donor_sample: str
    donor_renamed: bool
    runs: int

    @property
    def rank(self) -> tuple[bool, int]:
        """Return what the best repair has least of: a patch that is kept, then a small one."""
        return self.touched > MAX_TOUCHED, self.size


class Search:
    """The runs spent on one failing program; the same text is never run twice."""

    def __init__(self, program: str, suite: Suite, sandbox: Sandbox, effort: Effort) -> None:
        self.runs = 0
        self._program = program
        self._suite = suite
        self._sandbox = sandbox
        self._effort = effort
        self._limits = Limits()
        self._known: dict[str, bool] = {}

    def outcome(self) -> Outcome:
        """Run the failing program itself."""
        return self._sandbox.run(self._program, self._suite, self._limits)

    def repair(
        self, outcome: Outcome, candidates: Iterable[dict[str, Any]], repairer: Repairer | None
    ) -> Repair | None:
        """Return the smallest repair found, None if there is none.

        ``candidates`` are right programs of the task (rows with ``program`` and ``model``).
        """
        patchable = Patchable.of(self._program)
        best: Repair | None = None
        donors = [
            donor
            for candidate, _ in ranked(self._program, candidates, self._effort.near)
            for donor in dressed(self._program, candidate)
        ]
        # A donor's whole difference bounds the patch from above, and the runs to make it smaller.
        donors.sort(key=lambda donor: len(patchable.units(donor.lines)))
        methods = dict.fromkeys(donors[: self._effort.donors], "donor")
        for text, model in repairer(self._program, outcome) if repairer else ():
            proposed = {"program": text, "model": model}
            methods |= dict.fromkeys(dressed(self._program, proposed), "model")
        for donor, method in methods.items():
            if self.runs >= self._effort.runs or (best is not None and best.size <= 1):
                break
            found = self._from(patchable, donor, method)
            if found is not None and (best is None or found.rank < best.rank):
                best = found
        return None if best is None else evolve(best, runs=self.runs)

    def _from(self, patchable: Patchable, donor: Donor, method: str) -> Repair | None:
        units = patchable.units(donor.lines)

        def passes(subset: list[Unit]) -> bool:
            return self._passes(patchable.apply(subset))

        try:
            if not units or not passes(units):
                return None
        except BudgetSpent:
            return None
        text = patchable.apply(minimise(units, passes))
        edits = line_edits(self._program, text)
        touched = len(edits.labelled) / max(1, len(patchable.code.numbers))
        return Repair(
            text,
            edits.size,
            touched,
            method,
            donor.model,
            donor.sample_id,
            donor.renamed,
            self.runs,
        )

    def _passes(self, text: str) -> bool:
        known = self._known.get(text)
        if known is not None:
            return known
        if not _parses(text):
            return False
        if self.runs >= self._effort.runs:
            raise BudgetSpent
        self.runs += 1
        outcome = self._sandbox.run(text, self._suite, self._limits)
        self._known[text] = outcome.passed
        if outcome.passed:
            # Generous beside what a right program takes; endless loops tell nothing more.
            self._limits = Limits(cpu_seconds=1.0 + 10 * outcome.seconds)
        return outcome.passed


def _parses(text: str) -> bool:
    try:
        with warnings.catch_warnings(action="ignore"):
            ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True
