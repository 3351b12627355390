"""Which files of a folder are looked at and with which settings: the same for whoever asks.

The settings of a file are those of the project nearest to it, with what was given above them: by
the editor, or by options of a command.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from attrs import frozen

from linewise.settings import Settings
from linewise.workspace.project import OWN, SHARED, Projects, is_excluded
from linewise.workspace.scan.basis import Basis, basis_of
from linewise.workspace.scan.walk import Globs

Above = Callable[[Settings], Settings]
"""Returns a project's settings with what stands above them."""
_MARKS = (OWN, SHARED, ".git")
"""A folder without any of these is of the project of the folder it lies in."""

_ALL = Globs()


def _as_they_are(settings: Settings) -> Settings:
    return settings


@frozen
class Rule:
    """The settings of the files in a folder; their patterns are relative to ``root``."""

    settings: Settings
    root: Path
    basis: Basis


class Selection:
    """What is looked at of a folder, as its projects say when they are first asked.

    ``below`` are the settings where no project says otherwise. ``globs`` are for this time only:
    what they leave out is left alone, not forgotten.
    """

    def __init__(
        self,
        folder: Path,
        below: Settings,
        above: Above = _as_they_are,
        globs: Globs = _ALL,
    ) -> None:
        self.problems: dict[str, None] = {}
        """What is wrong with the files of the projects that were asked, each once."""
        self._folder = folder
        self._globs = globs
        self._above = above
        self._projects = Projects(below)
        self._known: dict[Path, Rule] = {}

    def of(self, path: Path) -> Rule:
        """Return by what a file is read."""
        return self._in(path.parent)

    def excludes(self, path: Path) -> bool:
        """Whether a file's project leaves it out."""
        rule = self._in(path.parent)
        return is_excluded(path, rule.settings.exclude, rule.root)

    def wants(self, path: Path) -> bool:
        """Whether a file below the folder is looked at this time, if it is there."""
        return self.asks_for(path) and not self.excludes(path)

    def asks_for(self, path: Path) -> bool:
        """Whether the patterns of this time allow a file, whatever its project says."""
        return self._globs.allow(path.relative_to(self._folder).as_posix())

    def _in(self, folder: Path) -> Rule:
        if (known := self._known.get(folder)) is None:
            known = self._known[folder] = self._found(folder)
        return known

    def _found(self, folder: Path) -> Rule:
        if folder != folder.parent and not any((folder / name).exists() for name in _MARKS):
            return self._in(folder.parent)
        project = self._projects.of(folder)
        self.problems |= dict.fromkeys(project.problems)
        settings = self._above(project.settings)
        root = self._folder if project.path is None else project.path.parent
        return Rule(settings, root, basis_of(settings))
