"""Predictions of every method, their calibration, and every figure made from them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from linewise.commands.lab.options import (
    CACHE,
    Cache,
    Data,
    EndpointModel,
    Folder,
)
from linewise.settings import DEFAULT_MODEL


def predict(
    data: Data,
    *,
    cache: Cache = CACHE,
    predictions: Folder = None,
    only: Annotated[
        list[str] | None,
        typer.Option("--only", metavar="NAME", help="Run only these (see --list)."),
    ] = None,
    split: Annotated[
        str, typer.Option(metavar="TEXT", help="Run only splits whose name holds this text.")
    ] = "",
    model: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="The target model, for those that ask one."),
    ] = None,
    endpoint: Annotated[
        str | None,
        typer.Option(metavar="URL", help="An OpenAI-compatible endpoint for reflective prompting."),
    ] = None,
    endpoint_model: EndpointModel = "default",
    out_of_fold: Annotated[
        bool, typer.Option("--out-of-fold", help="Also predict training programs, for calibrate.")
    ] = False,
    list_names: Annotated[bool, typer.Option("--list", help="List the names and exit.")] = False,
) -> None:
    """Let baselines and probes predict every split; what is already there is kept."""
    from linewise.commands.console import stage_progress
    from linewise.lab.registry import Needs, methods, names
    from linewise.lab.run import run_methods

    if list_names:
        typer.echo("\n".join(names()))
        return
    needs = Needs(data, cache, model, endpoint, endpoint_model)
    with stage_progress(quiet=False) as progress:
        run_methods(
            methods(needs, only),
            data,
            predictions or cache / "predictions",
            split=split,
            out_of_fold=out_of_fold,
            progress=progress,
        )


def calibrate(
    method: Annotated[str, typer.Argument(metavar="METHOD", help="Whose predictions.")],
    data: Data,
    out: Annotated[Path, typer.Option(help="The calibration.json to write.")],
    *,
    cache: Cache = CACHE,
    predictions: Folder = None,
    scaler: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            show_default="chosen on grouped folds",
            help="none, temperature, platt, beta or isotonic.",
        ),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="Also fit the out-of-domain score on this model's activations."
        ),
    ] = None,
) -> None:
    """Fit calibrators on out-of-fold predictions and choose when to abstain."""
    from linewise.lab.run import run_calibrate

    run_calibrate(
        method, data, predictions or cache / "predictions", out, cache, scaler=scaler, model=model
    )
    typer.echo(f"wrote {out}", err=True)


def evaluate(
    *,
    cache: Cache = CACHE,
    predictions: Folder = None,
    out: Annotated[Path, typer.Option(help="The file of figures to write.")] = Path(
        "benchmarks/results/evaluation.json"
    ),
    diagrams: Annotated[
        Path | None, typer.Option(help="Also draw reliability diagrams into this folder.")
    ] = None,
    subject: Annotated[
        str | None,
        typer.Option(metavar="METHOD", help="Compare this method with every other, item by item."),
    ] = None,
    resamples: Annotated[int, typer.Option(min=1, help="Bootstrap resamples of problems.")] = 1000,
) -> None:
    """Make every figure of the model card and the documentation from the predictions."""
    from linewise.commands.console import stage_progress
    from linewise.lab.run import run_evaluate

    with stage_progress(quiet=False) as progress:
        run_evaluate(
            predictions or cache / "predictions",
            out,
            diagrams=diagrams,
            subject=subject,
            resamples=resamples,
            progress=progress,
        )
    typer.echo(f"wrote {out}", err=True)


def transfer(
    data: Annotated[
        Path, typer.Argument(metavar="FILE", exists=True, help="HaluEval answers, JSON lines.")
    ],
    *,
    model: Annotated[
        str, typer.Option(metavar="NAME", help="The installed target model, with a probe.")
    ] = DEFAULT_MODEL,
    out: Annotated[Path, typer.Option(help="The file of figures to write.")] = Path(
        "benchmarks/results/transfer.json"
    ),
    limit: Annotated[int, typer.Option(min=0, help="Take so many answers (0: all).")] = 0,
    resamples: Annotated[int, typer.Option(min=1, help="Bootstrap resamples of answers.")] = 1000,
) -> None:
    """Measure the probe trained on code on wrong statements in prose."""
    from linewise.commands.console import stage_progress
    from linewise.lab.record import write_record
    from linewise.lab.transfer.run import transfer as measured

    with stage_progress(quiet=False) as progress:
        figures = measured(data, model, limit=limit, resamples=resamples, progress=progress)
    write_record(out, f"linewise lab transfer --model {model} --limit {limit}", figures)
    typer.echo(f"wrote {out}", err=True)
