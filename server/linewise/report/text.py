"""A report as Markdown and as JSON."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from linewise.analysis.lines import without_surrogates
from linewise.report.payload import Reference, WorkspaceReport
from linewise.report.tables import report_tables
from linewise.report.wording import (
    asked,
    distance,
    foremost,
    headline,
    interval,
    limits,
    precise,
    promised,
)
from linewise.workspace.scan.line_statistics import Level
from linewise.writing import to_json

VERSION = 1
"""Of the JSON; it changes only when a reader of the old one would be misled."""
_SHOWN = 10


def render_json(report: WorkspaceReport) -> str:
    """Return what the report says and the tables behind it, as strict JSON."""
    payload = {
        "version": VERSION,
        "tool": {"name": "linewise", "version": report.version},
        "made": report.made,
        "root": report.root,
        "folder": report.folder,
        "commit": None if report.commit is None else report.commit.hash,
        "dirty": None if report.commit is None else report.commit.dirty,
        "model": report.model,
        "calibration": {
            "source": report.calibration.source,
            "fitted": report.calibration.fitted,
            "base_rate": report.calibration.base_rate,
            "threshold": report.calibration.threshold,
            "promise": report.calibration.promise,
            "problem": report.calibration.problem,
        },
        "summary": {
            "files": report.lines.files,
            "units": report.lines.units,
            "lines": report.lines.everything.lines,
            "strange_lines": report.lines.strange,
            "stale_files": report.stale,
            "explained_units": 0 if report.rationales is None else report.rationales.units,
        },
        "method": None
        if report.rationales is None
        else {
            "name": report.rationales.method.name,
            "target": report.rationales.method.target,
            "weight": report.rationales.method.schema.weight,
            "options": dict(report.rationales.method.options),
        },
        "reference": None if report.reference is None else _reference(report.reference),
        "headline": list(headline(report)),
        "limits": list(limits(report)),
        "tables": {
            name: [
                {key: _plain(value) for key, value in zip(table.columns, row, strict=True)}
                for row in table.rows()
            ]
            for name, table in report_tables(report).items()
        },
    }
    return to_json(payload) + "\n"


def render_markdown(report: WorkspaceReport) -> str:
    """Return the report as Markdown: what it says, without pictures."""
    return without_surrogates("\n".join(_markdown(report)) + "\n")


def _markdown(report: WorkspaceReport) -> Iterator[str]:
    lines, found = report.lines, report.rationales
    yield f"# Where edits are likely in {_code(str(Path(report.root, report.folder)))}"
    yield ""
    commit = f", commit {report.commit.hash[:12]}" if report.commit else ""
    yield f"{report.made[:10]}{commit}, {report.model}, probabilities {report.calibration.fitted}"
    yield ""
    yield from (f"- {sentence}" for sentence in headline(report))
    yield from _section("Where to look first")
    yield from _table(
        ("file", "code lines", "expected edits", "more than usual", "riskiest line"),
        (
            (
                _code(each.path),
                f"{each.lines:,}",
                f"{each.expected:.1f}",
                f"{each.excess:+.1f}",
                precise(each.highest),
            )
            for each in foremost(lines.risky_files)
        ),
    )
    yield from _table(
        ("function", "where", "code lines", "expected edits", "riskiest line"),
        (
            (
                _code(each.name),
                _code(f"{each.path}:{each.first_line}"),
                f"{each.lines:,}",
                f"{each.expected:.1f}",
                precise(each.highest),
            )
            for each in foremost(lines.risky_units)
        ),
    )
    yield from _table(
        ("line", "edit probability", "says"),
        (
            (
                _code(f"{each.path}:{each.line}"),
                precise(each.probability) + ("" if each.calibrated else ", uncalibrated here"),
                _code(report.texts.get((each.path, each.line), "")),
            )
            for each in lines.risky_lines[:_SHOWN]
        ),
    )
    yield from _section("How the probabilities lie")
    yield (
        f"Calibration: {report.calibration.source}, {report.calibration.fitted}. "
        f"{promised(report.calibration)}"
    )
    yield ""
    for division, parts in lines.by.items():
        yield from _table((division, "code lines", "mean probability"), _level_rows(parts))
    if found is not None:
        yield from _section("What they rest on")
        yield f"{found.units:,} of {lines.units:,} units were explained: {asked(found)}."
        yield ""
        yield from _table(
            ("category", "share of rationale tokens", "of random ones", "q"),
            (
                (each.category, interval(each.share), precise(each.chance), f"{each.beyond.q:.2g}")
                for each in found.categories
            ),
        )
        entropy = found.entropy
        yield (
            f"Categories reduce the entropy of rationale tokens by {interval(entropy.reduction)}; "
            f"random categories of the same sizes by {interval(entropy.control)}."
        )
        yield ""
        yield from _table(
            ("folder", "units", "Jensen–Shannon distance from the others", "p"),
            (
                (_code(each.folder), f"{each.units:,}", distance(each.divergence), f"{p:.2g}")
                for each in found.folders
                for p in (each.divergence.p,)
            ),
        )
    if report.reference is not None:
        other = report.reference
        yield (
            f"Jensen–Shannon distance from {_code(other.root)} ({other.units:,} units): "
            f"{distance(other.divergence)}, p = {other.divergence.p:.2g}."
        )
        yield ""
    yield from _table(
        ("category", "units", "signal to noise under harmless rewrites"),
        ((each.category, f"{each.units:,}", f"{each.found.snr:.2g}") for each in report.stability),
    )
    if report.trend:
        yield from _section("Trend")
    yield from _table(
        ("commit", "code lines", "mean probability", "flagged"),
        (
            (
                f"{each.commit.hash[:12]}{' and changes' if each.commit.dirty else ''}",
                f"{each.figures.lines:,}",
                precise(each.figures.mean),
                precise(each.figures.flagged),
            )
            for each in report.trend
        ),
    )
    yield from _section("What these numbers do not say")
    yield from (f"- {sentence}" for sentence in limits(report))


def _reference(found: Reference) -> dict[str, Any]:
    value = found.divergence.distance
    return {
        "root": found.root,
        "units": found.units,
        "jensen_shannon": value.value,
        "jensen_shannon_low": _plain(value.low),
        "jensen_shannon_high": _plain(value.high),
        "p": found.divergence.p,
    }


def _section(title: str) -> tuple[str, ...]:
    return "", f"## {title}", ""


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Yield a table, nothing if it has no rows."""
    body = [f"| {' | '.join(each.replace('|', chr(92) + '|') for each in row)} |" for row in rows]
    if body:
        yield f"| {' | '.join(columns)} |"
        yield f"|{'---|' * len(columns)}"
        yield from body
        yield ""


def _level_rows(parts: Sequence[Level]) -> Iterator[Sequence[str]]:
    for each in parts:
        yield each.name, f"{each.lines:,}", interval(each.mean)


def _code(text: str) -> str:
    """Quote text as code, whatever backticks it has."""
    if not text:
        return ""
    runs = [len(run) for run in "".join(c if c == "`" else " " for c in text).split()]
    fence = "`" * (max(runs, default=0) + 1)
    pad = " " if text[0] == "`" or text[-1] == "`" else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def _plain(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value
