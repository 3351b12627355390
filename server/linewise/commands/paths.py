"""From the paths a user names to the Python files behind them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from attrs import evolve

from linewise.results import Omission, OmissionKind, merged
from linewise.workspace.git import normal

STDIN = Path("-")
"""Stands for standard input; a file of that name is never spelled so (`parse_path`)."""
Omit = Callable[[Omission], None]


def parse_path(text: str) -> Path:
    """Read a path as it was named; only ``-`` itself is standard input, not ``./-``."""
    path = Path(text)
    return Path.cwd() / path if path == STDIN and text != str(STDIN) else path


def identity(path: Path) -> Path:
    """Return what two names have in common if and only if they are of one file or folder."""
    return path if path == STDIN else Path(os.path.realpath(path))


def python_files(paths: Sequence[Path], omit: Omit = lambda _: None) -> tuple[Path, ...]:
    """Return the files to check: those named, and the ``*.py`` files below folders.

    Each comes once, by the name that led to it first.
    Which files below a folder, says `walk.python_files`, and so does what ``omit`` hears. Links are
    only followed when they are named.
    """
    found = (file for path in paths for file in _expand(path, omit))
    once: dict[Path, Path] = {}
    for file in found:
        once.setdefault(identity(file), file)
    return tuple(once.values())


def displayed(path: Path) -> str:
    """Return the path as it is reported: as it was named, below the current folder if it is."""
    if path == STDIN:
        return "<stdin>"
    try:
        below = path.relative_to(Path.cwd())
        return f"./{below}" if below == STDIN else below.as_posix()
    except ValueError:
        return path.as_posix()


def left_out(omissions: Iterable[Omission], named: Sequence[Path] = ()) -> tuple[Omission, ...]:
    """Return what was left out of folders as it is reported, but for what was ``named`` beside."""
    besides = {normal(path) for path in named}
    found = dict.fromkeys(
        evolve(each, names=tuple(displayed(Path(name)) for name in each.names))
        for each in omissions
        if each.kind is OmissionKind.GIT or besides.isdisjoint(map(_whole, each.names))
    )
    return merged(found)


def _whole(name: str) -> Path:
    return normal(Path(name))


def _expand(path: Path, omit: Omit) -> Iterator[Path]:
    if path == STDIN or not path.is_dir():
        yield path
    else:
        # Only now: a named file needs none of it.
        from linewise.workspace.scan import walk

        yield from sorted(walk.python_files(path, omit=omit))
