"""``linewise report``: what a scan found, as a page, as text or for programs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from linewise.rationale.study.target import Target
from linewise.settings import DEFAULT_MODEL
from linewise.workspace.scan.formats import Links, ReportFormat, TableFormat

_PAGE = Path("linewise-report")


def report(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="FOLDER", exists=True, file_okay=False, help="A folder that was scanned."
        ),
    ] = Path(),
    *,
    format: Annotated[
        ReportFormat, typer.Option("--format", "-f", help="What to write.")
    ] = ReportFormat.HTML,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            show_default="linewise-report.html or .pdf; md and json are printed",
            help="Where to write it.",
        ),
    ] = None,
    tables: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Also write the tables behind the pictures there."),
    ] = None,
    table_format: Annotated[
        TableFormat, typer.Option(help="How to write the tables.")
    ] = TableFormat.CSV,
    model: Annotated[
        str, typer.Option("--model", "-m", metavar="NAME", help="As read by this target model.")
    ] = DEFAULT_MODEL,
    target: Annotated[
        Target | None,
        typer.Option(
            "--target", show_default="most units'", help="Show the rationales of this target."
        ),
    ] = None,
    method: Annotated[
        str | None,
        typer.Option(
            "--method", metavar="NAME", show_default="most units'", help="By this method."
        ),
    ] = None,
    ages: Annotated[
        bool, typer.Option("--ages", help="Also by age of the line; asks git about every file.")
    ] = False,
    reference: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER", exists=True, help="Compare the rationales with those scanned there."
        ),
    ] = None,
    links: Annotated[Links, typer.Option(help="What places in a page lead to.")] = Links.VSCODE,
) -> None:
    """Report what was scanned in a folder. Reads no code but the lines it shows, runs no model."""
    from linewise.commands.console import write_output
    from linewise.commands.reporting import Options, built, rendered, write_file
    from linewise.report.tables import report_tables
    from linewise.workspace.scan.export import write_table

    def say(text: str) -> None:
        typer.echo(f"linewise: {text}", err=True)

    options = Options(model, target, method, ages, reference)
    found = built(folder, options, say)
    if tables is not None:
        for table in report_tables(found).values():
            write_table(table, tables, table_format)
        typer.echo(f"tables in {tables}", err=True)
    content = rendered(found, format, links)
    if output is None and format in (ReportFormat.HTML, ReportFormat.PDF):
        output = _PAGE.with_suffix(f".{format}")
    if output is None:
        write_output(content.decode("utf-8"))
    else:
        write_file(output, content)
        typer.echo(str(output))
