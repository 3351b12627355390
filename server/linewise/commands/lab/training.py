"""Activations, probes, and what more of anything would be worth."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from linewise.commands.lab.options import (
    CACHE,
    Cache,
    Data,
    Limit,
    Model,
    Mutations,
    Rank,
)
from linewise.lab.training.curve_parts import Part
from linewise.settings import DEFAULT_MODEL


def embed(
    data: Data,
    *,
    cache: Cache = CACHE,
    model: Model = DEFAULT_MODEL,
) -> None:
    """Compute the activations that training and prediction read; what is there is kept."""
    from linewise.commands.console import stage_progress
    from linewise.lab.run import run_embed

    with stage_progress(quiet=False) as progress:
        run_embed(data, cache, model, progress)


def train(
    data: Data,
    out: Annotated[Path, typer.Option(help="Folder for the probe and its manifest.")],
    *,
    cache: Cache = CACHE,
    model: Model = DEFAULT_MODEL,
    limit: Limit = 0,
) -> None:
    """Train, calibrate, measure and export a probe."""
    from linewise.commands.console import stage_progress
    from linewise.lab.run import run_train

    with stage_progress(quiet=False) as progress:
        run_train(data, out, cache, model, limit=limit, progress=progress)
    typer.echo(f"wrote {out}", err=True)


def curves(
    data: Data,
    *,
    cache: Cache = CACHE,
    model: Model = DEFAULT_MODEL,
    out: Annotated[Path, typer.Option(help="The file of figures to write.")] = Path(
        "benchmarks/results/curves.json"
    ),
    mutations: Mutations = None,
    seeds: Annotated[int, typer.Option(min=1, help="Heads trained for each point.")] = 3,
    limit: Limit = 0,
    part: Annotated[
        list[Part] | None, typer.Option(help="Measure only these.", show_default="all")
    ] = None,
) -> None:
    """Measure what more data, layers, other poolings and losses are worth, on fold 5."""
    from linewise.commands.console import stage_progress
    from linewise.lab.run import run_curves

    with stage_progress(quiet=False) as progress:
        run_curves(
            data,
            cache,
            model,
            out,
            seeds=seeds,
            mutations=mutations,
            limit=limit,
            parts=part,
            progress=progress,
        )
    typer.echo(f"wrote {out}", err=True)


def adapt(
    data: Data,
    *,
    cache: Cache = CACHE,
    model: Model = DEFAULT_MODEL,
    out: Annotated[Path, typer.Option(help="The file of figures to write.")] = Path(
        "benchmarks/results/adapt.json"
    ),
    mutations: Mutations = None,
    limit: Limit = 0,
    minutes: Annotated[float, typer.Option(min=0, help="Train so long, over all runs.")] = 20.0,
    epochs: Annotated[int, typer.Option(min=1, help="Train no longer than so often.")] = 2,
    blocks: Annotated[int, typer.Option(min=1, help="How many blocks learn.")] = 5,
    rank: Rank = 8,
    rate: Annotated[float, typer.Option(min=0, help="The learning rate to begin with.")] = 2e-4,
    seed: Annotated[int, typer.Option(min=0, help="Of head, adapter and order.")] = 0,
) -> None:
    """Train the model's upper blocks with the head; measure what that adds, on fold 5."""
    from linewise.commands.console import stage_progress
    from linewise.lab.run import run_adapt
    from linewise.lab.training.adapt import Adaptation

    adaptation = Adaptation(blocks=blocks, rank=rank, rate=rate, epochs=epochs, seed=seed)
    with stage_progress(quiet=False) as progress:
        run_adapt(
            data,
            cache,
            model,
            out,
            adaptation,
            minutes=minutes,
            mutations=mutations,
            limit=limit,
            progress=progress,
        )
    typer.echo(f"wrote {out}", err=True)
