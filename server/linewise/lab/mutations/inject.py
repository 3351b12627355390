"""Injecting bugs into passing programs: mutants that the tests reject, with the exact patch."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from attrs import frozen

from linewise.lab.mutations.operators import mutants
from linewise.lab.patches.harvest import harvest
from linewise.lab.patches.rows import key_of, patch_row
from linewise.lab.patches.tasks import Tasks
from linewise.lab.sandbox import Limits, Sandbox, Status, Suite

VERSION = "1"
"""Part of what a result is remembered by: other mutations make other results."""
MAX_TOUCHED = 0.5
_TRIES = 3
"""Mutants tried per mutant wanted, before a program is left alone."""


@frozen
class Recipe:
    """How many mutants of each program are wanted, and how long to go on, in seconds."""

    per_program: int = 4
    seconds: float = float("inf")


def inject(
    tasks: Tasks,
    folder: Path,
    sandbox: Sandbox,
    recipe: Recipe,
    progress: Callable[[str, float], None],
) -> Path:
    """Make mutants of every passing program, tasks taking turns; returns the parquet file.

    What is already in the folder's journal is not made again.
    """
    target = folder / "mutations.parquet"
    passing = tasks.passing()
    total = sum(map(len, passing.values()))
    made: Counter[str] = Counter()

    def key(sample: dict[str, Any], problem: dict[str, Any]) -> str:
        tests = Suite.of(problem).tests
        return key_of(VERSION, str(recipe.per_program), sample["program"], *tests)

    for result in harvest(
        passing,
        tasks.problems,
        target,
        key=key,
        make=lambda sample, problem: _mutants(sample, problem, sandbox, recipe),
        seconds=recipe.seconds,
        tell=lambda done: progress(
            f"{made['mutants']:,} mutants of {done:,} programs", done / total
        ),
    ):
        made["mutants"] += len(result["rows"])
    return target


def _mutants(
    sample: dict[str, Any],
    problem: dict[str, Any],
    sandbox: Sandbox,
    recipe: Recipe,
) -> dict[str, Any]:
    """Return the rows of a program's mutants, and how many survived the tests."""
    text, suite = sample["program"], Suite.of(problem)
    original = sandbox.run(text, suite)
    rows: list[dict[str, Any]] = []
    tried = survived = 0
    if not original.passed:
        return {"rows": rows, "tried": 0, "survived": 0, "error": original.error_class}
    # Generous beside the original; endless loops should not cost more than they tell.
    limits = Limits(cpu_seconds=1.0 + 10 * original.seconds)
    for mutation, mutant in mutants(text):
        if len(rows) == recipe.per_program or tried == _TRIES * recipe.per_program:
            break
        tried += 1
        outcome = sandbox.run(mutant, suite, limits)
        if outcome.passed:
            survived += 1
            continue
        digest = hashlib.sha256(mutant.encode("utf-8", "surrogatepass")).hexdigest()[:8]
        row = patch_row(
            problem,
            {
                **sample,
                "sample_id": f"{sample['sample_id']}~{digest}",
                "program": mutant,
                "error": f"{outcome.error_class}: {outcome.message}",
            },
            text,
            {"method": "mutation", "kind": mutation.kind, "parent": sample["sample_id"]},
            ["timeout"] if outcome.status is Status.TIMED_OUT else [],
        )
        if 0 < row["touched_frac"] <= MAX_TOUCHED:
            rows.append(row)
    return {"rows": rows, "tried": tried, "survived": survived, "error": ""}
