"""The command line: its commands put together, and the one place where errors become messages.

Nothing heavy is imported here or by the modules in `commands`; each command imports what it needs
when it runs.
"""

from __future__ import annotations

import io
import sys
from typing import Annotated, Any

import typer

from linewise import __version__
from linewise.commands.calibrate import calibrate
from linewise.commands.check import EXIT_CODES, check
from linewise.commands.compare import compare
from linewise.commands.db import app as db
from linewise.commands.doctor import doctor
from linewise.commands.explain import explain
from linewise.commands.lab import app as lab
from linewise.commands.models import app as models
from linewise.commands.report import report
from linewise.commands.scan import scan
from linewise.commands.serve import serve
from linewise.commands.study import app as study
from linewise.errors import LinewiseError

CANNOT_RUN = 3
"""The exit code when nothing could be done, through no fault of the code that was given."""


class _App(typer.Typer):
    """Says what went wrong in one line; the messages of `LinewiseError` are meant for that."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if isinstance(sys.stdout, io.TextIOWrapper):
            # A path may be of bytes that are no UTF-8; standard error is like that anyway.
            sys.stdout.reconfigure(errors="backslashreplace")
        try:
            return super().__call__(*args, **kwargs)
        except LinewiseError as error:
            typer.echo(f"linewise: {error}", err=True)
            sys.exit(CANNOT_RUN)


app = _App(
    name="linewise",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_show_locals=False,
    rich_markup_mode="rich",
)
app.command(epilog=EXIT_CODES)(check)
# So that -:12, a line of standard input, is not taken for an option.
app.command(context_settings={"ignore_unknown_options": True})(explain)
app.command()(scan)
app.command()(report)
app.command()(compare)
app.command()(calibrate)
app.command()(serve)
app.command()(doctor)
app.add_typer(models, name="models")
app.add_typer(db, name="db")
app.add_typer(lab, name="lab")
app.add_typer(study, name="study")


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"linewise {__version__}")
        raise typer.Exit


@app.callback()
def linewise(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    """Tell which lines of this Python code will probably have to be edited, and how probably."""
