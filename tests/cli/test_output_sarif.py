"""SARIF output against the official schema, and what the schema cannot say."""

import json
import string
from pathlib import Path
from urllib.parse import unquote

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft4Validator, FormatChecker
from report_payloads import FILE, LINE, REPORT, reports

from linewise.output.report import FileReport, Limits, Status
from linewise.output.sarif import render

SCHEMA = Path(__file__).parents[1] / "data" / "sarif-schema-2.1.0.json"
VALIDATOR = Draft4Validator(json.loads(SCHEMA.read_text("utf-8")), format_checker=FormatChecker())
ALLOWED_IN_URI = set(string.ascii_letters + string.digits + "-._~/%")


def run_of(report):
    (run,) = json.loads(render(report))["runs"]
    return run


@given(reports)
def test_any_report_fits_the_official_schema(report):
    VALIDATOR.validate(json.loads(render(report).encode("utf-8")))


def test_a_result():
    (result,) = run_of(REPORT)["results"]
    assert result["ruleId"] == "edit-risk"
    assert result["level"] == "note"
    assert result["message"] == {"text": "Edit probability 41 % (base rate 8 %)"}
    assert result["properties"]["probability"] == 0.41
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "src/a%20b.py", "uriBaseId": "SRCROOT"}
    assert place["region"] | {"snippet": None} == {
        "startLine": 12,
        "startColumn": 5,
        "endLine": 12,
        "endColumn": 17,
        "snippet": None,
    }


def test_columns_count_utf16_code_units():
    line = evolve(LINE, text="  '🎉é'  ", column=3, end_column=7)
    run = run_of(evolve(REPORT, files=(evolve(FILE, lines=(line,)),)))
    assert run["columnKind"] == "utf16CodeUnits"
    region = run["results"][0]["locations"][0]["physicalLocation"]["region"]
    assert (region["startColumn"], region["endColumn"]) == (3, 8)


@pytest.mark.parametrize(("probability", "level"), [(0.49, "note"), (0.5, "warning")])
def test_more_likely_than_not_is_a_warning(probability, level):
    line = evolve(LINE, probability=probability)
    (result,) = run_of(evolve(REPORT, files=(evolve(FILE, lines=(line,)),)))["results"]
    assert result["level"] == level


def test_lines_that_are_not_flagged_are_not_results():
    quiet = evolve(FILE, lines=(evolve(LINE, flagged=False),))
    assert run_of(evolve(REPORT, files=(quiet,)))["results"] == []


def test_a_line_that_the_run_fails_because_of_is_an_error():
    (result,) = run_of(evolve(REPORT, limits=Limits(fail_above=0.41)))["results"]
    assert result["level"] == "error"


def test_files_that_were_not_checked_are_notifications():
    skipped = FileReport("a.py", Status.SKIPPED, "binary")
    failed = FileReport("b.py", Status.FAILED, "broken")
    (invocation,) = run_of(evolve(REPORT, files=(skipped, failed)))["invocations"]
    assert invocation["executionSuccessful"] is False
    notes = invocation["toolExecutionNotifications"]
    assert [(note["level"], note["message"]["text"]) for note in notes] == [
        ("warning", "Not checked: binary"),
        ("error", "Not checked: broken"),
    ]


@pytest.mark.parametrize(
    ("path", "location"),
    [
        ("a:b.py", {"uri": "a%3Ab.py", "uriBaseId": "SRCROOT"}),
        ("50%#?.py", {"uri": "50%25%23%3F.py", "uriBaseId": "SRCROOT"}),
        ("<stdin>", {"uri": "%3Cstdin%3E", "uriBaseId": "SRCROOT"}),
        ("caf\udce9.py", {"uri": "caf%E9.py", "uriBaseId": "SRCROOT"}),
        ("/else where/a.py", {"uri": "file:///else%20where/a.py"}),
        ("../other/a.py", {"uri": "file:///other/a.py"}),
        ("b/../../x.py", {"uri": "file:///x.py"}),
        ("b/../x.py", {"uri": "x.py", "uriBaseId": "SRCROOT"}),
        ("/work/../work/x.py", {"uri": "x.py", "uriBaseId": "SRCROOT"}),
        ("/work-too/x.py", {"uri": "file:///work-too/x.py"}),
    ],
)
def test_locations_are_uris(path, location):
    (result,) = run_of(evolve(REPORT, files=(evolve(FILE, name=path),)))["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"] == location


@pytest.mark.parametrize(("root", "base"), [("/", "file:///"), ("/w o", "file:///w%20o/")])
def test_the_base_ends_with_one_slash(root, base):
    run = run_of(evolve(REPORT, root=root))
    assert run["originalUriBaseIds"] == {"SRCROOT": {"uri": base}}


names = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0/"), min_size=1)


@given(st.lists(names, min_size=1).map("/".join).filter(lambda path: ".." not in path.split("/")))
def test_relative_uris_are_safe_and_reversible(path):
    (result,) = run_of(evolve(REPORT, files=(evolve(FILE, name=path),)))["results"]
    uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert set(uri) <= ALLOWED_IN_URI
    assert unquote(uri) == path


def test_fingerprints_are_those_of_the_report_and_one_is_for_github():
    (result,) = run_of(REPORT)["results"]
    assert result["partialFingerprints"] == {
        "editRisk/v1": LINE.fingerprint,
        "primaryLocationLineHash": f"{LINE.fingerprint}:1",
    }
