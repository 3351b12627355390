"""Injecting bugs into passing programs: mutants that the tests reject, with the exact patch."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from attrs import frozen

from linewise.lab.journal import Journal
from linewise.lab.mutations.operators import mutants
from linewise.lab.patches.rows import key_of, patch_row, with_tests
from linewise.lab.patches.tasks import Tasks, taking_turns
from linewise.lab.sandbox import Limits, Sandbox, Status, Suite
from linewise.lab.table import write_table

VERSION = "1"
"""Part of what a result is remembered by: other mutations make other results."""
MAX_TOUCHED = 0.5
_SAVE_SECONDS = 120.0
_TELL_EVERY = 20
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

    What is already in the folder's journal is not made again. The parquet file is written anew
    every two minutes, so that it can be read while the job goes on.
    """
    started = saved = time.monotonic()
    journal = Journal(folder / "journal.jsonl")
    target = folder / "mutations.parquet"
    passing = tasks.passing()
    total, made = sum(map(len, passing.values())), 0
    keys: list[str] = []
    try:
        for done, sample in enumerate(taking_turns(passing)):
            if time.monotonic() - started > recipe.seconds:
                break
            problem = tasks.problems[sample["task_id"]]
            suite = Suite.of(problem)
            key = key_of(VERSION, str(recipe.per_program), sample["program"], *suite.tests)
            if (result := journal.get(key)) is None:
                if done % _TELL_EVERY == 0:
                    progress(f"{made:,} mutants of {done:,} programs", done / total)
                result = _mutants(sample, problem, suite, sandbox, recipe)
                journal.put(key, result)
            keys.append(key)
            made += len(result["rows"])
            if time.monotonic() - saved > _SAVE_SECONDS:
                write_table(target, with_tests(journal.rows(keys), tasks.problems))
                saved = time.monotonic()
        write_table(target, with_tests(journal.rows(keys), tasks.problems))
    finally:
        journal.close()
    return target


def _mutants(
    sample: dict[str, Any],
    problem: dict[str, Any],
    suite: Suite,
    sandbox: Sandbox,
    recipe: Recipe,
) -> dict[str, Any]:
    """Return the rows of a program's mutants, and how many survived the tests."""
    text = sample["program"]
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
