"""JUnit XML, read back by the standard library."""

from xml.etree import ElementTree

from attrs import evolve
from hypothesis import assume, given
from report_payloads import FILE, LINE, REPORT, reports

from linewise.output.junit import render
from linewise.output.report import FileReport, Limits, Status
from linewise.output.text import visible


def parse(report):
    return ElementTree.fromstring(render(report).encode("utf-8"))


def outcomes(report):
    return {
        case.get("name"): [child.tag for child in case] for case in parse(report).iter("testcase")
    }


@given(reports)
def test_any_report_is_well_formed_and_counts_itself(report):
    assume(len({visible(file.name) for file in report.files}) == len(report.files))
    document = parse(report)
    assert document.tag == "testsuites"
    cases = list(document.iter("testcase"))
    for counted, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        found = sum(case.find(tag) is not None for case in cases)
        assert int(document.get(counted)) == found
        assert sum(int(suite.get(counted)) for suite in document.iter("testsuite")) == found
    assert int(document.get("tests")) == len(cases)
    for suite in document.iter("testsuite"):
        names = [case.get("name") for case in suite.iter("testcase")]
        assert len(set(names)) == len(names)


def test_without_limits_every_flagged_line_is_a_failed_test():
    (suite,) = parse(REPORT).iter("testsuite")
    (case,) = suite.iter("testcase")
    assert suite.get("name") == "src/a b.py"
    assert case.attrib | {"time": None} == {
        "name": "f: return 1 + x",
        "classname": "src/a b.py",
        "file": "src/a b.py",
        "line": "12",
        "time": None,
    }
    (failure,) = case
    assert failure.attrib == {
        "message": "Edit probability 41 % (base rate 8 %)",
        "type": "edit-risk",
    }
    assert failure.text == "src/a b.py:12:5: return 1 + x"


def test_with_limits_only_what_exceeds_them_fails():
    likely = evolve(LINE, probability=0.9, text="y = 2")
    report = evolve(
        REPORT,
        files=(evolve(FILE, lines=(LINE, likely)),),
        limits=Limits(0.9, 1),
        failures=("2 lines flagged, at most 1 allowed",),
    )
    assert outcomes(report) == {
        "f: return 1 + x": ["system-out"],
        "f: y = 2": ["failure"],
        "limit 1": ["failure"],
    }


def test_files_without_findings_and_files_not_checked():
    files = (
        evolve(FILE, lines=()),
        FileReport("b.py", Status.SKIPPED, "binary \0"),
        FileReport("c.py", Status.FAILED, "broken"),
    )
    document = parse(evolve(REPORT, files=files))
    assert [[child.tag for child in case] for case in document.iter("testcase")] == [
        [],
        ["skipped"],
        ["error"],
    ]
    assert document.find(".//skipped").get("message") == "binary \\x00"


def test_equal_lines_are_two_tests():
    report = evolve(REPORT, files=(evolve(FILE, lines=(LINE, evolve(LINE, line=20))),))
    assert set(outcomes(report)) == {"f: return 1 + x", "f: return 1 + x (2)"}
