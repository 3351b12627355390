"""From the paths a user names to the Python files behind them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

STDIN = Path("-")


def python_files(paths: Sequence[Path]) -> tuple[Path, ...]:
    """Return the files to check, each once: those named, and the ``*.py`` files below folders.

    Which files below a folder, says `walk.python_files`. Links are only followed when they are
    named.
    """
    found = (file for path in paths for file in _expand(path))
    return tuple({displayed(file): file for file in found}.values())


def displayed(path: Path) -> str:
    """Return the path as it is reported: as it was named, below the current folder if it is."""
    if path == STDIN:
        return "<stdin>"
    try:
        return path.relative_to(Path.cwd()).as_posix()
    except ValueError:
        return path.as_posix()


def _expand(path: Path) -> Iterator[Path]:
    if path == STDIN or not path.is_dir():
        yield path
    else:
        # Only now: a named file needs none of it.
        from linewise.workspace.scan import walk

        yield from sorted(walk.python_files(path))
