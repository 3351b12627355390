"""A report as one HTML page with everything in it: no script, no request, light, dark and print."""

from __future__ import annotations

import base64
import csv
import io
import math
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import quote

import jinja2
from markupsafe import Markup, escape

from linewise.analysis.lines import without_surrogates
from linewise.lab.evaluate.bootstrap import Interval
from linewise.report import charts
from linewise.report.payload import WorkspaceReport
from linewise.report.tables import report_tables
from linewise.report.theme import named, printed, themed
from linewise.report.wording import (
    asked,
    concentration,
    distance,
    foremost,
    interval,
    limits,
    precise,
    promised,
    reliance,
)
from linewise.workspace.scan.formats import Links
from linewise.workspace.scan.line_statistics import AGE, FOLDER, STATEMENT, UNIT

LEAST_PARTS = 2
_DIVISIONS = (
    (STATEMENT, "By kind of statement"),
    (UNIT, "By kind of unit"),
    (FOLDER, "By folder"),
    (AGE, "By age of the line"),
)
_DIGITS = 4


def render(report: WorkspaceReport, links: Links = Links.VSCODE, *, paper: bool = False) -> str:
    """Return the page; on ``paper`` it is light, and tables behind pictures are left out."""
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, loader=jinja2.BaseLoader()
    )
    environment.filters |= {
        "percent": precise,
        "interval": interval,
        "cell": _cell,
        "figure": _figure,
        "promised": promised,
        "foremost": foremost,
        "coded": _coded,
        "distance": distance,
    }
    page = files(__package__).joinpath("page")
    template = environment.from_string(page.joinpath("report.html.j2").read_text("utf-8"))
    tables = {} if paper else report_tables(report)
    color = printed if paper else themed
    drawn = {name: color(named(each, name)) for name, each in _pictures(report).items()}
    pictures = {name: Markup(each) for name, each in drawn.items()}  # noqa: S704
    return without_surrogates(
        template.render(
            r=report,
            lines=report.lines,
            name=Path(report.root, report.folder).name or report.root,
            # What is put in as it is: our own style sheet and drawings, in which text is escaped.
            css=Markup(page.joinpath("report.css").read_text("utf-8")),  # noqa: S704
            pictures=pictures,
            tables=tables,
            rows=lambda name: tables[name].rows(),
            csv=lambda name: _csv(tables[name]),
            downloads=not paper,
            link=lambda path, line: _link(report, links, path, line),
            # What the tiles say is not said twice.
            headline=[*concentration(report), *reliance(report)],
            limits=list(limits(report)),
            asked=asked(report.rationales) if report.rationales else "",
            divisions=_DIVISIONS,
        )
    )


def _pictures(report: WorkspaceReport) -> dict[str, str]:
    lines, found = report.lines, report.rationales
    pictures = {
        "distribution": charts.distribution(report),
        "by_file": charts.file_means(report),
    }
    for division, parts in lines.by.items():
        if len(parts) >= LEAST_PARTS:
            pictures[f"by_{division}"] = charts.levels(parts, lines.everything.mean.value)
    if report.reliability is not None:
        pictures["reliability"] = charts.reliability(report.reliability)
    if found is not None:
        pictures["reliance"] = charts.reliance(found)
        if heat_map := charts.heat_map(found):
            pictures["heat_map"] = heat_map
        pictures["entropy"] = charts.entropy(found.entropy)
        if found.folders:
            pictures["folders"] = charts.folders(found)
    if report.stability:
        pictures["stability"] = charts.stability(report.stability)
    if len(report.trend) >= LEAST_PARTS:
        pictures["trend"] = charts.trend(report.trend)
    return pictures


def _link(report: WorkspaceReport, links: Links, path: str, line: int) -> str:
    if links is Links.NONE:
        return f"#{quote(path, errors='surrogateescape')}"
    place = quote(Path(report.root, path).as_posix(), errors="surrogateescape")
    return f"vscode://file{place}:{line}" if links is Links.VSCODE else f"file://{place}"


def _csv(table: Any) -> str:
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(table.columns)
    writer.writerows(table.rows())
    data = without_surrogates(file.getvalue()).encode("utf-8")
    return f"data:text/csv;charset=utf-8;base64,{base64.b64encode(data).decode()}"


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return "" if math.isnan(value) else f"{value:.{_DIGITS}g}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def _coded(sentence: str) -> Markup:
    """Return a sentence with what stands between backticks as code."""
    parts = sentence.split("`")
    whole = (
        Markup("<code>{}</code>").format(part) if number % 2 else escape(part)
        for number, part in enumerate(parts)
    )
    return Markup("").join(whole)


def _figure(value: Interval) -> str:
    """Write a figure with its interval."""
    return f"{value.value:.3f} ({value.low:.3f} to {value.high:.3f})"
