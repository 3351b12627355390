"""The baseline: findings a team knows of and does not want to be shown, in a file they share.

It lies in the repository, sorted and without line numbers, so that it merges and survives moved
lines: ``{"version": 1, "files": {"src/a.py": ["0123456789abcdef", …]}}``, by `fingerprints`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import cattrs
from attrs import Factory, frozen

from linewise.errors import LinewiseError
from linewise.workspace import store

VERSION = 1


@frozen
class _Stored:
    version: int
    files: dict[str, list[str]] = Factory(dict)


class Baseline:
    """One baseline file, which need not exist; read again whenever it changed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._signature = (-1, -1)
        self._files: dict[str, list[str]] = {}
        self.problem: str | None = None

    def of(self, name: str) -> frozenset[str]:
        """Return the fingerprints known of a file, none if they cannot be read (``problem``)."""
        self._read()
        return frozenset(self._files.get(name, ()))

    def add(self, name: str, prints: Iterable[str]) -> int:
        """Add fingerprints of a file; return how many were not in there.

        Raises
        ------
        LinewiseError
            If the file cannot be read or written; it is left as it is.
        """
        before = self.of(name)
        if self.problem is not None:
            raise LinewiseError(self.problem)
        after = before | set(prints)
        if after == before:
            return 0
        files = {**self._files, name: sorted(after)}
        try:
            self._write(_Stored(VERSION, {key: files[key] for key in sorted(files)}))
        except OSError as error:
            raise LinewiseError(f"{self.path} cannot be written: {error.strerror}") from error
        return len(after) - len(before)

    def _write(self, content: _Stored) -> None:
        # As others write files into a repository: `store.write` lets nobody else read them.
        text = json.dumps(cattrs.unstructure(content), indent=2, ensure_ascii=False)
        partial = self.path.with_name(f"{self.path.name}.partial")
        partial.write_text(f"{text}\n", "utf-8")
        partial.replace(self.path)

    def _read(self) -> None:
        signature = store.signature(self.path)
        if signature == self._signature:
            return
        files, problem = {}, None
        try:
            raw = json.loads(self.path.read_text("utf-8"))
            if raw["version"] != VERSION:
                raise ValueError
            files = cattrs.structure(raw, _Stored).files
        except FileNotFoundError:
            pass
        except (OSError, ValueError, KeyError, TypeError, cattrs.BaseValidationError):
            problem = (
                f"{self.path} is no baseline that this version of Linewise reads, and is not used; "
                "correct it, or delete it and add its findings again"
            )
        # The signature last: another thread that asks meanwhile reads the file itself.
        self._files, self.problem, self._signature = files, problem, signature
