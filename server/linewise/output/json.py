"""A report as JSON, version 1 of the schema in ``docs/schema/check-v1.schema.json``.

The version changes only when a reader of the old one would be misled; keys may be added.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import cattrs

from linewise.output.report import FileReport, Report, ReportedLine, SpanReport, Status
from linewise.results import Unshown
from linewise.writing import to_json

VERSION = 1


def render(report: Report) -> str:
    """Return strict JSON: no NaN, no lone surrogates, a newline at the end."""
    payload: dict[str, Any] = {
        "version": VERSION,
        "tool": {"name": "linewise", "version": report.version},
        "model": cattrs.unstructure(report.model),
        "calibration": cattrs.unstructure(report.calibration),
        "threshold": report.threshold,
        "changed_since": report.changed_since,
        "limits": cattrs.unstructure(report.limits),
        "failures": list(report.failures),
        "omissions": cattrs.unstructure(report.omissions),
        "files": [_file(file, report) for file in report.files],
        "summary": {
            "files": len(report.files),
            **{status.value: report.count(status) for status in Status},
            "code_lines": report.code_lines,
            "flagged": report.flagged,
            "findings": report.findings,
            "unshown": _counts(report.unshown),
            "elapsed_seconds": round(report.elapsed, 3),
        },
    }
    if report.span is not None:
        payload["span"] = _span(report.span)
    return to_json(payload) + "\n"


def _file(file: FileReport, report: Report) -> dict[str, Any]:
    return {
        "path": file.path,
        "status": file.status.value,
        "reason": file.reason,
        "encoding": file.encoding,
        "threshold": report.threshold_of(file),
        "changed_since": file.changed_since,
        "code_lines": file.code_lines,
        "flagged": len(file.flagged),
        "hidden": file.hidden,
        "unshown": _counts(file.unshown),
        "lines": [_line(line, report.calibration.base_rate) for line in file.lines],
    }


def _counts(unshown: Mapping[Unshown, int]) -> dict[str, int]:
    return {cause.value: count for cause, count in unshown.items()}


def _line(line: ReportedLine, base_rate: float) -> dict[str, Any]:
    return {
        **({} if line.cell is None else {"cell": line.cell}),
        "line": line.line,
        "column": line.column,
        "end_column": line.end_column,
        "probability": line.probability,
        "base_rate": base_rate,
        "flagged": line.flagged,
        "rank": line.rank,
        "unit": line.unit,
        "calibrated": line.calibrated,
        "fingerprint": line.fingerprint,
        "text": line.text,
    }


def _span(answer: SpanReport) -> dict[str, Any]:
    return {
        **cattrs.unstructure(answer.span),
        "probability": answer.probability,
        "base_rate": answer.base_rate,
        "base_rate_of": answer.level.value,
        "lines": list(answer.lines),
        "tokens": answer.tokens,
    }
