"""What a reader could predict of the probe from the hover's summary alone, on held-out files."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import numpy.typing as npt
from attrs import frozen
from rich.progress import track

from benchmarks.explanations.subject import Subject, triple
from benchmarks.explanations.units import Line, Unit, programs
from benchmarks.report import write
from linewise.engine import Engine
from linewise.lab.evaluate.simulatability import Simulation, simulate
from linewise.rationale.attribution import DEFAULT_EDIT_METHOD
from linewise.rationale.line_logit import logit_shares
from linewise.rationale.statistics.aggregators import aggregate, shares
from linewise.rationale.taxonomy.categories import categorize

OF_A_UNIT = 3
FLAGGED = 0.2
"""The share of lines that are called flagged: with the shipped threshold, too few would be."""

Floats = npt.NDArray[np.float64]


@frozen(eq=False)
class _Summary:
    """A line's categories by share (K,) and by signed weight (K,), and what it was given.

    ``facts`` and ``head`` are their parts of the shown log-odds (`logit_shares`).
    """

    group: str
    shares: Floats
    weights: Floats
    logit: float
    shown: float
    facts: float
    head: float


def measure(data: Path, cache: Path, count: int) -> None:
    """Write simulatability.json: ``count`` lines."""
    subject = Subject.load(cache)
    engine = Engine(subject.model.target, subject.probe)
    found: list[_Summary] = []
    for unit in track(programs(subject, data), "summaries", total=count // OF_A_UNIT):
        if len(found) >= count:
            break
        found += [_summary(subject, engine, unit, line) for line in _some(unit)]
    groups = np.array([each.group for each in found])
    logits, shown = (np.array([getattr(s, name) for s in found]) for name in ("logit", "shown"))
    part, weights = (np.stack([getattr(s, name) for s in found]) for name in ("shares", "weights"))
    facts, head = (np.array([getattr(s, name) for s in found]) for name in ("facts", "head"))
    share = np.abs(facts) / np.maximum(np.abs(facts) + np.abs(head), 1e-12)
    asked = {
        "the head's logit": {
            "category shares": (part, logits),
            "signed category weights": (weights, logits),
        },
        "the shown log-odds": {
            "category shares": (part, shown),
            "category shares and the facts' share": (np.column_stack((part, share)), shown),
            "the facts' part of the log-odds": (facts[:, None], shown),
            "the head's part of the log-odds": (head[:, None], shown),
        },
    }
    figures = {
        "model": subject.model.target.name,
        "probe": subject.probe.manifest.identity,
        "lines": len(found),
        "problems": len(set(groups.tolist())),
        "flagged": FLAGGED,
        **{
            target: {
                name: _figures(
                    simulate(
                        summaries, answers, groups, threshold=np.quantile(answers, 1 - FLAGGED)
                    )
                )
                for name, (summaries, answers) in summaries_of.items()
            }
            for target, summaries_of in asked.items()
        },
    }
    write("simulatability", "python -m benchmarks.explanations simulatability", figures)


def _some(unit: Unit) -> list[Line]:
    """Return some lines of a unit, whatever their risk."""

    def order(line: Line) -> str:
        return hashlib.sha256(f"{unit.name}:{line.input.line}".encode()).hexdigest()

    return sorted(unit.lines, key=order)[:OF_A_UNIT]


def _summary(subject: Subject, engine: Engine, unit: Unit, line: Line) -> _Summary:
    read = line.input
    weights = np.nan_to_num(subject.weights(unit.name, read, DEFAULT_EDIT_METHOD))
    level = categorize(unit.text.document, read.starts, read.ends)["category"]
    parts = subject.kept(
        f"shown {unit.name}:{read.line}", lambda: _shown(engine, unit.text.text, read.line)
    )
    return _Summary(
        unit.group,
        shares(aggregate(weights, level.members, "absolute sum")),
        aggregate(weights, level.members, "sum"),
        line.logit,
        **parts,
    )


def _shown(engine: Engine, text: str, line: int) -> dict[str, Any]:
    scored = engine.score(text)
    row = [each.line for each in scored.lines].index(line)
    p = scored.lines[row].probability
    parts = logit_shares(engine.probe, scored.facts, scored.heads, row)
    return {"shown": float(np.log(p / (1 - p))), "facts": parts.facts, "head": parts.head}


def _figures(found: Simulation) -> dict[str, Any]:
    return {
        name: {metric: triple(each) for metric, each in value.items()}
        for name, value in attrs.asdict(found, recurse=False).items()
        if isinstance(value, dict)
    }
