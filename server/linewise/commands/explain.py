"""``linewise explain``: say what the probability of one line, or its prediction, rests on."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from attrs import frozen

from linewise.commands.choices import Color
from linewise.commands.options import limit
from linewise.commands.paths import STDIN, parse_path
from linewise.rationale.study.target import Target
from linewise.settings import Settings

if TYPE_CHECKING:
    from linewise.output.explanation.report import ExplanationReport

_DEFAULTS = Settings()


@frozen
class Place:
    """A line of a file, and a column of it if one was named; both count from 0."""

    path: Path
    line: int
    column: int | None = None


def parse_place(text: str) -> Place:
    """Read ``FILE:LINE`` or ``FILE:LINE:COLUMN``; both count from 1.

    Raises
    ------
    typer.BadParameter
        If it is something else.
    """
    match = re.fullmatch(r"(.+?):([1-9]\d*)(?::([1-9]\d*))?", text, re.ASCII | re.DOTALL)
    if match is None:
        raise typer.BadParameter(
            f"{text!r} is not of the form FILE:LINE or FILE:LINE:COLUMN, as in src/stock.py:12, "
            "counted from 1"
        )
    path, line, column = match.groups()
    return Place(parse_path(path), int(line) - 1, None if column is None else int(column) - 1)


def explain(
    place: Annotated[
        Place,
        typer.Argument(
            parser=parse_place,
            metavar="FILE:LINE",
            show_default=False,
            help="A line with code; FILE may be - for standard input. With --target next-token, "
            "FILE:LINE:COLUMN names a single token.",
        ),
    ],
    *,
    target: Annotated[
        Target,
        typer.Option("--target", help="Explain why the line is at risk, or what predicts it."),
    ] = Target.EDIT,
    method: Annotated[
        str | None,
        typer.Option(
            "--method",
            metavar="NAME",
            show_default="knockout for edit, greedy for next-token",
            help="The attribution method.",
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Write JSON.")] = False,
    svg: Annotated[bool, typer.Option("--svg", help="Write a picture.")] = False,
    html: Annotated[bool, typer.Option("--html", help="Write a page that needs no other.")] = False,
    thorough: Annotated[
        bool, typer.Option("--thorough", help="Test the explanation more closely; takes longer.")
    ] = False,
    language: Annotated[
        str | None,
        typer.Option(
            "--language",
            metavar="NAME",
            show_default="by the file's suffix",
            help="The language whose categories tokens have.",
        ),
    ] = None,
    model: Annotated[
        str, typer.Option("--model", "-m", metavar="NAME", help="The installed target model.")
    ] = _DEFAULTS.model,
    max_lines: Annotated[
        int | None, limit("Refuse files with more lines.", _DEFAULTS.max_file_lines)
    ] = None,
    max_bytes: Annotated[
        int | None, limit("Refuse larger files.", _DEFAULTS.max_file_bytes)
    ] = None,
    color: Annotated[Color, typer.Option(help="Color the text; auto heeds NO_COLOR.")] = Color.AUTO,
) -> None:
    """Say which tokens and categories of code a line's edit probability rests on, and how far."""
    if json + svg + html > 1:
        raise typer.BadParameter("choose one of --json, --svg and --html")
    if place.path != STDIN and not os.path.isfile(place.path):  # noqa: PTH113 - any name may be
        raise typer.BadParameter(f"there is no file {str(place.path)!r}")
    if place.column is not None and target is Target.EDIT:
        raise typer.BadParameter(
            "a column names a token, and edit risks are a line's: leave it out, or add "
            "--target next-token"
        )
    from linewise.commands.console import file_progress, print_lines, write_output
    from linewise.commands.explaining import STEPS, Request, explain_place
    from linewise.commands.project import projects, settings_of, tell_problems

    among = projects()
    tell_problems([place.path], among)
    settings = settings_of(
        [place.path], among, model=model, max_file_lines=max_lines, max_file_bytes=max_bytes
    )
    request = Request(place, target, method, language, thorough, settings[place.path])
    with file_progress(STEPS) as progress:
        report = explain_place(request, progress)
    if json or svg or html:
        write_output(_rendered(report, "json" if json else "svg" if svg else "html"))
    else:
        from linewise.output.explanation import text

        print_lines(text.render(report), color)


def _rendered(report: ExplanationReport, form: str) -> str:
    from linewise.output.explanation import html, json, svg

    return {"json": json.render, "svg": svg.render, "html": html.render}[form](report)
