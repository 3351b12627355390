"""Which files of a folder are looked at, one after the other: as git sees them, or without it.

In a git checkout they are the files that git tracks or would track; elsewhere hidden folders,
virtual environments and caches are left out. Links are never followed, so nothing is walked twice.
What is left out for another reason than that somebody ignores or excludes it is said.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import pathspec
from attrs import field, frozen

from linewise.results import Omission, OmissionKind
from linewise.workspace.git import GitError, find_root, holds, is_work_tree, output, stream
from linewise.workspace.scan.entry import Entry

_NOT_OURS = frozenset({"__pycache__", "node_modules", "site-packages"})
_BLOCK = 1 << 16
_ANY = "_.py"
"""Stands for whatever Python file a folder may hold."""
_UNOPENED = re.compile(r"warning: could not open directory '(.*)': (.*)", re.DOTALL)
Omit = Callable[[Omission], None]
"""Hears of one thing that is left out at a time; its name is its path, below the folder's."""


def _said_to_nobody(_: Omission) -> None:
    pass


def _everything(_: Path) -> bool:
    return True


@frozen
class Globs:
    """Patterns as in ``.gitignore``, relative to the folder that is walked.

    Files must match one of ``include`` and none of ``exclude``. Whatever they say, only ``*.py``
    files are looked at.
    """

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    _included: pathspec.GitIgnoreSpec = field(init=False, eq=False, repr=False)
    _excluded: pathspec.GitIgnoreSpec = field(init=False, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        for name, patterns in ("_included", self.include), ("_excluded", self.exclude):
            object.__setattr__(self, name, pathspec.GitIgnoreSpec.from_lines(patterns))

    def allow(self, name: str) -> bool:
        """Whether they leave a file in, by its name below the folder, with forward slashes."""
        included = not self.include or self._included.match_file(name)
        return included and not self._excluded.match_file(name)


def python_files(
    folder: Path,
    wants: Callable[[Path], bool] = _everything,
    omit: Omit = _said_to_nobody,
) -> Iterator[Path]:
    """Yield the ``*.py`` files below a folder in no particular order, some perhaps twice.

    Only those that ``wants`` says yes to. ``omit`` hears what is left out of those for another
    reason than that somebody ignores it: submodules and other repositories, files that a sparse
    checkout left out, links that lead elsewhere, folders that cannot be listed; and why git was not
    asked where it should have been. Folders that cannot be listed are yielded, too: reading them
    fails with the reason, which is then reported like that of any other file.
    """
    walked = _Walked(folder, wants, omit)
    try:
        by_git = is_work_tree(folder) and not _is_ignored(folder)
    except GitError as error:
        root = find_root(folder) or find_root(folder.resolve()) or folder
        omit(Omission(OmissionKind.GIT, 1, (root.as_posix(),), error.reason))
        by_git = False
    yield from walked.listed_by_git() if by_git else walked.listed()
    yield from walked.unlisted()


def entry_of(root: Path, path: Path) -> Entry | None:
    """Return what its directory says of a file below ``root``, None if it is gone."""
    try:
        status = path.stat()
    except OSError:
        return None
    name = os.fsencode(path.relative_to(root).as_posix())
    return Entry(name, status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)


def _is_ignored(folder: Path) -> bool:
    """Whether git ignores a folder; who names such a one wants it looked at."""
    return holds(folder, "check-ignore", "--quiet", ".")


@frozen
class _Walked:
    """A folder that is looked through, what is wanted of it, and who hears what is left out."""

    folder: Path
    wants: Callable[[Path], bool]
    omit: Omit
    _real: Path = field(init=False)
    _told: set[tuple[OmissionKind, Path]] = field(init=False, factory=set)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "_real", self.folder.resolve())

    def listed(self) -> Iterator[Path]:
        """Yield the files without git."""
        for place, folders, names in os.walk(self.folder, onerror=self._unlisted):
            here = Path(place)
            folders[:] = [name for name in folders if name not in _NOT_OURS and name[0] != "."]
            if (here / "pyvenv.cfg").exists():
                folders.clear()
                continue
            for name in folders:
                if (here / name).is_symlink():
                    self._unfollowed(here / name)
            for name in names:
                if name.endswith(".py"):
                    yield from self._file(here / name)

    def listed_by_git(self) -> Iterator[Path]:
        """Yield the files that git tracks or would track."""
        # Without a pattern: it would hide repositories and links to folders.
        asked = ("ls-files", "-z", "-t", "--stage", "-co", "--exclude-standard")
        unopened: list[str] = []
        with stream(self.folder, *asked, warned=unopened.append) as listing:
            for each in _entries(listing):
                facts, name = _parts(each)
                relative = Path(os.fsdecode(name))
                if not _NOT_OURS.isdisjoint(relative.parts):
                    continue
                path = self.folder / relative
                mode = facts.split(b" ")[1] if b" " in facts else None
                if mode == b"160000":
                    self._left_out(OmissionKind.SUBMODULE, path)
                elif name.endswith(b"/"):
                    self._left_out(OmissionKind.REPOSITORY, path)
                elif name.endswith(b".py"):
                    yield from self._file(path, sparse=facts.startswith(b"S"))
                elif mode in (None, b"120000"):
                    self._folder_link(path)
        for line in unopened:
            if (found := _UNOPENED.fullmatch(line)) is not None:
                self._left_out(OmissionKind.UNLISTED, self._below_root(found[1]), found[2])

    def unlisted(self) -> Iterator[Path]:
        """Yield the folders that could not be listed when the files were."""
        return (path for kind, path in self._told if kind is OmissionKind.UNLISTED)

    def _file(self, path: Path, *, sparse: bool = False) -> Iterator[Path]:
        """Yield a path that a Python file may be at, if it is one that is wanted."""
        try:
            mode = path.lstat().st_mode
        except PermissionError as error:
            self._left_out(OmissionKind.UNLISTED, path.parent, error.strerror or "")
        except OSError:  # not there any more, or never was
            if sparse:
                self._left_out(OmissionKind.SPARSE, path)
        else:
            if stat.S_ISLNK(mode):
                self._unfollowed(path)
            elif stat.S_ISREG(mode) and self.wants(path):
                yield path

    def _folder_link(self, path: Path) -> None:
        try:
            if path.is_symlink() and path.is_dir():
                self._unfollowed(path)
        except PermissionError as error:
            self._left_out(OmissionKind.UNLISTED, path.parent, error.strerror or "")

    def _unfollowed(self, link: Path) -> None:
        """Say of a link that it is not followed, if it leads to code that is not looked at."""
        leads_to = link.resolve()
        if leads_to.is_relative_to(self._real) or not (leads_to.is_dir() or leads_to.is_file()):
            return
        self._left_out(OmissionKind.LINK, link)

    def _unlisted(self, error: OSError) -> None:
        self._left_out(OmissionKind.UNLISTED, Path(error.filename), error.strerror or "")

    def _left_out(self, kind: OmissionKind, path: Path, detail: str = "") -> None:
        is_file = kind is OmissionKind.SPARSE or (kind is OmissionKind.LINK and path.is_file())
        if (kind, path) not in self._told and self.wants(path if is_file else path / _ANY):
            self._told.add((kind, path))
            self.omit(Omission(kind, 1, (path.as_posix(),), detail))

    def _below_root(self, name: str) -> Path:
        """Return a path that git gave from the top of the work tree on, below the folder."""
        up = os.fsdecode(output(self.folder, "rev-parse", "--show-cdup")).rstrip("\n")
        place = os.path.normpath(self.folder / up / name)
        return self.folder / os.path.relpath(place, self.folder)


def _parts(entry: bytes) -> tuple[bytes, bytes]:
    """Return what git says of a file (a tag; of a tracked one its mode, too) and its name."""
    if entry.startswith(b"? "):
        return entry[:1], entry[2:]
    facts, _, name = entry.partition(b"\t")
    return facts, name


def _entries(listing: IO[bytes]) -> Iterator[bytes]:
    rest = b""
    while block := listing.read(_BLOCK):
        *names, rest = (rest + block).split(b"\0")
        yield from names
