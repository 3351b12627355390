"""What a project says in its files: settings, and which of its files are left alone.

The nearest ``.linewise.toml``, or ``pyproject.toml`` with a ``[tool.linewise]`` section, counts,
from a folder upwards to the root of its repository. Settings of the editor and options of the
command line go above it.
"""

from __future__ import annotations

import time
import tomllib
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path

from attrs import frozen
from pathspec import GitIgnoreSpec

from linewise.settings import Settings, from_project
from linewise.workspace.store import signature

OWN, SHARED = ".linewise.toml", "pyproject.toml"
FRESH_SECONDS = 1.0
"""How long files are taken as they were: settings are asked for with every key that is pressed."""


@frozen
class Project:
    """The settings of a project, and what is wrong with the file that says them (``path``)."""

    path: Path | None
    settings: Settings
    problems: tuple[str, ...] = ()


def read_project(folder: Path, below: Settings) -> Project:
    """Read the settings that hold in a folder; what they leave out is as in ``below``."""
    for place in _upwards(folder):
        for path in (place / OWN, place / SHARED):
            section, problem = _section(path)
            if problem is not None:
                return Project(path, below, (problem,))
            if section is not None:
                settings, problems = from_project(section, str(path), below)
                return Project(path, settings, problems)
    return Project(None, below)


class Projects:
    """The projects of whatever folders are asked about, read again once their files changed."""

    def __init__(self, below: Settings) -> None:
        self._below = below
        self._known: dict[Path, tuple[float, object, Project]] = {}

    def of(self, folder: Path) -> Project:
        """Return the project of a folder: the same object as long as nothing changed."""
        now = time.monotonic()
        read, signatures, project = self._known.get(folder, (-FRESH_SECONDS, None, None))
        if project is not None and now - read < FRESH_SECONDS:
            return project
        found = [signature(place / name) for place in _upwards(folder) for name in (OWN, SHARED)]
        if project is None or found != signatures:
            project = read_project(folder, self._below)
        self._known[folder] = now, found, project
        return project

    def expire(self) -> None:
        """Look at the files again when asked next: somebody said that they changed."""
        self._known = {
            folder: (-FRESH_SECONDS, signatures, project)
            for folder, (_, signatures, project) in self._known.items()
        }


def is_excluded(path: Path, patterns: tuple[str, ...], root: Path) -> bool:
    """Whether patterns as in ``.gitignore``, relative to ``root``, leave a file out.

    Those that begin with ``**/`` also match what lies above, and files elsewhere.
    """
    whole = path.absolute()
    everywhere = tuple(each for each in patterns if each.startswith(("**/", "!**/")))
    if _spec(everywhere).match_file(whole.as_posix().lstrip("/")):
        return True
    name = whole.relative_to(root).as_posix() if whole.is_relative_to(root) else None
    return name is not None and _spec(patterns).match_file(name)


@lru_cache(maxsize=16)
def _spec(patterns: tuple[str, ...]) -> GitIgnoreSpec:
    return GitIgnoreSpec.from_lines(patterns)


def _upwards(folder: Path) -> Iterator[Path]:
    """Yield a folder and those above it, up to the root of the repository it is in, if any."""
    start = folder.absolute()
    for place in (start, *start.parents):
        yield place
        if (place / ".git").exists():
            return


def _section(path: Path) -> tuple[Mapping[str, object] | None, str | None]:
    """Return what a file says of Linewise, None if nothing, and what is wrong with it."""
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return None, None
    except (OSError, ValueError) as error:
        if path.name == SHARED:
            return None, None  # others will say so, and there may be nothing for us in it
        return None, f"{path}: {error}; its settings are not used until that is corrected"
    if path.name == OWN:
        return content, None
    tool = content.get("tool")
    section = tool.get("linewise") if isinstance(tool, dict) else None
    if section is None or isinstance(section, dict):
        return section, None
    return None, f"{path}: tool.linewise is no table; write its settings below [tool.linewise]"
