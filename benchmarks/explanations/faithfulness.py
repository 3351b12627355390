"""Deletion tests of rationales on real code, of every method.

They ask whether a rationale holds what the score rests on.

Two controls. *Random* rationales of the same sizes, read through the same holes. And the *nearest*
tokens, which need no model at all: what stands close to a line matters most to it, and a method
that only knew that would beat random ones too.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from rich.progress import track

from benchmarks.explanations.subject import Subject, quartiles, triple, weigh_line
from benchmarks.explanations.tokens import predicted
from benchmarks.explanations.units import Unit, units
from benchmarks.report import write
from linewise.lab.attribution.reference import reference
from linewise.lab.evaluate.bootstrap import Interval
from linewise.rationale.attribution import (
    DEFAULT_EDIT_METHOD,
    DEFAULT_TOKEN_METHOD,
    Targets,
    attribute,
)
from linewise.rationale.faithfulness.curves import AgainstRandom, faithfulness
from linewise.rationale.faithfulness.units import verdict

FRACTIONS = (0.1, 0.2, 0.4)
DRAWS = 6
NEAREST = "nearest tokens"
SLOW = {"occlusion": 8}
"""Measured on every so many units only: it reads a unit as often as it has tokens."""
CONTEXT = 64
"""Tokens before the end of a line of which a predicted token is explained."""
MOST_PLACES = 12
TOKEN_METHODS: dict[str, dict[str, Any]] = {
    "greedy": {"max_places": MOST_PLACES},
    "greedy-shortlist": {"max_places": MOST_PLACES},
    "occlusion": {},
    "gradient-x-input": {},
    "integrated-gradients": {"steps": 16},
    "attention-rollout": {},
}
FIGURES = ("sufficiency", "comprehensiveness")

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Row = dict[str, Any]


def measure(data: Path, cache: Path, count: int, tokens: int) -> None:
    """Write faithfulness.json: ``count`` lines by the head, ``tokens`` predicted tokens."""
    subject = Subject.load(cache)
    chosen = list(units(subject, data, count))
    edits = _rows(chosen, lambda unit, number: _edit(subject, unit, number), "lines")
    tokens_found = _rows(chosen, lambda unit, _: _token(subject, unit), "predicted tokens", tokens)
    figures = {
        "model": subject.model.target.name,
        "probe": subject.probe.manifest.identity,
        "fractions": FRACTIONS,
        "random rationales": DRAWS,
        "lines": _figures(edits, DEFAULT_EDIT_METHOD),
        "predicted tokens": _figures(tokens_found, DEFAULT_TOKEN_METHOD),
        "by source": {
            source: _figures([row for row in edits if row["source"] == source], DEFAULT_EDIT_METHOD)
            for source in sorted({row["source"] for row in edits})
        },
    }
    write("faithfulness", "python -m benchmarks.explanations faithfulness", figures)


def tested(targets: Targets, ways: dict[str, Callable[[], Floats]]) -> dict[str, Row]:
    """Run the deletion tests of one target's weights (T,) by several methods.

    The target's last token is always kept, as in the product. All methods meet the same random
    rationales, which are read once.
    """
    context = targets.context(0)
    fixed = np.ones(len(targets.ids), bool)
    fixed[context[:-1]] = False
    known: dict[bytes, float] = {}

    def score(keep: Bools) -> Floats:
        rows = [row.tobytes() for row in keep]
        new = [n for n, row in enumerate(rows) if row not in known]
        for n in new:
            known[rows[n]] = float(targets.scores(0, keep[n][None])[0])
        return np.array([known[row] for row in rows])

    one = _seconds(lambda: targets.scores(0, np.ones((1, len(fixed)), bool)))[0]
    found = {}
    for name, weigh in ways.items():
        seconds, weights = _seconds(weigh)
        result = faithfulness(
            np.nan_to_num(weights), score, fixed=fixed, fractions=FRACTIONS, draws=DRAWS
        )
        areas = (result.sufficiency_area, result.comprehensiveness_area)
        found[name] = {
            "readings": seconds / one,
            **{
                figure: [area.value, area.random, area.beaten]
                for figure, area in zip(FIGURES, areas, strict=True)
            },
        }
    return found


def _edit(subject: Subject, unit: Unit, number: int) -> Row:
    line = unit.riskiest
    methods = [
        DEFAULT_EDIT_METHOD,
        # Neighbours are of different sources.
        *(name for name, every in SLOW.items() if number // 2 % every == 0),
    ]

    def make() -> Row:
        risk = subject.risk(line)
        ways = {name: lambda name=name: weigh_line(risk, line, name) for name in methods}
        return tested(risk, {**ways, NEAREST: lambda: np.arange(len(line.ids), dtype=float)})

    return subject.kept(f"faithful {FRACTIONS} {DRAWS} {methods} {unit.name}:{line.line}", make)


def _token(subject: Subject, unit: Unit) -> Row:
    """Explain the last token of the line that the model predicts, from a short context."""
    line = unit.riskiest

    def make() -> Row:
        if (found := predicted(subject, line, CONTEXT, 1)) is None:
            return {}
        targets = found.asked(subject.model)
        reference(targets.model.target.name)  # torch loads it once: no method's cost
        ways = {
            name: lambda name=name, options=options: attribute(name, targets, **options).weights[0]
            for name, options in TOKEN_METHODS.items()
        }
        return tested(targets, {**ways, NEAREST: lambda: np.arange(len(targets.ids), dtype=float)})

    return subject.kept(f"faithful token {FRACTIONS} {DRAWS} {unit.name}:{line.line}", make)


def _rows(
    chosen: Iterable[Unit], test: Callable[[Unit, int], Row], what: str, most: int | None = None
) -> list[Row]:
    rows: list[Row] = []
    for number, unit in track(list(enumerate(chosen)), what):
        if most is not None and len(rows) == most:
            break
        if found := test(unit, number):
            rows.append({"group": unit.group, "source": unit.source, "methods": found})
    return rows


def _figures(rows: Sequence[Row], default: str) -> dict[str, Any]:
    """Return each method's figures over the units it was measured on."""
    names = dict.fromkeys(name for row in rows for name in row["methods"])
    found: dict[str, Any] = {"default": default}
    for name in names:
        mine = [row for row in rows if name in row["methods"]]
        groups = [row["group"] for row in mine]
        figures: dict[str, Any] = {
            "units": len(mine),
            "groups": len(set(groups)),
            "readings": quartiles([row["methods"][name]["readings"] for row in mine]),
        }
        for figure in FIGURES:
            values = [row["methods"][name][figure] for row in mine]
            result = verdict([_against(*each) for each in values], groups)
            figures[figure] = {
                "better": triple(result.better),
                "beaten": triple(result.beaten),
                "difference": triple(result.difference),
            }
            if name != default:
                others = [row["methods"][default][figure] for row in mine]
                pairs = [
                    _against(other[0], each[0], np.nan)
                    for each, other in zip(values, others, strict=True)
                ]
                beside = verdict(pairs, groups)
                figures[figure]["default does better"] = triple(beside.better)
                figures[figure]["default less this"] = triple(beside.difference)
        found[name] = figures
    return found


def _against(value: float, other: float, beaten: float) -> AgainstRandom:
    difference = Interval(value - other, np.nan, np.nan)
    return AgainstRandom(value, other, difference, beaten)


def _seconds(work: Callable[[], Any]) -> tuple[float, Any]:
    """Return the processor's seconds, which do not count those it works for others."""
    begin = time.process_time()
    found = work()
    return time.process_time() - begin, found
