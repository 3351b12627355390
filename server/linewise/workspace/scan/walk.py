"""Which files of a folder are looked at, one after the other: as git sees them, or without it.

In a git checkout they are the files that git tracks or would track; elsewhere hidden folders,
virtual environments and caches are left out. Links are never followed, so nothing is walked twice.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

import pathspec
from attrs import frozen

from linewise.workspace.git import GitError, output, stream
from linewise.workspace.scan.entry import Entry

_NOT_OURS = frozenset({"__pycache__", "node_modules", "site-packages"})
_BLOCK = 1 << 16
_SUBMODULE = b"160000 "


@frozen
class Globs:
    """Patterns as in ``.gitignore``, relative to the folder that is walked.

    Files must match one of ``include`` and none of ``exclude``. Whatever they say, only ``*.py``
    files are looked at.
    """

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()


def python_files(folder: Path, globs: Globs = Globs()) -> Iterator[Path]:
    """Yield the ``*.py`` files below a folder in no particular order, some perhaps twice.

    Folders that cannot be listed are yielded too: reading them fails with the reason, which is then
    reported like any other.
    """
    listed = _listed_by_git(folder)
    included = pathspec.GitIgnoreSpec.from_lines(globs.include)
    excluded = pathspec.GitIgnoreSpec.from_lines(globs.exclude)
    for path in _walk(folder) if listed is None else listed:
        name = path.relative_to(folder).as_posix()
        if (not globs.include or included.match_file(name)) and not excluded.match_file(name):
            yield path


def submodules(folder: Path) -> tuple[str, ...]:
    """Return the paths of a checkout's submodules, whose files `python_files` leaves out.

    They are repositories of their own: with a history, a calibration and statistics of their own.
    """
    if not (folder / ".gitmodules").exists():
        return ()
    try:
        listing = output(folder, "ls-files", "-z", "--stage")
    except GitError:
        return ()
    return tuple(
        os.fsdecode(line.partition(b"\t")[2])
        for line in listing.split(b"\0")
        if line.startswith(_SUBMODULE)
    )


def entries(root: Path, files: Iterable[Path]) -> Iterator[Entry]:
    """Yield what the directories say of files below ``root``; those gone meanwhile are left out."""
    for path in files:
        if (found := entry_of(root, path)) is not None:
            yield found


def entry_of(root: Path, path: Path) -> Entry | None:
    """Return what its directory says of a file below ``root``, None if it is gone."""
    try:
        status = path.stat()
    except OSError:
        return None
    name = os.fsencode(path.relative_to(root).as_posix())
    return Entry(name, status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)


def _listed_by_git(folder: Path) -> Iterator[Path] | None:
    """Return the folder's Python files as git sees them, None if that is not git's to say."""
    try:
        output(folder, "rev-parse", "--is-inside-work-tree")
    except GitError:
        return None
    try:
        output(folder, "check-ignore", "--quiet", ".")
    except GitError:
        return _git_files(folder)
    return None  # whoever names an ignored folder wants it looked at


def _git_files(folder: Path) -> Iterator[Path]:
    arguments = ("ls-files", "-z", "-co", "--exclude-standard", "--", "*.py")
    with stream(folder, *arguments) as listing:
        for name in _names(listing):
            relative = Path(os.fsdecode(name))
            if _NOT_OURS.isdisjoint(relative.parts) and _is_plain(folder / relative):
                yield folder / relative


def _names(listing: IO[bytes]) -> Iterator[bytes]:
    rest = b""
    while block := listing.read(_BLOCK):
        *names, rest = (rest + block).split(b"\0")
        yield from names


def _walk(folder: Path) -> Iterator[Path]:
    unlisted: list[OSError] = []
    for place, folders, names in os.walk(folder, onerror=unlisted.append):
        here = Path(place)
        folders[:] = [name for name in folders if name not in _NOT_OURS and name[0] != "."]
        if (here / "pyvenv.cfg").exists():
            folders.clear()
            continue
        yield from (
            here / name for name in names if name.endswith(".py") and _is_plain(here / name)
        )
    yield from (Path(error.filename) for error in unlisted)


def _is_plain(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()
