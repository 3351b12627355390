"""JSON output against the documented schema."""

import json
from pathlib import Path

import pytest
from attrs import evolve
from hypothesis import given
from jsonschema import Draft202012Validator
from report_payloads import FILE, LINE, REPORT, reports

from linewise.output.json import render
from linewise.output.report import Limits, Position, Span, SpanReport
from linewise.results import SpanLevel

ROOT = Path(__file__).parents[2]
SCHEMA = json.loads((ROOT / "docs/schema/check-v1.schema.json").read_text("utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA)


def refuse_constant(name):
    raise AssertionError(f"{name} is not JSON")


def parse(text):
    return json.loads(text.encode("utf-8"), parse_constant=refuse_constant)


@given(reports)
def test_any_report_fits_the_schema(report):
    VALIDATOR.validate(parse(render(report)))


def test_the_schema_is_itself_valid():
    Draft202012Validator.check_schema(SCHEMA)


def test_every_key_that_is_written_is_documented():
    span = SpanReport(Span(Position(1, 2), Position(3, 4)), None, SpanLevel.LINE, 0.08, (), 0)
    output = parse(render(evolve(REPORT, span=span)))

    def undocumented(value, schema):
        schema = SCHEMA["$defs"][schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
        if isinstance(value, dict):
            for key, inner in value.items():
                if key not in schema["properties"]:
                    yield key
                else:
                    yield from undocumented(inner, schema["properties"][key])
        elif isinstance(value, list):
            for inner in value:
                yield from undocumented(inner, schema["items"])

    assert list(undocumented(output, SCHEMA)) == []


def test_what_it_says():
    output = parse(render(REPORT))
    assert output["files"] == [
        {
            "path": "src/a b.py",
            "status": "ok",
            "reason": None,
            "encoding": "utf-8",
            "threshold": 0.3,
            "changed_since": None,
            "code_lines": 30,
            "flagged": 1,
            "hidden": 0,
            "unshown": {},
            "lines": [
                {
                    "line": 12,
                    "column": 5,
                    "end_column": 17,
                    "probability": 0.41,
                    "base_rate": 0.08,
                    "flagged": True,
                    "rank": 1,
                    "unit": "f",
                    "calibrated": True,
                    "fingerprint": "0123456789abcdef0123456789abcdef",
                    "text": "    return 1 + x",
                }
            ],
        }
    ]
    assert output["summary"] == {
        "files": 1,
        "ok": 1,
        "skipped": 0,
        "failed": 0,
        "code_lines": 30,
        "flagged": 1,
        "findings": 1,
        "unshown": {},
        "elapsed_seconds": 1.25,
    }
    assert output["changed_since"] is None
    assert output["limits"] == {"fail_above": None, "max_findings": None}
    assert output["failures"] == []


def test_why_a_run_failed():
    report = evolve(REPORT, limits=Limits(0.3, 0), failures=("too much",), changed_since="main")
    output = parse(render(report))
    assert output["changed_since"] == "main"
    assert output["limits"] == {"fail_above": 0.3, "max_findings": 0}
    assert output["failures"] == ["too much"]


def test_not_a_number_is_refused():
    wrong = evolve(FILE, lines=(evolve(LINE, probability=float("nan")),))
    with pytest.raises(ValueError, match="not JSON compliant"):
        render(evolve(REPORT, files=(wrong,)))
