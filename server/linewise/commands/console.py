"""Consoles and progress bars: results go to standard output, everything else to standard error."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from linewise.commands.choices import Color
from linewise.output.text import visible
from linewise.writing import to_json


def print_lines(lines: Iterable[Text], color: Color) -> None:
    """Print to standard output: cut at the width of a terminal, whole when piped."""
    if hasattr(sys.stdout, "reconfigure"):
        # Old code pages lack the bars; a question mark is better than no result.
        sys.stdout.reconfigure(errors="replace")
    plain = color is Color.NEVER or (color is Color.AUTO and bool(os.environ.get("NO_COLOR")))
    console = Console(
        color_system=None if plain else "standard" if color is Color.ALWAYS else "auto",
        force_terminal=True if color is Color.ALWAYS else None,
        no_color=plain,
        highlight=False,
    )
    whole = not sys.stdout.isatty()
    for line in lines:
        if whole:
            console.print(line, soft_wrap=True)
        else:
            console.print(line, no_wrap=line.no_wrap, overflow=line.overflow)


def results() -> Console:
    """Return a console on standard output for tables, which do not wrap when piped."""
    return Console(highlight=False, width=None if sys.stdout.isatty() else 200)


def facts(rows: Iterable[tuple[str, str]]) -> Table:
    """Lay out names and values; nothing in them is markup."""
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column()
    for name, value in rows:
        table.add_row(Text(name), Text(value))
    return table


def write_json(value: object) -> None:
    """Write a value as JSON."""
    write_output(to_json(value) + "\n")


def write_output(text: str) -> None:
    """Write what a program will read: UTF-8 and newlines as they are, on every system."""
    sys.stdout.buffer.write(text.encode("utf-8"))
    # Now, while a reader that went away is still handled.
    sys.stdout.flush()


@contextmanager
def file_progress(files: int) -> Iterator[Callable[[str, float], None]]:
    """Show a bar over ``files`` while somebody watches; yields what to tell (path, files done)."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as progress:
        task = progress.add_task("Loading the model", total=files)

        def tell(path: str, finished: float) -> None:
            progress.update(task, description=escape(visible(path)), completed=finished)

        yield tell


@contextmanager
def stage_progress(*, quiet: bool) -> Iterator[Callable[[str, float], None]]:
    """Show the stages of one long job; yields what to tell (stage, fraction done).

    A log gets a line per stage instead of a bar.
    """
    # The stream itself: conversion redirects `sys.stderr` to silence other libraries.
    console = Console(file=sys.stderr, highlight=False)
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(
        *columns,
        console=console,
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
        disable=quiet or not console.is_terminal,
    ) as progress:
        task = progress.add_task("", total=1.0)
        said: str | None = None

        def tell(stage: str, fraction: float) -> None:
            nonlocal said
            if quiet or console.is_terminal:
                progress.update(task, description=escape(stage), completed=fraction)
            elif stage != said:
                console.print(stage, markup=False)
                said = stage

        yield tell
