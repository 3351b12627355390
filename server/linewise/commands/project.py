"""What the projects of the files in question say: settings below the options, files left out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import typer
from attrs import evolve

from linewise.commands.paths import STDIN, identity
from linewise.results import Omission, OmissionKind
from linewise.settings import Settings
from linewise.workspace.project import Project, Projects


def projects() -> Projects:
    """Return the projects of files, with the defaults below what they say."""
    return Projects(Settings())


def project_of(path: Path, among: Projects) -> Project:
    """Return the project of a file or folder; of standard input, that of the current folder."""
    return among.of(Path.cwd() if path == STDIN else path)


def tell_problems(paths: Iterable[Path], among: Projects) -> None:
    """Say once what is wrong with the settings of the files and folders that are named."""
    found = (problem for path in paths for problem in project_of(path, among).problems)
    for problem in dict.fromkeys(found):
        typer.echo(f"linewise: {problem}", err=True)


def settings_of(paths: Iterable[Path], among: Projects, **options: Any) -> dict[Path, Settings]:
    """Return each file's settings: the options that were given, above those of its project.

    Raises
    ------
    typer.BadParameter
        If the revision that was given is none.
    """
    given = {name: value for name, value in options.items() if value is not None}

    @cache
    def above(below: Settings) -> Settings:
        try:
            return evolve(below, **given)
        except ValueError:
            # The values of the other options were checked when they were read.
            revision = options["changed_since"]
            raise typer.BadParameter(f"--diff: {revision!r} is no git revision") from None

    return {path: above(project_of(path, among).settings) for path in paths}


def kept_files(named: Sequence[Path], files: Sequence[Path], among: Projects) -> tuple[Path, ...]:
    """Return the files without those that their projects exclude, unless they were named."""
    wanted = set(map(identity, named))
    return tuple(
        file
        for file in files
        if file == STDIN or identity(file) in wanted or not among.of(file).excludes(file)
    )


def kept_omissions(omissions: Iterable[Omission], among: Projects) -> tuple[Omission, ...]:
    """Return what was left out of folders without what their projects exclude anyway."""
    return tuple(
        each
        for each in omissions
        if each.kind is OmissionKind.GIT
        # By the project around them: what is left out may be one of its own. Of a folder, all of
        # its files have to be excluded: any one stands for them.
        or not all(among.of(at.parent).excludes(at / "_.py") for at in map(Path, each.names))
    )
