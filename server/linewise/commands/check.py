"""``linewise check``: score files and print the report."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from attrs import frozen

from linewise.commands.choices import BaselineMode, Color, Format
from linewise.commands.options import MaxBytes, MaxLines
from linewise.commands.paths import STDIN, left_out, parse_path, python_files
from linewise.commands.project import (
    kept_files,
    kept_omissions,
    projects,
    settings_of,
    tell_problems,
)
from linewise.errors import LinewiseError
from linewise.languages import NOTEBOOK_SUFFIX
from linewise.output.report import Limits, Position, Report, Span, Status
from linewise.results import Omission, OmissionKind
from linewise.settings import Settings
from linewise.wording import omitted

BEYOND = 1
"""The exit code when a limit was exceeded or a locked baseline is out of date."""
FAILED = 4
"""The exit code when a file could not be scored because something broke."""
EXIT_CODES = (
    "Exit codes: 0 checked, whatever was flagged; 1 beyond --fail-above or --max-findings, or a "
    "locked baseline is out of date; 2 wrong usage; 3 nothing could be checked, the message says "
    "what to do; 4 a file could not be scored; 70 an error in Linewise."
)
_DEFAULTS = Settings()


@frozen
class Output:
    """A file to write the report into, and in which format."""

    format: Format
    path: Path


def parse_output(text: str) -> Output:
    """Read ``FORMAT=FILE``.

    Raises
    ------
    typer.BadParameter
        If it is something else, or the file's folder is not there.
    """
    name, _, path = text.partition("=")
    if name not in list(Format) or not path:
        raise typer.BadParameter(
            f"{text!r} is not of the form FORMAT=FILE, as in sarif=linewise.sarif; formats are "
            f"{', '.join(Format)}"
        )
    if not Path(path).absolute().parent.is_dir():
        raise typer.BadParameter(f"{path} cannot be written: there is no such folder")
    return Output(Format(name), Path(path))


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
            parser=parse_path,
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
    diff: Annotated[
        str | None,
        typer.Option(
            metavar="REF",
            show_default=False,
            help="Flag only lines that changed since this git revision, and read only such files; "
            "with ... behind it, since the current branch left it.",
        ),
    ] = None,
    fail_above: Annotated[
        float | None,
        typer.Option(
            min=0,
            max=1,
            metavar="P",
            show_default=False,
            help="Exit with 1 if a line is flagged at this edit probability or more.",
        ),
    ] = None,
    max_findings: Annotated[
        int | None,
        typer.Option(
            min=0,
            metavar="N",
            show_default=False,
            help="Exit with 1 if more than N lines are flagged, in all files.",
        ),
    ] = None,
    max_findings_per_file: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            show_default=str(_DEFAULTS.max_findings_per_file),
            help="Show at most the N most probable lines of a file.",
        ),
    ] = None,
    baseline: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            show_default="the project's, only read",
            help="Leave out the findings in this file, made by --write-baseline.",
        ),
    ] = None,
    baseline_mode: Annotated[
        BaselineMode | None,
        typer.Option(
            show_default="auto; lock where CI is set",
            help="When lines of the baseline are gone: take them out of it, exit with 1, or "
            "do neither.",
        ),
    ] = None,
    write_baseline: Annotated[
        bool, typer.Option("--write-baseline", help="Put all findings into the baseline.")
    ] = False,
    output: Annotated[
        list[Output] | None,
        typer.Option(
            "--output",
            "-o",
            parser=parse_output,
            metavar="FORMAT=FILE",
            show_default=False,
            help="Write the report into a file too; may be repeated.",
        ),
    ] = None,
    max_lines: MaxLines = None,
    max_bytes: MaxBytes = None,
    color: Annotated[
        Color, typer.Option(help="Color the text format; auto heeds NO_COLOR.")
    ] = Color.AUTO,
) -> None:
    """Score files and print the lines that will probably have to be edited."""
    for path in paths:
        if path != STDIN and not os.path.exists(path):  # noqa: PTH110 - any name is looked for
            raise typer.BadParameter(f"there is no file or folder {str(path)!r}")
    if write_baseline and diff is not None:
        raise typer.BadParameter("--write-baseline is about all lines: leave --diff out")
    among = projects()
    unseen: list[Omission] = []
    found = python_files(paths, unseen.append)
    tell_problems((*paths, *found), among)
    files = kept_files(paths, found, among)
    settings = settings_of(
        (STDIN, *files),
        among,
        model=model,
        threshold=threshold,
        changed_since=diff,
        max_findings_per_file=max_findings_per_file,
        max_file_lines=max_lines,
        max_file_bytes=max_bytes,
    )
    # Only now: wrong usage is answered without waiting for the runtime.
    from linewise.commands.limits import baseline_run, since

    known = baseline_run(baseline, baseline_mode, paths, files, settings, accept=write_baseline)
    if diff is not None:
        files = since(files, diff)
    if span is not None and (len(files) != 1 or format not in (Format.TEXT, Format.JSON)):
        raise typer.BadParameter("--span needs exactly one file and the format text or json")
    if span is not None and files[0].suffix.lower() == NOTEBOOK_SUFFIX:
        raise typer.BadParameter("--span counts the lines of a file, and a notebook has cells")
    from linewise.commands.checking import Request, check_files
    from linewise.commands.console import file_progress
    from linewise.engine import Engine

    limits = Limits(fail_above, max_findings)
    used = None if known is None else known.baseline
    request = Request(
        files,
        settings[STDIN],
        all_lines,
        span,
        limits,
        used,
        # Folders that cannot be listed are among the files, which say so.
        unseen=left_out(kept_omissions(unseen, among), (*paths, *files)),
        own=settings,
    )
    with file_progress(len(files)) as progress:
        engine = Engine.load(model)
        checked = check_files(engine, request, progress)
    settled = None if known is None else known.settle(checked)
    report = checked.report if settled is None else settled.report
    _tell(report, format, color, output or ())
    if settled is not None:
        settled.write()
    if report.count(Status.FAILED):
        raise typer.Exit(FAILED)
    if report.failures:
        raise typer.Exit(BEYOND)


def _tell(report: Report, format: Format, color: Color, outputs: Sequence[Output]) -> None:
    if report.note is not None:
        typer.echo(f"linewise: {report.note}", err=True)
    for each in report.omissions:
        # The text shows every skipped file with its reason.
        if format is not Format.TEXT or each.kind is not OmissionKind.SKIPPED:
            typer.echo(f"linewise: {omitted(each)}", err=True)
    _print(report, format, color)
    from linewise.writing import replace_file

    for output in outputs:
        try:
            replace_file(output.path, _rendered(report, output.format))
        except OSError as error:
            raise LinewiseError(f"{output.path} cannot be written: {error.strerror}") from error


def _print(report: Report, format: Format, color: Color) -> None:
    from linewise.commands.console import print_lines, write_output

    if format is Format.TEXT:
        from linewise.output import text

        print_lines(text.render(report), color)
        return
    write_output(_rendered(report, format))
    for reason in report.failures:
        typer.echo(f"linewise: failed: {reason}", err=True)


def _rendered(report: Report, format: Format) -> str:
    from linewise.output import github, gitlab, json, junit, sarif, text

    match format:
        case Format.TEXT:
            return "".join(f"{line.plain}\n" for line in text.render(report))
        case Format.JSON:
            return json.render(report)
        case Format.SARIF:
            return sarif.render(report)
        case Format.GITHUB:
            return github.render(report)
        case Format.GITLAB:
            return gitlab.render(report)
        case Format.JUNIT:
            return junit.render(report)
