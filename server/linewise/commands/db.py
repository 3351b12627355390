"""``linewise db``: look after the statistics that are kept of a workspace."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from linewise.workspace.scan.formats import TableFormat

if TYPE_CHECKING:
    from linewise.workspace.scan.store import Store

app = typer.Typer(
    no_args_is_help=True, help="Check, shrink or export what `linewise scan` keeps of a workspace."
)
Workspace = Annotated[
    Path, typer.Argument(metavar="PATH", exists=True, help="A file or folder of the workspace.")
]


@app.command()
def check(path: Workspace = Path()) -> None:
    """Verify the statistics of a workspace; what is damaged is set aside, to be scanned again."""
    from rich.filesize import decimal

    from linewise.commands.console import facts, results
    from linewise.errors import LinewiseError
    from linewise.workspace.scan.database import set_damaged_aside

    with _opened(path) as store:
        if problems := store.database.problems():
            for problem in problems:
                typer.echo(f"linewise: {problem}", err=True)
            store.database = set_damaged_aside(store.database, _say)
            raise LinewiseError("the statistics were damaged; run `linewise scan` again")
        counts = store.counts()
        rows = [("file", str(store.database.path)), ("size", decimal(store.database.size))]
        rows += [(name, f"{count:,}") for name, count in counts.items()]
        results().print(facts([*rows, ("integrity", "ok")]))


@app.command()
def vacuum(path: Workspace = Path()) -> None:
    """Forget what no file needs any more and give its space back."""
    from rich.filesize import decimal

    with _opened(path) as store:
        before = store.database.size
        forgotten = store.prune()
        store.database.shrink()
        after = store.database.size
    typer.echo(f"{forgotten:,} units forgotten; {decimal(before)} before, {decimal(after)} now")


@app.command()
def export(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="Where to write the tables; made if need be.")
    ],
    path: Workspace = Path(),
    *,
    format: Annotated[
        TableFormat, typer.Option("--format", "-f", help="How to write them.")
    ] = TableFormat.CSV,
) -> None:
    """Write files, units, lines and rationales as tables. They hold no code."""
    from linewise.workspace.scan.export import store_tables, write_table

    with _opened(path) as store:
        for table in store_tables(store):
            typer.echo(str(write_table(table, folder, format)))


def _say(text: str) -> None:
    typer.echo(f"linewise: {text}", err=True)


def _opened(path: Path) -> Store:
    from linewise.workspace.scan.location import workspace_root
    from linewise.workspace.scan.store import Store

    return Store.open_existing(workspace_root(path), _say)
