"""``linewise lab``: data, baselines, calibration and evaluation of probes, offline."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from linewise.lab.training.curve_parts import Part
from linewise.settings import DEFAULT_MODEL

app = typer.Typer(no_args_is_help=True, help="Train, calibrate and evaluate probes.")
Data = Annotated[
    Path,
    typer.Option(
        exists=True, file_okay=False, help="Folder with problems.jsonl.gz and patches.jsonl.gz."
    ),
]
Cache = Annotated[Path, typer.Option(help="Where activations and predictions are kept.")]
Folder = Annotated[
    Path | None,
    typer.Option("--predictions", show_default="CACHE/predictions", help="Folder of predictions."),
]
Python = Annotated[
    Path | None, typer.Option(help="The interpreter programs run in.", show_default="this one")
]
Limit = Annotated[int, typer.Option(min=0, help="Use so many programs (0: all).")]
Mutations = Annotated[
    Path | None,
    typer.Option(exists=True, help="Injected bugs (`lab mutations`) to learn from, too."),
]
Minutes = Annotated[float, typer.Option(min=0, help="Stop after so long.")]
Folds = Annotated[str, typer.Option(metavar="N-N", help="Only tasks of these folds.")]
_CACHE = Path(".lab")


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


@app.command()
def predict(
    data: Data,
    *,
    cache: Cache = _CACHE,
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
    endpoint_model: Annotated[str, typer.Option(metavar="NAME", help="Its model.")] = "default",
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


@app.command()
def calibrate(
    method: Annotated[str, typer.Argument(metavar="METHOD", help="Whose predictions.")],
    data: Data,
    out: Annotated[Path, typer.Option(help="The calibration.json to write.")],
    *,
    cache: Cache = _CACHE,
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


@app.command()
def evaluate(
    *,
    cache: Cache = _CACHE,
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


@app.command()
def embed(
    data: Data,
    *,
    cache: Cache = _CACHE,
    model: Annotated[
        str, typer.Option(metavar="NAME", help="An installed target model.")
    ] = DEFAULT_MODEL,
) -> None:
    """Compute the activations that training and prediction read; what is there is kept."""
    from linewise.commands.console import stage_progress
    from linewise.lab.run import run_embed

    with stage_progress(quiet=False) as progress:
        run_embed(data, cache, model, progress)


@app.command()
def train(
    data: Data,
    out: Annotated[Path, typer.Option(help="Folder for the probe and its manifest.")],
    *,
    cache: Cache = _CACHE,
    model: Annotated[
        str, typer.Option(metavar="NAME", help="An installed target model.")
    ] = DEFAULT_MODEL,
    limit: Limit = 0,
) -> None:
    """Train, calibrate, measure and export a probe."""
    from linewise.commands.console import stage_progress
    from linewise.lab.run import run_train

    with stage_progress(quiet=False) as progress:
        run_train(data, out, cache, model, limit=limit, progress=progress)
    typer.echo(f"wrote {out}", err=True)


@app.command()
def curves(
    data: Data,
    *,
    cache: Cache = _CACHE,
    model: Annotated[
        str, typer.Option(metavar="NAME", help="An installed target model.")
    ] = DEFAULT_MODEL,
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


@app.command()
def adapt(
    data: Data,
    *,
    cache: Cache = _CACHE,
    model: Annotated[
        str, typer.Option(metavar="NAME", help="An installed target model.")
    ] = DEFAULT_MODEL,
    out: Annotated[Path, typer.Option(help="The file of figures to write.")] = Path(
        "benchmarks/results/adapt.json"
    ),
    mutations: Mutations = None,
    limit: Limit = 0,
    minutes: Annotated[float, typer.Option(min=0, help="Train so long, over all runs.")] = 20.0,
    epochs: Annotated[int, typer.Option(min=1, help="Train no longer than so often.")] = 2,
    blocks: Annotated[int, typer.Option(min=1, help="How many blocks learn.")] = 5,
    rank: Annotated[int, typer.Option(min=0, help="The adapter's rank; 0 trains all weights.")] = 8,
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


@app.command()
def mutations(
    data: Data,
    *,
    out: Annotated[Path, typer.Option(help="Folder for mutations.parquet.")] = (
        _CACHE / "mutations"
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


@app.command()
def patches(
    data: Data,
    *,
    out: Annotated[Path, typer.Option(help="Folder for patches.parquet.")] = _CACHE / "patches",
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
    endpoint_model: Annotated[str, typer.Option(metavar="NAME", help="Its model.")] = "default",
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


@app.command()
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


@app.command()
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


@app.command()
def compat(
    *,
    model: Annotated[
        str, typer.Option(metavar="NAME", help="The installed target model.")
    ] = DEFAULT_MODEL,
    out: Annotated[
        Path, typer.Option(help="Where the run is kept, for a later one to go on from.")
    ] = (_CACHE / "compat"),
    minutes: Annotated[
        float, typer.Option(min=0, help="Train so long, over all runs (0: measure only).")
    ] = 15.0,
    steps: Annotated[
        int | None,
        typer.Option(min=0, show_default="no limit", help="Train so many steps, over all runs."),
    ] = None,
    rank: Annotated[int, typer.Option(min=0, help="The adapter's rank; 0 trains all weights.")] = 8,
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
