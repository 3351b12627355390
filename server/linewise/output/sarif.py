"""A report as SARIF 2.1.0, the format of code scanning services.

The few objects needed are written as plain dictionaries: the object models on the package index
are either years old or add a dependency for less than is here. The tests validate against the
official schema.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from linewise.analysis.lines import PositionEncoding, units_in
from linewise.output.report import RULE, FileReport, Report, ReportedLine, Status
from linewise.results import OmissionKind
from linewise.wording import edit_message, omitted, percent
from linewise.writing import to_json

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_BASE = "SRCROOT"


def render(report: Report) -> str:
    """Return one run with a result per flagged line and a notification per file not checked."""
    results = [_result(file, line, report) for file in report.files for line in file.flagged]
    run: dict[str, Any] = {
        "tool": {"driver": _driver(report)},
        "columnKind": "utf16CodeUnits",
        "originalUriBaseIds": {_BASE: {"uri": _folder(report.root)}},
        "invocations": [_invocation(report)],
        "results": results,
    }
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return to_json(log) + "\n"


def _driver(report: Report) -> dict[str, Any]:
    rate = percent(report.calibration.base_rate)
    return {
        "name": "Linewise",
        "semanticVersion": report.version,
        "rules": [
            {
                "id": RULE,
                "name": "EditRisk",
                "shortDescription": {"text": "This line will probably have to be edited."},
                "fullDescription": {
                    "text": "The probability that this line has to change before the code does "
                    f"what was meant. Of lines like those it was calibrated on, {rate} had to."
                },
                "help": {
                    "text": "Read the line against what the code is meant to do. A probability "
                    "is not a defect: of the lines shown at 30 %, about 30 % get edited."
                },
                "defaultConfiguration": {"level": "note"},
            }
        ],
    }


def _invocation(report: Report) -> dict[str, Any]:
    return {
        "executionSuccessful": report.count(Status.FAILED) == 0,
        "toolExecutionNotifications": [
            {
                "level": "warning" if file.status is Status.SKIPPED else "error",
                "message": {"text": f"Not checked: {file.reason}"},
                "locations": [
                    {"physicalLocation": {"artifactLocation": _artifact(file.name, report.root)}}
                ],
            }
            for file in report.files
            if file.status is not Status.OK
        ]
        + [
            {"level": "note", "message": {"text": omitted(each)}}
            for each in report.omissions
            if each.kind is not OmissionKind.SKIPPED
        ],
        "properties": {
            "model": report.model.name,
            "modelIdentity": report.model.identity,
            "provider": report.model.provider,
            "baseRate": report.calibration.base_rate,
            "threshold": report.threshold,
        },
    }


def _result(file: FileReport, line: ReportedLine, report: Report) -> dict[str, Any]:
    return {
        "ruleId": RULE,
        "ruleIndex": 0,
        "level": report.level(line).value,
        "message": {
            "text": edit_message(
                line.probability,
                report.calibration.base_rate,
                calibrated=line.calibrated,
                cell=line.cell,
            )
        },
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": _artifact(file.name, report.root),
                    "region": _region(line),
                },
                "logicalLocations": list(_logical(line)),
            }
        ],
        "partialFingerprints": {
            "editRisk/v1": line.fingerprint,
            # The only one that GitHub reads.
            "primaryLocationLineHash": f"{line.fingerprint}:1",
        },
        "rank": round(100 * line.probability, 2),
        "properties": {"probability": line.probability, "rankInFile": line.rank},
    }


def _logical(line: ReportedLine) -> Iterator[dict[str, Any]]:
    yield {"fullyQualifiedName": line.unit}
    if line.cell is not None:
        yield {"fullyQualifiedName": f"cell {line.cell}", "kind": "module"}


def _region(line: ReportedLine) -> dict[str, Any]:
    def column(code_points: int) -> int:
        return units_in(line.text[: code_points - 1], PositionEncoding.UTF16) + 1

    return {
        "startLine": line.line,
        "startColumn": column(line.column),
        "endLine": line.line,
        "endColumn": column(line.end_column),
        "snippet": {"text": line.text},
    }


def _folder(path: str) -> str:
    address = PurePath(path).as_uri()
    return address if address.endswith("/") else f"{address}/"


def _artifact(path: str, root: str) -> dict[str, str]:
    """Locate a file: below the root by a relative reference, elsewhere by an absolute URI."""
    if PurePath(path).is_absolute() or ".." in path.split("/"):
        whole = PurePath(posixpath.normpath(PurePath(root, path).as_posix()))
        if not whole.is_relative_to(root):
            return {"uri": whole.as_uri()}
        path = whole.relative_to(root).as_posix()
    # File names are bytes on most systems; those that are not UTF-8 come here as surrogates.
    return {"uri": quote(path, errors="surrogateescape"), "uriBaseId": _BASE}
