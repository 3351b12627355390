"""The dataset of patches: every failing program, its tests run, its smallest repair looked for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

from attrs import asdict, field, frozen

from linewise.lab.patches.harvest import harvest
from linewise.lab.patches.repair_model import RepairModel
from linewise.lab.patches.rows import key_of, patch_row
from linewise.lab.patches.search import MAX_TOUCHED, Effort, Repair, Search
from linewise.lab.patches.tasks import Tasks
from linewise.lab.sandbox import Outcome, Sandbox, Status, Suite

VERSION = "3"
"""Part of what a result is remembered by: another search finds other repairs."""
LARGE_INSERT = 3
"""Lines inserted in one place from which on a patch is flagged."""


@frozen
class Recipe:
    """What to look at and how long, in seconds. ``model`` is asked after the donors.

    ``only`` names the samples to look at; by default all that fail.
    """

    effort: Effort = field(factory=Effort)
    seconds: float = float("inf")
    model: RepairModel | None = None
    only: frozenset[str] | None = None


def build(
    tasks: Tasks,
    folder: Path,
    sandbox: Sandbox,
    recipe: Recipe,
    progress: Callable[[str, float], None],
) -> Counter[str]:
    """Look for the repairs of the failing programs; returns how many fared how.

    Writes ``patches.parquet`` into ``folder``; what is already in the folder's journal is not
    looked for again.
    """
    passing, failing = tasks.passing(), tasks.failing(recipe.only)
    total = max(1, sum(map(len, failing.values())))
    fared: Counter[str] = Counter()

    def donors(problem: dict[str, Any]) -> list[dict[str, Any]]:
        return [*passing.get(problem["task_id"], ()), *_reference(problem)]

    for result in harvest(
        failing,
        tasks.problems,
        folder / "patches.parquet",
        key=lambda sample, problem: _key(sample, problem, donors(problem), recipe),
        make=lambda sample, problem: _patch(sample, problem, donors(problem), sandbox, recipe),
        seconds=recipe.seconds,
        tell=lambda done: progress(
            f"{fared['repaired']:,} patches of {done:,} programs", done / total
        ),
    ):
        fared[result["fared"]] += 1
    return fared


def _patch(
    sample: dict[str, Any],
    problem: dict[str, Any],
    donors: Iterable[dict[str, Any]],
    sandbox: Sandbox,
    recipe: Recipe,
) -> dict[str, Any]:
    search = Search(sample["program"], Suite.of(problem), sandbox, recipe.effort)
    outcome = search.outcome()
    if outcome.passed:
        return {"rows": [], "fared": "no failing test"}
    model = recipe.model
    asked = partial(model.propose, str(problem["prompt"])) if model is not None else None
    repair = search.repair(outcome, donors, asked)
    if repair is None:
        return {"rows": [], "fared": "no repair found"}
    said = {**sample, "error": f"{outcome.error_class}: {outcome.message}"}
    row = patch_row(problem, said, repair.text, _provenance(repair), _flags(outcome, repair))
    row["flags"] += _insert_flags(row)
    if row["touched_frac"] > MAX_TOUCHED:
        return {"rows": [], "fared": "repair too large"}
    return {"rows": [row], "fared": "repaired"}


def _provenance(repair: Repair) -> dict[str, Any]:
    wanted = ("method", "donor_model", "donor_sample", "donor_renamed", "runs")
    return {name: value for name, value in asdict(repair).items() if name in wanted}


def _flags(outcome: Outcome, repair: Repair) -> list[str]:
    names = {
        "timeout": outcome.status is Status.TIMED_OUT,
        "syntax_error": outcome.error_class in ("SyntaxError", "IndentationError", "TabError"),
        "donor_reference": repair.donor_model == "reference",
        "killed_by_limit": outcome.status is Status.KILLED,
    }
    return [name for name, holds in names.items() if holds]


def _insert_flags(row: dict[str, Any]) -> list[str]:
    inserts = row["inserts"]
    names = {
        "insert_only": bool(inserts) and not row["edited_lines"],
        "large_insert": any(each["n_lines"] >= LARGE_INSERT for each in inserts),
        "import_fix": row["error_class"] == "NameError" and not row["edited_lines"],
    }
    return [name for name, holds in names.items() if holds]


def _reference(problem: dict[str, Any]) -> list[dict[str, Any]]:
    text = problem.get("canonical_solution")
    return [{"program": text, "model": "reference"}] if text else []


def _key(
    sample: dict[str, Any],
    problem: dict[str, Any],
    donors: Iterable[dict[str, Any]],
    recipe: Recipe,
) -> str:
    model = recipe.model
    return key_of(
        VERSION,
        repr(recipe.effort),
        "" if model is None else f"{model.endpoint} {model.model}",
        sample["program"],
        *Suite.of(problem).tests,
        *(donor["program"] for donor in donors),
    )
