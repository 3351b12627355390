"""``linewise compare``: what two target models rest on in the same code."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from linewise.commands.choices import ComparisonFormat
from linewise.commands.options import Context, Exclude, Include, Places, Tokens
from linewise.rationale.study.target import Target


def compare(
    folders: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="FOLDER…",
            exists=True,
            file_okay=False,
            show_default="this one",
            help="What both models read.",
        ),
    ] = None,
    *,
    model: Annotated[
        list[str] | None,
        typer.Option("--model", "-m", metavar="NAME", help="An installed target model; twice."),
    ] = None,
    scanned: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FOLDER",
            help="Instead: what `linewise scan --out` wrote, of one model each; twice.",
        ),
    ] = None,
    format: Annotated[
        ComparisonFormat, typer.Option("--format", "-f", help="What to print.")
    ] = ComparisonFormat.TEXT,
    target: Annotated[
        Target | None,
        typer.Option(
            "--target",
            show_default="next tokens, and edit risks if both have a probe",
            help="Compare these rationales only.",
        ),
    ] = None,
    tokens: Tokens = 1,
    context: Context = 96,
    places: Places = 6,
    include: Include = None,
    exclude: Exclude = None,
) -> None:
    """Compare what two target models rest on in the same code.

    Reads what was not scanned with them yet, and keeps it; a comparison that was interrupted goes
    on. Every figure stands beside that of random rationales.
    """
    from linewise.commands.comparing import compare_models, compare_scanned, targets_for
    from linewise.commands.console import file_progress, write_output
    from linewise.output.comparison import render_json, render_markdown, render_text
    from linewise.workspace.scan.choice import Choice
    from linewise.workspace.scan.walk import Globs

    def say(text: str) -> None:
        typer.echo(f"linewise: {text}", err=True)

    if scanned:
        if len(scanned) != 2 or model or folders:
            raise typer.BadParameter("--scanned is given twice, without models and folders")
        found = compare_scanned((scanned[0], scanned[1]))
    else:
        if len(model or ()) != 2:
            raise typer.BadParameter("name two target models: --model A --model B")
        assert model is not None  # noqa: S101 - it has two
        models = model[0], model[1]
        choices = [
            Choice(each, None, tokens, context, places) for each in targets_for(models, target)
        ]
        globs = Globs(tuple(include or ()), tuple(exclude or ()))
        found = compare_models(
            models, folders or [Path()], choices, globs, said=say, shown=file_progress
        )
    render = {
        ComparisonFormat.TEXT: render_text,
        ComparisonFormat.MD: render_markdown,
        ComparisonFormat.JSON: render_json,
    }[format]
    write_output(render(found))
