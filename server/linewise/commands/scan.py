"""``linewise scan``: read a folder and keep its statistics."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from linewise.rationale.study.target import Target
from linewise.settings import Settings

_DEFAULTS = Settings()


def scan(
    folder: Annotated[
        Path,
        typer.Argument(metavar="FOLDER", exists=True, file_okay=False, help="The folder to read."),
    ] = Path(),
    *,
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
    tokens: Annotated[
        int, typer.Option(min=1, metavar="N", help="With next-token: explain N tokens of a unit.")
    ] = 1,
    context: Annotated[
        int,
        typer.Option(min=1, max=512, metavar="N", help="With next-token: from N tokens before."),
    ] = 96,
    places: Annotated[
        int, typer.Option(min=1, metavar="N", help="With greedy methods: at most N tokens each.")
    ] = 6,
    include: Annotated[
        list[str] | None,
        typer.Option(metavar="GLOB", help="Read these files only, as in .gitignore; repeatable."),
    ] = None,
    exclude: Annotated[
        list[str] | None,
        typer.Option(metavar="GLOB", help="Leave these files out too; repeatable."),
    ] = None,
    max_lines: Annotated[
        int, typer.Option(min=1, metavar="N", help="Skip files with more lines.")
    ] = _DEFAULTS.max_file_lines,
    max_bytes: Annotated[
        int, typer.Option(min=1, metavar="N", help="Skip larger files.")
    ] = _DEFAULTS.max_file_bytes,
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

    Only what changed since the last scan is read; a scan that was interrupted goes on.
    """
    from linewise.commands.console import file_progress, write_json
    from linewise.commands.scanning import Options, keep_trend, opened_scan, payload, run, summary
    from linewise.workspace.scan.choice import Choice
    from linewise.workspace.scan.pacing import Budget
    from linewise.workspace.scan.walk import Globs

    options = Options(
        model=model,
        choice=Choice(target, method, tokens, context, places) if rationales else None,
        globs=Globs(tuple(include or ()), (*_DEFAULTS.exclude, *(exclude or ()))),
        settings=Settings(model=model, max_file_lines=max_lines, max_file_bytes=max_bytes),
        budget=Budget(share, on_power),
    )

    def say(text: str) -> None:
        typer.echo(f"linewise: {text}", err=True)

    with opened_scan(folder, options, say) as scanning:
        with file_progress(scanning.progress.pending) as tell:
            run(scanning, options.budget, tell)
        keep_trend(scanning)
        done = scanning.progress
    if json:
        write_json(payload(done))
    else:
        for line in summary(done, folder):
            typer.echo(line)
