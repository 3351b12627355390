"""The tables behind the pictures: what a researcher computes with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from linewise.lab.evaluate.bootstrap import Interval
from linewise.rationale.statistics.entropy import Entropy
from linewise.report.payload import WorkspaceReport
from linewise.workspace.scan.export import Row, Table
from linewise.workspace.scan.line_statistics import BINS, Level
from linewise.workspace.scan.rationale_statistics import RationaleStatistics


def report_tables(report: WorkspaceReport) -> dict[str, Table]:
    """Return the tables of a report by name; those with nothing in them are left out."""
    lines = report.lines
    found = [
        _histogram("distribution", "lines", lines.everything.histogram),
        _histogram("by_file", "files", lines.file_means),
        *(_level_table(f"by_{division}", parts) for division, parts in lines.by.items()),
        _table(
            "files",
            ("path", "lines", "expected_edits", "excess", "highest", "flagged"),
            (str, int, float, float, float, int),
            (
                (each.path, each.lines, each.expected, each.excess, each.highest, each.flagged)
                for each in lines.risky_files
            ),
        ),
        _table(
            "functions",
            (
                *("path", "first_line", "last_line", "name", "kind", "lines", "expected_edits"),
                *("excess", "highest"),
            ),
            (str, int, int, str, str, int, float, float, float),
            (
                (
                    *(each.path, each.first_line, each.last_line, each.name, each.kind),
                    *(each.lines, each.expected, each.excess, each.highest),
                )
                for each in lines.risky_units
            ),
        ),
        _table(
            "lines",
            ("path", "line", "unit", "probability", "calibrated", "text"),
            (str, int, str, float, bool, str),
            (
                (
                    *(each.path, each.line, each.unit, each.probability, each.calibrated),
                    report.texts.get((each.path, each.line), ""),
                )
                for each in lines.risky_lines
            ),
        ),
        _table(
            "trend",
            ("commit", "time", "dirty", "files", "units", "lines", "mean", "flagged"),
            (str, int, bool, int, int, int, float, float),
            (
                (
                    *(each.commit.hash, each.commit.time, each.commit.dirty),
                    *(each.figures.files, each.figures.units, each.figures.lines),
                    *(each.figures.mean, each.figures.flagged),
                )
                for each in report.trend
            ),
        ),
        _table(
            "stability",
            ("category", "units", "signal", "noise", "snr", "reliability"),
            (str, int, float, float, float, float),
            (
                (
                    *(each.category, each.units, each.found.signal, each.found.noise),
                    *(each.found.snr, each.found.reliability),
                )
                for each in report.stability
            ),
        ),
        _table(
            "calibration",
            ("measured", "lines", *_interval("brier_skill"), *_interval("ece"), *_interval("auc")),
            (str, int, *(float,) * 9),
            (
                (
                    each.of,
                    each.lines,
                    *_values(each.skill),
                    *_values(each.error),
                    *_values(each.auc),
                )
                for each in report.calibration.measured
            ),
        ),
        _table("skipped", ("path", "reason"), (str, str), iter(report.problems)),
    ]
    if report.reliability is not None:
        found.append(
            _table(
                "reliability",
                ("predicted", "observed", "lines"),
                (float, float, float),
                ((each.predicted, each.observed, each.lines) for each in report.reliability.bins),
            )
        )
    if report.rationales is not None:
        found += _rationale_tables(report.rationales)
    if report.reference is not None:
        found.append(_differences("reference", [("", report.reference.divergence)]))
    return {each.name: each for each in found if any(True for _ in each.rows())}


def _rationale_tables(found: RationaleStatistics) -> list[Table]:
    return [
        _table(
            "reliance",
            (
                *("category", "group", "tokens", *_interval("share"), "chance"),
                *(*_interval("beyond_chance"), "p", "q", *_interval("weight_share")),
                *(*_interval("mean_weight"), *_interval("median_weight")),
            ),
            (str, str, int, *(float,) * 18),
            (
                (
                    *(each.category, each.group, each.tokens, *_values(each.share), each.chance),
                    *(*_values(each.beyond.effect), each.beyond.p, each.beyond.q),
                    *(*_values(each.weight_share), *_values(each.mean), *_values(each.median)),
                )
                for each in found.categories
            ),
        ),
        _table(
            "heat_map",
            ("target", "rationale", "pairs", *_interval("share"), *_interval("mean_weight")),
            (str, str, int, *(float,) * 6),
            (
                (
                    found.matrix.categories[row],
                    found.matrix.categories[column],
                    int(found.matrix.counts[row, column]),
                    *_values(found.matrix.share.at(row, column)),
                    *_values(found.matrix.mean.at(row, column)),
                )
                for row, column in np.argwhere(found.matrix.counts).tolist()
            ),
        ),
        _table(
            "entropy",
            ("what", *_interval("value")),
            (str, float, float, float),
            (
                *_entropy_rows("tokens", found.entropy.tokens),
                *_entropy_rows("categories", found.entropy.categories),
                ("reduction", *_values(found.entropy.reduction)),
                ("reduction by random categories", *_values(found.entropy.control)),
                ("reduction beyond random categories", *_values(found.entropy.beyond)),
                ("p of random categories reducing as much", found.entropy.p, np.nan, np.nan),
            ),
        ),
        _table(
            "folders",
            ("folder", "units", *_interval("jensen_shannon"), "p"),
            (str, int, float, float, float, float),
            (
                (each.folder, each.units, *_values(each.divergence.distance), each.divergence.p)
                for each in found.folders
            ),
        ),
        _differences(
            "folder_categories", [(each.folder, each.divergence) for each in found.folders]
        ),
    ]


def _differences(name: str, parts: Sequence[tuple[str, Any]]) -> Table:
    return _table(
        name,
        ("part", "category", "share", "share_elsewhere", *_interval("difference"), "p", "q"),
        (str, str, *(float,) * 7),
        (
            (part, each.category, each.a, each.b, *_values(each.effect), each.p, each.q)
            for part, divergence in parts
            for each in divergence.categories
        ),
    )


def _histogram(name: str, of: str, counts: npt.NDArray[np.int64]) -> Table:
    steps = enumerate(counts.tolist())
    rows = ((place / BINS, (place + 1) / BINS, count) for place, count in steps)
    return _table(name, ("from", "to", of), (float, float, int), rows)


def _level_table(name: str, parts: Sequence[Level]) -> Table:
    return _table(
        name,
        ("part", "lines", *_interval("mean"), *_interval("flagged")),
        (str, int, *(float,) * 6),
        ((each.name, each.lines, *_values(each.mean), *_values(each.flagged)) for each in parts),
    )


def _entropy_rows(name: str, found: Entropy) -> Iterator[Row]:
    yield f"entropy of {name}, bits", *_values(found.bits)
    yield f"entropy of {name}, normalised", *_values(found.normalised)
    yield f"support of {name}", float(found.support), np.nan, np.nan


def _interval(name: str) -> tuple[str, str, str]:
    return name, f"{name}_low", f"{name}_high"


def _values(value: Interval) -> tuple[float, float, float]:
    return value.value, value.low, value.high


def _table(
    name: str, columns: tuple[str, ...], kinds: tuple[type, ...], rows: Iterable[Row]
) -> Table:
    kept = list(rows)
    return Table(name, columns, kinds, lambda: iter(kept))
