"""``linewise scan``: read a folder and keep its statistics, or corpora into Parquet."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from linewise.commands.choices import Engine
from linewise.commands.options import (
    Context,
    Exclude,
    Include,
    MaxBytes,
    MaxLines,
    Places,
    Tokens,
)
from linewise.rationale.study.target import Target
from linewise.settings import Settings

if TYPE_CHECKING:
    from linewise.commands.corpus import Run
    from linewise.commands.scanning import Options
    from linewise.workspace.corpus.partition import Outcome

_DEFAULTS = Settings()


def scan(
    corpora: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="FOLDER…",
            exists=True,
            show_default="this one",
            help="The folder to read; with --out, any number of folders and Parquet files.",
        ),
    ] = None,
    *,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER", file_okay=False, help="Read a corpus: write Parquet there instead."
        ),
    ] = None,
    engine: Annotated[
        Engine, typer.Option(help="With --out: read in this process, or on a Ray cluster.")
    ] = Engine.LOCAL,
    address: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS",
            show_default="one on this machine",
            help="With --engine ray: the cluster's address.",
        ),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            show_default="as many as there are cores",
            help="With --engine ray: how many workers hold the model.",
        ),
    ] = None,
    gpus: Annotated[
        float, typer.Option(min=0, metavar="N", help="With --engine ray: GPUs of each worker.")
    ] = 0.0,
    partition: Annotated[
        int, typer.Option(min=1, metavar="N", help="With --out: about N files in a partition.")
    ] = 64,
    model: Annotated[
        str, typer.Option("--model", "-m", metavar="NAME", help="The installed target model.")
    ] = _DEFAULTS.model,
    rationales: Annotated[
        bool, typer.Option(help="Also find out what each unit's riskiest line rests on.")
    ] = True,
    target: Annotated[
        Target,
        typer.Option("--target", help="Explain edit risks, or what tokens are predicted from."),
    ] = Target.EDIT,
    method: Annotated[
        str | None,
        typer.Option(
            "--method", metavar="NAME", show_default="the target's", help="The attribution method."
        ),
    ] = None,
    tokens: Tokens = 1,
    context: Context = 96,
    places: Places = 6,
    include: Include = None,
    exclude: Exclude = None,
    max_lines: MaxLines = None,
    max_bytes: MaxBytes = None,
    share: Annotated[
        float,
        typer.Option(min=0.01, max=1, metavar="SHARE", help="Work this share of the time."),
    ] = 1.0,
    on_power: Annotated[
        bool, typer.Option("--on-power", help="Rest while the machine runs on its battery.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Write JSON.")] = False,
) -> None:
    """Read a folder's Python files and keep their statistics, outside of the folder.

    Only what changed since the last scan is read; a scan that was interrupted goes on. With --out,
    corpora of any size are read into Parquet files there, in partitions, by any number of workers.
    """
    from linewise.commands.scanning import Options
    from linewise.workspace.scan.choice import Choice
    from linewise.workspace.scan.pacing import Budget
    from linewise.workspace.scan.walk import Globs

    limits = {"max_file_lines": max_lines, "max_file_bytes": max_bytes}
    options = Options(
        model=model,
        choice=Choice(target, method, tokens, context, places) if rationales else None,
        globs=Globs(tuple(include or ()), tuple(exclude or ())),
        given={name: value for name, value in limits.items() if value is not None},
        budget=Budget(share, on_power),
    )

    def say(text: str) -> None:
        typer.echo(f"linewise: {text}", err=True)

    if out is not None:
        from linewise.commands.corpus import Run

        how = Run(out, engine, address, workers, gpus, partition)
        _scan_corpora(corpora or [Path()], options, how, say, json=json)
        return
    if len(corpora or ()) > 1 or engine is not Engine.LOCAL:
        raise typer.BadParameter("several corpora, or Ray, need a folder for their results: --out")
    _scan_folder((corpora or [Path()])[0], options, say, json=json)


def _scan_folder(folder: Path, options: Options, say: Callable[[str], None], *, json: bool) -> None:
    from linewise.commands.console import file_progress, write_json
    from linewise.commands.paths import left_out
    from linewise.commands.scanning import opened_scan, payload, run, summary
    from linewise.wording import omitted

    if not folder.is_dir():
        raise typer.BadParameter(f"{folder} is no folder; a Parquet file is read with --out")
    with (
        opened_scan(folder, options, say) as scanning,
        file_progress(scanning.progress.pending) as tell,
    ):
        run(scanning, options.budget, tell)
    for each in left_out(scanning.skipped):
        say(omitted(each))
    if json:
        write_json(payload(scanning))
    else:
        for line in summary(scanning.progress, folder):
            typer.echo(line)


def _scan_corpora(
    corpora: list[Path], options: Options, run: Run, say: Callable[[str], None], *, json: bool
) -> None:
    from linewise.commands.console import file_progress, write_json
    from linewise.commands.corpus import payload, scan_corpora, summary

    with ExitStack() as shown:

        def progress(count: int) -> Callable[[Outcome], None]:
            tell, read = shown.enter_context(file_progress(count)), 0

            def heard(outcome: Outcome) -> None:
                nonlocal read
                read += 1
                tell(outcome.name, read)

            return heard

        done = scan_corpora(corpora, options, run, say, progress)
    if json:
        write_json(payload(done))
    else:
        for line in summary(done, run.out):
            typer.echo(line)
