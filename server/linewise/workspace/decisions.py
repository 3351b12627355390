"""What users decided about lines: reviewed, ignored. Kept outside the repository, by fingerprint.

One JSON file per repository, or per folder outside of one, beside its calibration. No code is kept:
`analysis.fingerprints` tell lines apart, and a line that moves stays decided.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path

import cattrs
from attrs import Factory, frozen
from filelock import FileLock, Timeout

from linewise.analysis.suppression import Decisions
from linewise.errors import LinewiseError
from linewise.workspace import store
from linewise.workspace.git import find_root, normal

VERSION = 1
LOCK_SECONDS = 0.1
Change = Callable[[Decisions], Decisions]


@frozen
class Place:
    """A file as decisions know it: its name in a repository or folder.

    Without a ``root`` it is no file, and what is decided about it lasts as long as the process.
    """

    root: Path | None
    name: str


def place_of(path: Path) -> Place:
    """Return the place of a file: in its repository, or else in its folder."""
    whole = normal(path)
    return place_in_repository(path) or Place(whole.parent, whole.name)


def place_in_repository(path: Path) -> Place | None:
    """Return the place of a file in its repository, None if it is in none.

    It is that of the file behind all links, if that lies in the same repository or one within it,
    or if ``path`` itself is in none.
    """
    whole, real = normal(path), _behind_links(path)
    root, real_root = find_root(whole.parent), find_root(real.parent)
    if real == whole or real_root is None:
        return None if root is None else Place(root, whole.relative_to(root).as_posix())
    if root is not None and not real.is_relative_to(_behind_links(root)):
        return Place(root, whole.relative_to(root).as_posix())
    # As it was named: a repository itself may be reached by a link, even by one of its own.
    named = (folder for folder in reversed(whole.parents) if _behind_links(folder) == real_root)
    return Place(next(named, real_root), real.relative_to(real_root).as_posix())


def name_below(path: Path, root: Path) -> str | None:
    """Return the name below a folder of the file behind all links, or else its own, if any."""
    for whole, top in ((_behind_links(path), _behind_links(root)), (normal(path), root)):
        if whole.is_relative_to(top):
            return whole.relative_to(top).as_posix()
    return None


def names_behind_links(names: Iterable[str], root: Path) -> dict[str, str]:
    """Return `name_below` for each of many names of files below a folder; others stay."""
    top = str(_behind_links(root))
    folder_behind = cache(lambda folder: os.path.realpath(root / folder))
    found: dict[str, str] = {}
    for name in names:
        folder, _, last = name.rpartition("/")
        try:
            path = os.path.join(folder_behind(folder), last)  # noqa: PTH118 - twice as fast
            path = os.path.realpath(path) if os.path.islink(path) else path  # noqa: PTH114
        except ValueError:  # a NUL, as no file's name has
            path = ""
        below = Path(path).relative_to(top).as_posix() if path.startswith(top + os.sep) else name
        found[name] = below
    return found


def _behind_links(path: Path) -> Path:
    # Unlike `resolve`, it takes loops as they are.
    return Path(os.path.realpath(path))


@frozen
class _Stored:
    """The file's content; names of files are relative to the root, with slashes."""

    version: int
    root: str
    files: dict[str, Decisions] = Factory(dict)


_CONVERTER = cattrs.Converter()
_CONVERTER.register_unstructure_hook_func(lambda kind: kind == frozenset[str], sorted)


class DecisionStore:
    """The decisions about the files of one root, read again whenever they changed."""

    def __init__(self, root: Path | None) -> None:
        self._root = root
        self._path = None if root is None else store.folder_of(root) / "decisions.json"
        self._signature = (-1, -1)
        self._files: dict[str, Decisions] = {}
        self.problem: str | None = None

    def of(self, name: str) -> Decisions:
        """Return what was decided about a file, nothing if that cannot be read (``problem``)."""
        self._read()
        return self._files.get(name, Decisions())

    def change(self, name: str, change: Change) -> None:
        """Change what is decided about a file.

        Raises
        ------
        LinewiseError
            If it cannot be kept; nothing is changed then.
        """
        if self._path is None:
            self._files[name] = change(self.of(name))
            return
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(f"{self._path}.lock", timeout=LOCK_SECONDS):
                changed = change(self.of(name))
                if self.problem is not None:
                    raise LinewiseError(self.problem)
                files = {**self._files, name: changed}
                kept = {each: files[each] for each in sorted(files) if files[each] != Decisions()}
                store.write(
                    self._path, _CONVERTER.unstructure(_Stored(VERSION, str(self._root), kept))
                )
        except Timeout:
            raise LinewiseError(
                "another Linewise is writing down decisions about this folder; try again"
            ) from None
        except OSError as error:
            raise LinewiseError(
                f"{self._path} cannot be written: {error.strerror}; free some space, or move it "
                "with LINEWISE_STATE_DIR"
            ) from error

    def _by_own_name(self, files: Mapping[str, Decisions]) -> dict[str, Decisions]:
        """Return what was decided by the names of files; once, links had decisions of their own."""
        found: dict[str, Decisions] = {}
        own = {} if self._root is None else names_behind_links(files, self._root)
        for name, decided in files.items():
            other = found.get(own[name], Decisions())
            found[own[name]] = Decisions(
                decided.reviewed | other.reviewed,
                decided.ignored | other.ignored,
                decided.ignored_units | other.ignored_units,
                decided.whole_file or other.whole_file,
            )
        return found

    def _now(self) -> tuple[int, int]:
        return (0, 0) if self._path is None else store.signature(self._path)

    def _read(self) -> None:
        signature = self._now()
        if self._path is None or signature == self._signature:
            return
        files, problem = {}, None
        try:
            raw = json.loads(self._path.read_text("utf-8"))
            if raw["version"] != VERSION:
                raise ValueError
            files = self._by_own_name(_CONVERTER.structure(raw, _Stored).files)
        except FileNotFoundError:
            pass
        except (OSError, ValueError, KeyError, TypeError, cattrs.BaseValidationError):
            problem = (
                f"{self._path} cannot be read by this version of Linewise: what was reviewed and "
                "ignored is shown again; move the file away to begin anew"
            )
        # The signature last: another thread that asks meanwhile reads the file itself.
        self._files, self.problem, self._signature = files, problem, signature
