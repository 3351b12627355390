"""``linewise check``: score files and print the report."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any

import typer
from attrs import evolve

from linewise.commands.choices import Color, Format
from linewise.commands.paths import STDIN, python_files
from linewise.commands.project import current_project, kept_files
from linewise.output.report import Position, Report, Span, Status
from linewise.settings import Settings

FAILED = 4
"""The exit code when a file could not be scored because something broke."""
EXIT_CODES = (
    "Exit codes: 0 checked, whatever was flagged; 2 wrong usage; 3 nothing could be checked, the "
    "message says what to do; 4 a file could not be scored."
)
_DEFAULTS = Settings()


def parse_span(text: str) -> Span:
    """Read ``L:C-L:C``; both count from 1.

    Raises
    ------
    typer.BadParameter
        If it is something else.
    """
    match = re.fullmatch(r"([1-9]\d*):([1-9]\d*)-([1-9]\d*):([1-9]\d*)", text, re.ASCII)
    if match is None:
        raise typer.BadParameter(
            f"{text!r} is not of the form LINE:COLUMN-LINE:COLUMN, as in 10:4-14:20, "
            "all counted from 1"
        )
    line, column, end_line, end_column = map(int, match.groups())
    return Span(Position(line, column), Position(end_line, end_column))


def check(
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="PATH",
            show_default=False,
            help="Python files, folders to look for them in, or - for standard input.",
        ),
    ],
    *,
    format: Annotated[Format, typer.Option("--format", "-f", help="What to print.")] = Format.TEXT,
    threshold: Annotated[
        float | None,
        typer.Option(
            "--threshold",
            "-t",
            min=0,
            max=1,
            metavar="P",
            show_default="the model's own",
            help="Flag lines from this edit probability on, between 0 and 1.",
        ),
    ] = None,
    model: Annotated[
        str, typer.Option("--model", "-m", metavar="NAME", help="The installed target model.")
    ] = _DEFAULTS.model,
    span: Annotated[
        Span | None,
        typer.Option(
            "--span",
            parser=parse_span,
            metavar="L:C-L:C",
            help="Answer for this part of the one file given: lines and columns (characters) "
            "count from 1, the end is exclusive.",
        ),
    ] = None,
    all_lines: Annotated[
        bool, typer.Option("--all-lines", help="Show every code line, not only the flagged ones.")
    ] = False,
    max_findings: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            show_default=str(_DEFAULTS.max_findings_per_file),
            help="Flag at most the N most probable lines of a file.",
        ),
    ] = None,
    max_lines: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            show_default=f"{_DEFAULTS.max_file_lines}",
            help="Skip files with more lines.",
        ),
    ] = None,
    max_bytes: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            show_default=f"{_DEFAULTS.max_file_bytes}",
            help="Skip larger files.",
        ),
    ] = None,
    color: Annotated[
        Color, typer.Option(help="Color the text format; auto heeds NO_COLOR.")
    ] = Color.AUTO,
) -> None:
    """Score files and print the lines that will probably have to be edited."""
    for path in paths:
        if path != STDIN and not path.exists():
            raise typer.BadParameter(f"there is no file or folder {str(path)!r}")
    project = current_project()
    files = kept_files(paths, python_files(paths), project)
    if span is not None and (len(files) != 1 or format not in (Format.TEXT, Format.JSON)):
        raise typer.BadParameter("--span needs exactly one file and the format text or json")
    # Only now: wrong usage is answered without waiting for the runtime.
    from linewise.commands.checking import Request, check_files
    from linewise.commands.console import file_progress
    from linewise.engine import Engine

    chosen: dict[str, Any] = {
        "threshold": threshold,
        "max_findings_per_file": max_findings,
        "max_file_lines": max_lines,
        "max_file_bytes": max_bytes,
    }
    given = {name: value for name, value in chosen.items() if value is not None}
    settings = evolve(project.settings, model=model, **given)
    with file_progress(len(files)) as progress:
        engine = Engine.load(model)
        report = check_files(engine, Request(files, settings, all_lines, span), progress)
    if report.note is not None:
        typer.echo(f"linewise: {report.note}", err=True)
    _print(report, format, color)
    if report.count(Status.FAILED):
        raise typer.Exit(FAILED)


def _print(report: Report, format: Format, color: Color) -> None:
    from linewise.commands.console import print_lines, write_output
    from linewise.output import github, json, sarif, text

    if format is Format.TEXT:
        print_lines(text.render(report), color)
    else:
        renderers = {Format.JSON: json, Format.SARIF: sarif, Format.GITHUB: github}
        write_output(renderers[format].render(report))
