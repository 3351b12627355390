"""Token-level explanations of lines by many heads that read the same knocked-out inputs.

What a line's tokens are when it cannot see another token depends on the target model alone; only
what a head makes of it differs. So each line is read once, for all heads.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from attrs import frozen

from benchmarks.explanations.heads import HeadProbe, Trained
from benchmarks.explanations.subject import Subject
from benchmarks.explanations.units import Unit, programs
from linewise.models.incremental import States
from linewise.models.runtime import Floats as Float32s
from linewise.rationale.attribution import EditRisks, attribute
from linewise.rationale.line_input import LineInput
from linewise.rationale.taxonomy.categories import NoCategories, categorize

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

LEAST_TOKENS = 4
MOST_READ = 3000
"""Tokens of the one pass that reads the line once without each other token."""


@frozen(eq=False)
class Explained:
    """A line of a held-out program, and what ``labels`` its T tokens before its end have.

    ``categories`` (T,) index ``labels``; ``lines`` (T,) are the text's lines.
    """

    unit: Unit
    input: LineInput
    labels: tuple[str, ...]
    categories: Ints
    lines: Ints


class SharedReadings(EditRisks):
    """A line's risk by any head; readings are kept in ``memo``, which heads share."""

    def __init__(self, memo: dict[Any, Any], subject: Subject, line: LineInput, head: Any) -> None:
        super().__init__(subject.model, head, line.ids, [(line.first, line.end)])
        self._memo = memo

    @cached_property
    def whole(self) -> tuple[Float32s, States]:
        """The input read once."""
        if "whole" not in self._memo:
            self._memo["whole"] = super().whole
        return self._memo["whole"]

    def read(self, past: States, places: Ints, visible: npt.NDArray[np.bool_]) -> Float32s:
        """Read tokens after ``past``, once for all heads."""
        key = (places.tobytes(), visible.tobytes())
        if key not in self._memo:
            self._memo[key] = super().read(past, places, visible)
        return self._memo[key]


def explained_lines(subject: Subject, data: Path, count: int) -> Iterator[Explained]:
    """Yield the riskiest lines of units of held-out programs that can be read in one pass."""
    readable = (
        unit
        for unit in programs(subject, data)
        if unit.riskiest.end - unit.riskiest.first >= LEAST_TOKENS
        and unit.riskiest.end * (unit.riskiest.end - unit.riskiest.first) <= MOST_READ
    )
    for unit in islice(readable, count):
        yield _explained(unit, unit.riskiest)


def by_heads(subject: Subject, line: Explained, trained: Trained) -> Floats:
    """Return the knockout weight of each token by each head, (S, T), every token by itself."""
    read = line.input
    each_token = [np.array([place]) for place in range(read.first)]

    def weigh() -> dict[str, Any]:
        memo: dict[Any, Any] = {}
        rows = []
        for head in trained.heads:
            probe = HeadProbe(head, subject.probe.manifest)
            risk = SharedReadings(memo, subject, read, probe)
            found = attribute("knockout", risk, groups=each_token, budget=float(MOST_READ))
            rows.append(found.weights[0, : read.end].round(5).tolist())
        return {"weights": rows}

    key = f"repeated {trained.key} {len(trained.heads)} {line.unit.name}:{read.line}"
    return np.array(subject.kept(key, weigh)["weights"], np.float64)


def total(weights: Floats, classes: Ints, count: int) -> Floats:
    """Return the sums (…, count) of weights (…, T) by class (T,)."""
    return weights @ (classes[:, None] == np.arange(count)).astype(np.float64)


def _explained(unit: Unit, line: LineInput) -> Explained:
    assert not isinstance(unit.text.document, NoCategories)
    level = categorize(unit.text.document, line.starts[: line.end], line.ends[: line.end])[
        "category"
    ]
    return Explained(unit, line, level.labels, level.members.argmax(axis=1), line.lines[: line.end])
