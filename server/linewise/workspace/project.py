"""What a project says in its files: settings, and which of its files are left alone.

The settings of a file are those of the nearest ``.linewise.toml``, or ``pyproject.toml`` with a
``[tool.linewise]`` section, from the file upwards to the root of its repository: wherever the
command line or the server was started. Settings of the editor and options go above it.
"""

from __future__ import annotations

import os
import time
import tomllib
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path

from attrs import field, frozen
from pathspec import GitIgnoreSpec

from linewise.settings import Settings, from_project
from linewise.workspace.git import normal
from linewise.workspace.store import signature

OWN, SHARED = ".linewise.toml", "pyproject.toml"
FRESH_SECONDS = 1.0
"""How long files are taken as they were: settings are asked for with every key that is pressed."""
_ANY = "_.py"
"""Stands for whatever file a folder may hold."""


@frozen
class Project:
    """The settings of a project, and what is wrong with the file that says them (``path``).

    ``root`` is what its patterns are relative to: the folder of that file; without one, that of
    the repository or else the folder that was asked about.
    """

    path: Path | None
    settings: Settings
    problems: tuple[str, ...] = ()
    root: Path = field(default=Path(), kw_only=True, eq=False)

    def excludes(self, path: Path) -> bool:
        """Whether its settings leave a file out, by whatever name it is asked for."""
        return is_excluded(path, self.settings.exclude, self.root)


def read_project(folder: Path, below: Settings) -> Project:
    """Read the settings that hold in a folder; what they leave out is as in ``below``."""
    root = start = normal(folder)
    for place in _upwards(start):
        for path in (place / OWN, place / SHARED):
            section, problem = _section(path)
            if problem is not None:
                return Project(path, below, (problem,), root=place)
            if section is not None:
                settings, problems = from_project(section, str(path), below)
                return Project(path, settings, problems, root=place)
        root = place
    return Project(None, below, root=root if (root / ".git").exists() else start)


class Projects:
    """The projects of whatever files are asked about, read again once their settings changed."""

    def __init__(self, below: Settings) -> None:
        self._below = below
        self._known: dict[Path, tuple[float, object, Project]] = {}
        self._places: dict[Path, tuple[float, tuple[Path, Path]]] = {}

    def of(self, path: Path) -> Project:
        """Return the project of a file or folder: the same object as long as nothing changed.

        Of a link it is that of the file behind it if that lies in the same repository or project,
        or if the link lies in none.
        """
        # Not as methods: documents may have names that no file can have.
        is_folder = os.path.isdir(path)  # noqa: PTH112
        linked = not is_folder and os.path.islink(path)  # noqa: PTH114
        folder = path if is_folder else path.parent
        place, behind = self._places_of(path if linked else folder / _ANY, folder)
        project = self._in(place)
        if behind != place and (project.path is None or behind.is_relative_to(project.root)):
            return self._in(behind)
        return project

    def expire(self) -> None:
        """Look at the files again when asked next: somebody said that they changed."""
        self._places.clear()
        self._known = {
            folder: (-FRESH_SECONDS, signatures, project)
            for folder, (_, signatures, project) in self._known.items()
        }

    def _places_of(self, file: Path, folder: Path) -> tuple[Path, Path]:
        """Return where a file's settings are looked for, and in which folder it is behind links."""
        now = time.monotonic()
        key = file if file.name != _ANY else folder
        read, places = self._places.get(key, (-FRESH_SECONDS, None))
        if places is None or now - read >= FRESH_SECONDS:
            places = _places(file)
            self._places[key] = now, places
        return places

    def _in(self, folder: Path) -> Project:
        now = time.monotonic()
        read, signatures, project = self._known.get(folder, (-FRESH_SECONDS, None, None))
        if project is not None and now - read < FRESH_SECONDS:
            return project
        found = [signature(place / name) for place in _upwards(folder) for name in (OWN, SHARED)]
        if project is None or found != signatures:
            project = read_project(folder, self._below)
        self._known[folder] = now, found, project
        return project


def is_excluded(path: Path, patterns: tuple[str, ...], root: Path) -> bool:
    """Whether patterns as in ``.gitignore``, relative to ``root``, leave a file out.

    They are matched against its name below ``root``, and that of the file behind all links. Those
    that begin with ``**/`` also match what lies above, and files elsewhere.
    """
    whole = normal(path)
    everywhere = tuple(each for each in patterns if each.startswith(("**/", "!**/")))
    if _spec(everywhere).match_file(whole.as_posix().lstrip("/")):
        return True
    return any(map(_spec(patterns).match_file, _names(whole, root)))


def _names(whole: Path, root: Path) -> Iterator[str]:
    """Yield what a file is called below a folder, if anything: by its own name, behind links."""
    from linewise.workspace.decisions import name_below

    top = normal(root)
    if whole.is_relative_to(top):
        yield whole.relative_to(top).as_posix()
    if (name := name_below(whole, top)) is not None:
        yield name


def _places(file: Path) -> tuple[Path, Path]:
    """Return the folder of a file in its repository, twice; outside of any, that behind links."""
    # Only now: the command line starts without what decisions need.
    from linewise.workspace.decisions import place_in_repository

    whole = normal(file)
    place = place_in_repository(whole)
    if place is None or place.root is None:
        return whole.parent, Path(os.path.realpath(whole)).parent
    folder = (place.root / place.name).parent
    return folder, folder


@lru_cache(maxsize=64)
def _spec(patterns: tuple[str, ...]) -> GitIgnoreSpec:
    return GitIgnoreSpec.from_lines(patterns)


def _upwards(folder: Path) -> Iterator[Path]:
    """Yield a folder and those above it, up to the root of the repository it is in, if any."""
    start = normal(folder)
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
    except (OSError, ValueError, RecursionError) as error:
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
