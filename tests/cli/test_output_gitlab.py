"""GitLab Code Quality output against its documented shape."""

import json

from attrs import evolve
from hypothesis import given
from jsonschema import Draft202012Validator
from report_payloads import FILE, LINE, REPORT, reports

from linewise.output.gitlab import render
from linewise.output.report import FileReport, Limits, Status

# https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
TEXT = {"type": "string", "minLength": 1}
SHAPE = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["description", "check_name", "fingerprint", "severity", "location"],
        "properties": {
            "description": TEXT,
            "check_name": TEXT,
            "fingerprint": TEXT,
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": {
                "type": "object",
                "required": ["path", "lines"],
                "properties": {
                    "path": {"type": "string", "not": {"pattern": "^\\./"}},
                    "lines": {
                        "type": "object",
                        "required": ["begin"],
                        "properties": {"begin": {"type": "integer", "minimum": 1}},
                    },
                },
            },
        },
    },
}


@given(reports)
def test_any_report_has_the_documented_shape(report):
    text = render(report)
    assert not text.startswith("\ufeff")  # GitLab refuses a byte order mark
    Draft202012Validator(SHAPE).validate(json.loads(text.encode("utf-8")))


def test_an_issue():
    file = evolve(FILE, path="../src/a b.py", name="src/a b.py")
    quiet = evolve(FILE, lines=(evolve(LINE, flagged=False),))
    skipped = FileReport("b.py", Status.SKIPPED, "binary")
    assert json.loads(render(evolve(REPORT, files=(file, quiet, skipped)))) == [
        {
            "description": "Edit probability 41 % (base rate 8 %)",
            "check_name": "linewise/edit-risk",
            "fingerprint": LINE.fingerprint,
            "severity": "minor",
            "location": {"path": "src/a b.py", "lines": {"begin": 12, "end": 12}},
        }
    ]


def test_severities():
    lines = tuple(evolve(LINE, probability=probability) for probability in (0.41, 0.5, 0.9))
    report = evolve(REPORT, files=(evolve(FILE, lines=lines),), limits=Limits(fail_above=0.9))
    issues = json.loads(render(report))
    assert [issue["severity"] for issue in issues] == ["minor", "major", "critical"]
