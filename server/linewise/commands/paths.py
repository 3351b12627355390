"""From the paths a user names to the Python files behind them."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

STDIN = Path("-")
_NOT_OURS = frozenset({"__pycache__", "node_modules", "site-packages"})


def python_files(paths: Sequence[Path]) -> tuple[Path, ...]:
    """Return the files to check, each once: those named, and the ``*.py`` files below folders.

    In a git checkout the folder's files are those that git tracks or would track; elsewhere
    hidden folders, virtual environments and caches are left out. Links are only followed when
    they are named.
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
        return
    listed = _listed_by_git(path)
    files = _walk(path) if listed is None else listed
    yield from sorted(files)


def _listed_by_git(folder: Path) -> list[Path] | None:
    """Return the folder's Python files as git sees them, None if that is not git's to say."""
    if _git(folder, "check-ignore", "--quiet", ".") is not None:
        return None  # whoever names an ignored folder wants it checked
    listing = _git(folder, "ls-files", "-z", "-co", "--exclude-standard", "--", "*.py")
    if listing is None:
        return None
    files = (folder / os.fsdecode(name) for name in listing.split(b"\0") if name)
    return [file for file in files if _is_ours(file.relative_to(folder)) and _is_plain(file)]


def _git(folder: Path, *arguments: str) -> bytes | None:
    # A repository's own settings must not make git run a program.
    command = ["git", "-c", "core.fsmonitor=false", "-C", str(folder), *arguments]
    try:
        return subprocess.run(command, capture_output=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return None


def _walk(folder: Path) -> Iterator[Path]:
    unlisted: list[OSError] = []
    for place, folders, names in os.walk(folder, onerror=unlisted.append):
        here = Path(place)
        folders[:] = [name for name in folders if _is_ours(Path(name)) and name[0] != "."]
        if (here / "pyvenv.cfg").exists():
            folders.clear()
            continue
        yield from (
            here / name for name in names if name.endswith(".py") and _is_plain(here / name)
        )
    # Reading them will fail with the reason, which is then reported like any other.
    yield from (Path(error.filename) for error in unlisted)


def _is_ours(path: Path) -> bool:
    return _NOT_OURS.isdisjoint(path.parts)


def _is_plain(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()
