"""What is measured: the default model with its shipped probe, and what was found about it before.

Results are kept in a journal under the identity of model and probe, so that a measurement that was
stopped goes on, and one of another probe begins anew.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from attrs import frozen

from linewise.lab.evaluate.bootstrap import Interval
from linewise.lab.journal import Journal
from linewise.models.incremental import IncrementalModel
from linewise.models.runtime import TargetModel
from linewise.probe.runtime import Probe
from linewise.probe.shipped import find_probe
from linewise.rationale.attribution import EditRisks, attribute
from linewise.rationale.line_input import LineInput
from linewise.settings import DEFAULT_MODEL

Floats = npt.NDArray[np.float64]


@frozen(eq=False)
class Subject:
    """A target model, its probe, and the journal of what was found about both."""

    model: IncrementalModel
    probe: Probe
    journal: Journal

    @classmethod
    def load(cls, cache: Path) -> Subject:
        """Load the default model on one thread; the journal lies in the folder ``cache``."""
        folder = find_probe(DEFAULT_MODEL)
        assert folder is not None
        model = IncrementalModel(TargetModel.load(DEFAULT_MODEL, threads=1))
        return cls(model, Probe(folder), Journal(cache / "explanations.jsonl"))

    @property
    def identity(self) -> str:
        """What results depend on."""
        return f"{self.model.target.identity[:16]} {self.probe.manifest.identity[:16]}"

    def kept(self, key: str, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """Return what is known under ``key``, or make it known."""
        whole = f"{self.identity} {key}"
        found = self.journal.get(whole)
        if found is None:
            found = make()
            self.journal.put(whole, found)
        return found

    def risk(self, line: LineInput) -> EditRisks:
        """Return the question what the head says of a line."""
        return EditRisks(self.model, self.probe, line.ids, [(line.first, line.end)])

    def weights(self, name: str, line: LineInput, method: str) -> Floats:
        """Return the weights (T,) of a line of the unit ``name``; nan behind the line."""

        def weigh() -> dict[str, Any]:
            return {"weights": weigh_line(self.risk(line), line, method).round(6).tolist()}

        return np.array(self.kept(f"{method} {name}:{line.line}", weigh)["weights"])


def weigh_line(risk: EditRisks, line: LineInput, method: str) -> Floats:
    """Return weights (T,) as the product computes them: by line, then by token, where it groups."""
    options = {"groups": lines_before(line)} if method == "knockout" else {}
    return attribute(method, risk, **options).weights[0]


def lines_before(line: LineInput) -> list[npt.NDArray[np.int64]]:
    """Return the places before a line, one group for each line of the text."""
    lines = line.lines[: line.first]
    return np.split(np.arange(len(lines)), np.flatnonzero(np.diff(lines)) + 1)


def rounded(value: float) -> float | None:
    """Return a figure as it is written to a record; what is not finite is null."""
    return round(float(value), 4) if np.isfinite(value) else None


def triple(each: Interval) -> list[float | None]:
    """Return an interval as it is written to a record."""
    return [rounded(value) for value in (each.value, each.low, each.high)]


def quartiles(values: Sequence[float] | Floats) -> list[float | None]:
    """Return median, first and third quartile as they are written to a record."""
    known = np.asarray(values, np.float64)
    if np.isnan(known).all():
        return [None] * 3
    # No mean of two values: one of them may be infinite.
    return [rounded(v) for v in np.nanquantile(known, [0.5, 0.25, 0.75], method="nearest")]
