"""A report as JSON, version 1 of the schema in ``docs/schema/check-v1.schema.json``.

The version changes only when a reader of the old one would be misled; keys may be added.
"""

from __future__ import annotations

import json
from typing import Any

import cattrs

from linewise.analysis.lines import without_surrogates
from linewise.output.report import FileReport, Report, ReportedLine, SpanReport, Status

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
        "files": [_file(file, report.calibration.base_rate) for file in report.files],
        "summary": {
            "files": len(report.files),
            **{status.value: report.count(status) for status in Status},
            "code_lines": report.code_lines,
            "flagged": report.flagged,
            "findings": report.findings,
            "elapsed_seconds": round(report.elapsed, 3),
        },
    }
    if report.span is not None:
        payload["span"] = _span(report.span)
    text = json.dumps(payload, ensure_ascii=False, allow_nan=False, indent=2)
    return without_surrogates(text) + "\n"


def _file(file: FileReport, base_rate: float) -> dict[str, Any]:
    return {
        "path": file.path,
        "status": file.status.value,
        "reason": file.reason,
        "encoding": file.encoding,
        "code_lines": file.code_lines,
        "flagged": len(file.flagged),
        "hidden": file.hidden,
        "lines": [_line(line, base_rate) for line in file.lines],
    }


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
        "lines": list(answer.lines),
        "tokens": answer.tokens,
    }
