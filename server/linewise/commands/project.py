"""What the project in the current folder says: settings below the options, and files left out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import typer

from linewise.results import Omission, OmissionKind
from linewise.settings import Settings
from linewise.workspace.project import Project, is_excluded, read_project


def current_project() -> Project:
    """Return the project of the current folder; what is wrong with its settings is said."""
    project = read_project(Path.cwd(), Settings())
    for problem in project.problems:
        typer.echo(f"linewise: {problem}", err=True)
    return project


def kept_files(named: Sequence[Path], files: Sequence[Path], project: Project) -> tuple[Path, ...]:
    """Return the files without those that the project excludes, unless they were named."""
    root = Path.cwd() if project.path is None else project.path.parent
    patterns = project.settings.exclude
    return tuple(file for file in files if file in named or not is_excluded(file, patterns, root))


def kept_omissions(omissions: Iterable[Omission], project: Project) -> tuple[Omission, ...]:
    """Return what was left out of folders without what the project excludes anyway."""
    root = Path.cwd() if project.path is None else project.path.parent
    patterns = project.settings.exclude
    return tuple(
        each
        for each in omissions
        if each.kind is OmissionKind.GIT
        # Of a folder, all of its files have to be excluded: any one stands for them.
        or not all(is_excluded(Path(name) / "_.py", patterns, root) for name in each.names)
    )
