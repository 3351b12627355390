"""What probes learn from: minimal patches, injected bugs, and what a file of them holds."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from linewise.commands.lab.options import (
    CACHE,
    Data,
    EndpointModel,
    Folds,
    Minutes,
    Python,
)


def parse_folds(text: str) -> range:
    """Read ``0-5``, or one number.

    Raises
    ------
    typer.BadParameter
        If it is something else.
    """
    match = re.fullmatch(r"(\d)(?:-(\d))?", text, re.ASCII)
    if match is None:
        raise typer.BadParameter(f"--folds: {text!r} is not of the form N-N, as in 0-5")
    return range(int(match[1]), int(match[2] or match[1]) + 1)


def patches(
    data: Data,
    *,
    out: Annotated[Path, typer.Option(help="Folder for patches.parquet.")] = CACHE / "patches",
    python: Python = None,
    folds: Folds = "0-7",
    minutes: Minutes = float("inf"),
    check: Annotated[
        int,
        typer.Option(
            min=0, metavar="N", help="Only N programs with a known patch; compare with those."
        ),
    ] = 0,
    record: Annotated[Path, typer.Option(help="Where --check writes its figures.")] = Path(
        "benchmarks/results/patches.json"
    ),
    endpoint: Annotated[
        str | None,
        typer.Option(metavar="URL", help="An OpenAI-compatible endpoint to ask for repairs, too."),
    ] = None,
    endpoint_model: EndpointModel = "default",
) -> None:
    """Run programs against their tests; find the smallest repair of each one that fails."""
    from linewise.commands.console import stage_progress
    from linewise.lab.patches.agreement import drawn, write_agreement
    from linewise.lab.patches.build import Recipe, build
    from linewise.lab.patches.repair_model import RepairModel
    from linewise.lab.patches.tasks import Tasks
    from linewise.lab.sandbox import Sandbox

    recipe = Recipe(
        seconds=minutes * 60,
        model=RepairModel(endpoint, endpoint_model) if endpoint else None,
        only=drawn(data, check) if check else None,
    )
    tasks = Tasks.read(data, parse_folds(folds))
    with stage_progress(quiet=False) as progress, Sandbox(python) as sandbox:
        fared = build(tasks, out, sandbox, recipe, progress)
    for how, programs in fared.most_common():
        typer.echo(f"{programs:6,} {how}", err=True)
    if recipe.only is not None:
        write_agreement(record, data, recipe.only, out / "patches.parquet")
        typer.echo(f"wrote {record}", err=True)


def mutations(
    data: Data,
    *,
    out: Annotated[Path, typer.Option(help="Folder for mutations.parquet.")] = (
        CACHE / "mutations"
    ),
    python: Python = None,
    folds: Folds = "0-7",
    minutes: Minutes = float("inf"),
    per_program: Annotated[int, typer.Option(min=1, help="Mutants of each program.")] = 4,
) -> None:
    """Inject bugs into passing programs: mutants that their tests reject, with the exact patch."""
    from linewise.commands.console import stage_progress
    from linewise.lab.mutations.inject import Recipe, inject
    from linewise.lab.patches.tasks import Tasks
    from linewise.lab.sandbox import Sandbox

    tasks = Tasks.read(data, parse_folds(folds))
    with stage_progress(quiet=False) as progress, Sandbox(python) as sandbox:
        written = inject(tasks, out, sandbox, Recipe(per_program, minutes * 60), progress)
    typer.echo(f"wrote {written}", err=True)


def sheet(
    table: Annotated[
        Path, typer.Argument(metavar="FILE", exists=True, help="Parquet or JSON lines.")
    ],
    *,
    title: Annotated[str, typer.Option(help="Its heading.")] = "Data sheet",
) -> None:
    """Print the data sheet of a file of patches."""
    from linewise.commands.console import write_output
    from linewise.lab.patches.sheet import data_sheet, read_patches

    write_output(data_sheet(read_patches(table), title))
