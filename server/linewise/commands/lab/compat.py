"""Word-dropout fine-tuning: models that know how to read a rationale."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from linewise.commands.lab.options import (
    CACHE,
    Rank,
)
from linewise.settings import DEFAULT_MODEL


def compat(
    *,
    model: Annotated[
        str, typer.Option(metavar="NAME", help="The installed target model.")
    ] = DEFAULT_MODEL,
    out: Annotated[
        Path, typer.Option(help="Where the run is kept, for a later one to go on from.")
    ] = (CACHE / "compat"),
    minutes: Annotated[
        float, typer.Option(min=0, help="Train so long, over all runs (0: measure only).")
    ] = 15.0,
    steps: Annotated[
        int | None,
        typer.Option(min=0, show_default="no limit", help="Train so many steps, over all runs."),
    ] = None,
    rank: Rank = 8,
    rate: Annotated[
        float | None,
        typer.Option(min=0, show_default="5e-4, of all weights 5e-5", help="Learning rate."),
    ] = None,
    mixture: Annotated[
        float, typer.Option(min=0, max=1, help="The share of steps with word dropout.")
    ] = 0.5,
    block: Annotated[int, typer.Option(min=32, help="Most tokens of a passage.")] = 256,
    seed: Annotated[int, typer.Option(min=0, help="Of passages, dropout and adapter.")] = 0,
    text: Annotated[
        list[Path] | None,
        typer.Option(
            exists=True,
            file_okay=False,
            show_default="the standard library and installed packages",
            help="A folder of packages to train on and measure with.",
        ),
    ] = None,
    adapter: Annotated[
        Path | None,
        typer.Option(exists=True, file_okay=False, help="Take this adapter; train none."),
    ] = None,
    shipped: Annotated[
        bool, typer.Option("--shipped", help="Take the adapter that Linewise ships; train none.")
    ] = False,
    passages: Annotated[
        int, typer.Option(min=0, help="Held-out passages to measure on (0: measure nothing).")
    ] = 60,
    install: Annotated[
        str | None, typer.Option(metavar="NAME", help="Install the result under this name.")
    ] = None,
    record: Annotated[Path, typer.Option(help="The file of figures to write.")] = Path(
        "benchmarks/results/compat.json"
    ),
) -> None:
    """Fine-tune a model with word dropout, so that rationales are texts it knows how to read."""
    from linewise.commands.console import stage_progress
    from linewise.errors import LabDataError
    from linewise.lab.compat.measure import Sizes
    from linewise.lab.compat.run import Job
    from linewise.lab.compat.run import compat as made
    from linewise.lab.compat.train import ADAPTER_RATE, FULL_RATE, Budget, Recipe
    from linewise.lab.record import write_record
    from linewise.probe.shipped import find_adapter

    if shipped:
        adapter = find_adapter(model)
        if adapter is None:
            raise LabDataError(f"no adapter is shipped for {model}: train one without --shipped")
    used = rate if rate is not None else ADAPTER_RATE if rank else FULL_RATE
    job = Job(
        model,
        out,
        Recipe(rank, used, mixture, block, seed),
        Budget(float("inf") if steps is None else steps, minutes * 60),
        Sizes(passages, block),
        texts=text or (),
        adapter=adapter,
        install=install,
    )
    with stage_progress(quiet=False) as progress:
        figures = made(job, progress)
    if passages:
        how = f"--adapter {adapter}" if adapter else f"--minutes {minutes:g} --mixture {mixture:g}"
        how = "--shipped" if shipped else how
        command = f"linewise lab compat --model {model} {how} --passages {passages}"
        write_record(record, command, figures)
        typer.echo(f"wrote {record}", err=True)
