"""The baseline: findings a team knows of and does not want to be shown, in a file they share.

It lies in the repository, sorted and without line numbers, so that it merges and survives moved
lines: ``{"version": 1, "files": {"src/a.py": ["0123456789abcdef", …]}}``, by `fingerprints`. What
is known of a file that is gone holds for one that nothing is known of and that has most of it: it
was renamed.
"""

from __future__ import annotations

import errno
import json
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

import cattrs
from attrs import Factory, frozen

from linewise.errors import LinewiseError
from linewise.workspace import store
from linewise.workspace.decisions import name_below, names_behind_links
from linewise.workspace.git import find_root, normal
from linewise.workspace.sparse import LeftOut, index_version
from linewise.writing import replace_file, to_json

VERSION = 1
_ABSENT = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP)
Known = Mapping[str, frozenset[str]]
"""The fingerprints of findings, by the name of the file."""


@frozen
class _Stored:
    version: int
    files: dict[str, list[str]] = Factory(dict)


@frozen
class Seen:
    """What a run saw of a file: the fingerprints of all its lines, and of those it would flag."""

    lines: frozenset[str]
    found: frozenset[str]


class Baseline:
    """One baseline file, which need not exist; read again whenever it changed.

    Names in it are relative to ``root``.
    """

    def __init__(self, path: Path, root: Path) -> None:
        self.path = path
        self.root = root
        self._signature = (-1, -1)
        self._files: dict[str, frozenset[str]] = {}
        self._left_out = LeftOut()
        self.problem: str | None = None

    def name_of(self, path: Path) -> str:
        """Return what a file below ``root`` is called in here: as the file behind all links.

        Raises
        ------
        ValueError
            If neither lies below ``root``.
        """
        name = name_below(path, self.root)
        if name is None:
            raise ValueError(f"{path} is not below {self.root}")
        return name

    def of(self, name: str, lines: Collection[str]) -> frozenset[str]:
        """Return the fingerprints known of a file whose ``lines`` have these.

        None if they cannot be read (``problem``).
        """
        known = self._entries(name)
        if name in self._files:
            return known[0]
        # More than half, as git wants to see of a file that was renamed.
        renamed = (prints for prints in known if 2 * len(prints.intersection(lines)) > len(prints))
        return frozenset().union(*renamed)

    def version(self, name: str) -> int:
        """Return what changes whenever what is known of a file may; starts no process."""
        self._read()
        if name in self._files:
            return hash(self._files[name])
        absent = tuple(prints for other, prints in self._files.items() if not self._exists(other))
        # Which of them git leaves out is known by its index.
        root = find_root(self.root) if absent else None
        return hash((absent, root and index_version(root)))

    def add(self, name: str, prints: Iterable[str], lines: Collection[str]) -> int:
        """Add fingerprints of a file whose ``lines`` have those; return how many are new.

        Raises
        ------
        LinewiseError
            If the file cannot be read or written; it is left as it is.
        """
        before = self.of(name, lines)
        after = before | set(prints)
        if after != before:
            self.write({**self.known(), name: after})
        return len(after) - len(before)

    def known(self) -> Known:
        """Return the fingerprints known of all files.

        Raises
        ------
        LinewiseError
            If the file is no baseline, or one of another version.
        """
        self._read()
        if self.problem is not None:
            raise LinewiseError(self.problem)
        return dict(self._files)

    def after(self, seen: Mapping[str, Seen], folders: Iterable[Path], *, accept: bool) -> Known:
        """Return what is known once a run saw some files and all there is below some folders.

        Of a file it saw, the known lines that are still in it, or with ``accept`` the lines it
        would flag and no others; of other files what was known, unless they would be below one of
        the folders and are gone.
        """
        known = self.known()
        below = [self._folder(folder) for folder in folders]

        def remains(name: str) -> bool:
            within = any((self.root / name).is_relative_to(folder) for folder in below)
            return not within or not self._is_gone(name)

        others = {name: known[name] for name in known if name not in seen and remains(name)}
        these = {
            name: each.found if accept else self.of(name, each.lines) & each.lines
            for name, each in seen.items()
        }
        return {name: prints for name, prints in {**others, **these}.items() if prints}

    def write(self, files: Known) -> None:
        """Replace what is known.

        Raises
        ------
        LinewiseError
            If the file cannot be written; it is left as it is.
        """
        kept = {name: sorted(files[name]) for name in sorted(files) if files[name]}
        # As others write files into a repository: `store.write` lets nobody else read them.
        text = to_json(cattrs.unstructure(_Stored(VERSION, kept)), read_back=True)
        try:
            replace_file(self.path, f"{text}\n")
        except OSError as error:
            raise LinewiseError(
                f"{self.path} cannot be written: {error.strerror}; it is left as it was"
            ) from error

    def _entries(self, name: str) -> tuple[frozenset[str], ...]:
        """Return what is known of a file, or if nothing is, of each that is gone."""
        self._read()
        files = self._files
        if name in files:
            return (files[name],)
        return tuple(prints for other, prints in files.items() if self._is_gone(other))

    def _folder(self, folder: Path) -> Path:
        """Return a folder as names are looked for in it."""
        if name_below(self.root, folder) is not None:
            return self.root
        name = name_below(folder, self.root)
        return normal(folder) if name is None else self.root / name

    def _is_gone(self, name: str) -> bool:
        return not self._exists(name) and not self._left_out.holds(self.root / name)

    def _exists(self, name: str) -> bool:
        try:
            (self.root / name).stat()
        except OSError as error:
            # What cannot be looked at is not gone.
            return error.errno not in _ABSENT
        except ValueError:  # no file has such a name
            return False
        return True

    def _read(self) -> None:
        signature = store.signature(self.path)
        if signature == self._signature:
            return
        files: dict[str, frozenset[str]] = {}
        problem = None
        try:
            raw = json.loads(self.path.read_text("utf-8"))
            if raw["version"] != VERSION:
                raise ValueError
            stored = cattrs.structure(raw, _Stored).files
            # Once, a link's name was one of its own.
            own = names_behind_links(stored, self.root)
            for name, prints in stored.items():
                files[own[name]] = files.get(own[name], frozenset()).union(prints)
        except FileNotFoundError:
            pass
        except (OSError, ValueError, KeyError, TypeError, cattrs.BaseValidationError):
            problem = (
                f"{self.path} is no baseline that this version of Linewise reads, and is not used; "
                "correct it, or delete it and add its findings again"
            )
        # The signature last: another thread that asks meanwhile reads the file itself.
        self._files, self.problem, self._signature = files, problem, signature
