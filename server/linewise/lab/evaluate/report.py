"""From files of predictions to one record of figures, and nothing but those files.

The record is what tables, the model card and the documentation are made from.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from linewise.errors import LabDataError
from linewise.lab.evaluate.bootstrap import RESAMPLES, Interval, differences, intervals
from linewise.lab.evaluate.metrics import CALIBRATION, HEADLINE, METRICS
from linewise.lab.evaluate.sample import Metric, Sample, sample_of
from linewise.lab.predictions import Floats, Level, Predictions, load
from linewise.lab.splits import BY_PROBLEM, WITHOUT_GENERATOR

COVERAGES = (0.2, 0.4, 0.6, 0.8, 0.9, 1.0)
_DIGITS = 4
_TOKEN_RESAMPLES = 200
"""Tokens are ten times as many as lines; their intervals need fewer resamples than patience."""

Figures = dict[str, Any]


def read_all(folder: Path) -> list[Predictions]:
    """Read every file of predictions in ``folder``, by name.

    Raises
    ------
    LabDataError
        If there is none, or one cannot be read.
    """
    files = sorted(folder.glob("*.npz"))
    if not files:
        raise LabDataError(
            f"{folder} holds no predictions (*.npz); make some with `linewise lab predict`"
        )
    return [load(path) for path in files]


def report(
    found: Iterable[Predictions],
    *,
    subject: str | None = None,
    resamples: int = RESAMPLES,
    progress: Callable[[str, float], None] = lambda _what, _done: None,
) -> Figures:
    """Return figures by split, intent, level and method.

    With ``subject``, every other method is also compared with it, as the interval of the
    difference (subject less other) over the items that both predict; and where a generator was left
    out, with itself on the same items when it was not (``unseen`` less ``seen``).
    """
    tables: dict[tuple[str, str, Level], list[Predictions]] = defaultdict(list)
    for each in found:
        if each.level is Level.TOKEN and each.split != BY_PROBLEM:
            continue  # Millions of them would say little more.
        tables[each.split, each.intent, each.level].append(each)
    figures: Figures = {}
    for number, ((split, intent, level), methods) in enumerate(sorted(tables.copy().items())):
        progress(f"{split}, intent {intent}, {level}s", number / len(tables))
        place = figures.setdefault(split, {}).setdefault(intent, {})
        place[str(level)] = _table(methods, subject, resamples)
        unseen, seen = _named(methods, subject), _named(tables[BY_PROBLEM, intent, level], subject)
        if split.startswith(WITHOUT_GENERATOR) and unseen is not None and seen is not None:
            place[str(level)]["unseen generator"] = _unseen(unseen, seen, resamples)
    return figures


def aligned(one: Predictions, other: Predictions) -> tuple[Predictions, Predictions]:
    """Return both cut down to the items they share, in one order.

    Raises
    ------
    LabDataError
        If they share none, or disagree about a label: they were made from different data.
    """
    keys = [
        {item: at for at, item in enumerate(zip(each.document, each.position, strict=True))}
        for each in (one, other)
    ]
    shared = [item for item in keys[0] if item in keys[1]]
    first, second = (each.take(np.array([key[item] for item in shared], np.int64))
                     for each, key in zip((one, other), keys, strict=True))  # fmt: skip
    if not shared or (first.label != second.label).any():
        raise LabDataError(
            f"{one.title} and {other.title} were made from different data; make both again"
        )
    return first, second


def as_sample(each: Predictions) -> Sample:
    """Return predictions as what metrics take."""
    return sample_of(each.label, each.p, each.document)


def _table(methods: Sequence[Predictions], subject: str | None, resamples: int) -> Figures:
    first = methods[0]
    metrics = METRICS if first.level is Level.LINE else {**HEADLINE, **CALIBRATION}
    if first.level is Level.TOKEN:
        resamples = min(resamples, _TOKEN_RESAMPLES)
    table: Figures = {
        "items": len(first),
        "documents": len(np.unique(first.document)),
        "problems": len(np.unique(first.task)),
        "base_rate": _rounded(first.label.mean()),
        "methods": {each.method: _figures(each, metrics, resamples) for each in methods},
    }
    chosen = _named(methods, subject)
    if chosen is not None:
        table["subject"] = subject
        table["difference"] = {
            other.method: _difference(chosen, other, resamples)
            for other in methods
            if other is not chosen
        }
    return table


def _named(methods: Sequence[Predictions], name: str | None) -> Predictions | None:
    return next((each for each in methods if each.method == name), None)


def _unseen(unseen: Predictions, seen: Predictions, resamples: int) -> Figures:
    """Return skill where the generator was not left out, and what leaving it out changes."""
    first, second = aligned(unseen, seen)
    bss = {"bss": METRICS["bss"]}
    return {
        "items": len(first),
        "seen": _plain(intervals(bss, as_sample(second), second.task, resamples=resamples))["bss"],
        "difference": _difference(unseen, seen, resamples)["bss"],
    }


def _figures(each: Predictions, metrics: Mapping[str, Metric], resamples: int) -> Figures:
    sample = as_sample(each)
    found = _plain(intervals(metrics, sample, each.task, resamples=resamples))
    figures: Figures = {"items": len(each), **found}
    if each.abstained.any():
        covered = each.take(~each.abstained)
        figures["abstained"] = _rounded(each.abstained.mean())
        figures["covered"] = {
            "items": len(covered),
            "base_rate": _rounded(covered.label.mean()) if len(covered) else None,
            **_plain(intervals(HEADLINE, as_sample(covered), covered.task, resamples=resamples)),
        }
    if each.domain is not None and len(each):
        figures["risk_coverage"] = risk_coverage(each, each.domain)
    return figures


def risk_coverage(each: Predictions, strangeness: Floats) -> list[Figures]:
    """Return skill and calibration error of the least strange items, at growing coverage."""
    order = np.argsort(strangeness, kind="stable")
    rows = []
    for coverage in COVERAGES:
        kept = each.take(order[: max(1, round(coverage * len(each)))])
        row: Figures = {"coverage": coverage}
        for name, metric in HEADLINE.items():
            row[name] = _rounded(metric(kept.label, kept.p))
        rows.append(row)
    return rows


def _difference(one: Predictions, other: Predictions, resamples: int) -> Figures:
    first, second = aligned(one, other)
    found = differences(
        HEADLINE, as_sample(first), as_sample(second), first.task, resamples=resamples
    )
    return {"items": len(first), **_plain(found)}


def _plain(found: Mapping[str, Interval]) -> Figures:
    return {
        name: [_rounded(each.value), _rounded(each.low), _rounded(each.high)]
        for name, each in found.items()
    }


def _rounded(value: float) -> float | None:
    """Return a figure for JSON, which has no nan."""
    return round(float(value), _DIGITS) if np.isfinite(value) else None
