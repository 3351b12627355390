"""What users decided about lines: reviewed, ignored. Kept outside the repository, by fingerprint.

One JSON file per repository, or per folder outside of one, beside its calibration. No code is kept:
`analysis.fingerprints` tell lines apart, and a line that moves stays decided.
"""

from __future__ import annotations

import json
from collections.abc import Callable
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
    root = find_root(whole.parent) or whole.parent
    return Place(root, whole.relative_to(root).as_posix())


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
            files = _CONVERTER.structure(raw, _Stored).files
        except FileNotFoundError:
            pass
        except (OSError, ValueError, KeyError, TypeError, cattrs.BaseValidationError):
            problem = (
                f"{self._path} cannot be read by this version of Linewise: what was reviewed and "
                "ignored is shown again; move the file away to begin anew"
            )
        # The signature last: another thread that asks meanwhile reads the file itself.
        self._files, self.problem, self._signature = files, problem, signature
