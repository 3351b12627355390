"""The inputs of both jobs: problems with tests, and generated programs by task."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import zip_longest
from pathlib import Path
from typing import Any

from attrs import frozen

from linewise.errors import LabDataError
from linewise.lab.jsonl import rows
from linewise.lab.sandbox import Suite

_PROBLEM = {
    **dict.fromkeys(("task_id", "kind", "prompt"), str),
    "entry_point": str | None,
    "fold": int,
}
_SAMPLE = {**dict.fromkeys(("sample_id", "task_id", "model", "program"), str), "passing": bool}


@frozen
class Tasks:
    """Rows of ``problems.jsonl.gz`` by task, and of ``samples.jsonl.gz`` in file order."""

    problems: dict[str, dict[str, Any]]
    samples: tuple[dict[str, Any], ...]

    @classmethod
    def read(cls, folder: Path, folds: Iterable[int] | None = None) -> Tasks:
        """Read both files; programs of other folds, or of tasks without tests, are left out.

        Raises
        ------
        LabDataError
            If nothing is left.
        """
        wanted = None if folds is None else frozenset(folds)
        problems = {
            row["task_id"]: row
            for row in rows(folder / "problems.jsonl.gz", _PROBLEM)
            if (wanted is None or row["fold"] in wanted) and Suite.of(row).tests
        }
        samples = tuple(
            row for row in rows(folder / "samples.jsonl.gz", _SAMPLE) if row["task_id"] in problems
        )
        if not samples:
            raise LabDataError(
                f"{folder}: no program belongs to a problem with tests; check --folds"
            )
        return cls(problems, samples)

    def passing(self) -> dict[str, list[dict[str, Any]]]:
        """Return the programs said to pass, by task, in file order."""
        return _by_task(row for row in self.samples if row["passing"])

    def failing(self, only: frozenset[str] | None = None) -> dict[str, list[dict[str, Any]]]:
        """Return the programs said to fail, or those of them in ``only``, by task."""
        return _by_task(
            row
            for row in self.samples
            if not row["passing"] and (only is None or row["sample_id"] in only)
        )


def taking_turns(by_task: Mapping[str, list[dict[str, Any]]]) -> Iterator[dict[str, Any]]:
    """Yield one program of every task, then a second one, …: early results cover every task."""
    for turn in zip_longest(*by_task.values()):
        yield from (row for row in turn if row is not None)


def _by_task(samples: Iterable[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for row in samples:
        found.setdefault(row["task_id"], []).append(row)
    return found
