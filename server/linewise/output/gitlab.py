"""A report in GitLab's Code Quality format, which merge requests show in their diff.

An array of objects with ``description``, ``check_name``, ``fingerprint``, ``severity`` and
``location``, as https://docs.gitlab.com/ci/testing/code_quality/ documents; each ``fingerprint``
may occur once. Files that were not checked have no place in it.
"""

from __future__ import annotations

from typing import Any

from linewise.output.report import RULE, FileReport, Level, Report, ReportedLine
from linewise.wording import edit_message
from linewise.writing import to_json

SEVERITIES = {Level.NOTE: "minor", Level.WARNING: "major", Level.ERROR: "critical"}


def render(report: Report) -> str:
    """Return one object per flagged line."""
    issues = [_issue(file, line, report) for file in report.files for line in file.flagged]
    return to_json(issues) + "\n"


def _issue(file: FileReport, line: ReportedLine, report: Report) -> dict[str, Any]:
    return {
        "description": edit_message(
            line.probability,
            report.calibration.base_rate,
            calibrated=line.calibrated,
            cell=line.cell,
        ),
        "check_name": f"linewise/{RULE}",
        "fingerprint": line.fingerprint,
        "severity": SEVERITIES[report.level(line)],
        "location": {"path": file.name, "lines": {"begin": line.line, "end": line.line}},
    }
