"""A report as JUnit XML, which Jenkins, GitLab and others show as tests that failed.

A suite per file. A line that the run fails because of is a failed test, and every flagged line is
where no limit was set; other flagged lines are tests that passed and say something. Limits that
were exceeded are failed tests of the last suite.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import count

from junitparser import Attr, Error, Failure, IntAttr, JUnitXml, Skipped, TestCase, TestSuite

from linewise.output.report import RULE, FileReport, Level, Limits, Report, ReportedLine, Status
from linewise.output.text import visible
from linewise.wording import edit_message

_NAME_CHARS = 120


class _Case(TestCase):  # type: ignore[misc]
    """A test that also says where it stands, which GitLab and others read."""

    file = Attr()
    line = IntAttr()


def render(report: Report) -> str:
    """Return an XML document with one suite per file, and one of limits that were exceeded."""
    document = JUnitXml("linewise")
    for file in report.files:
        suite = TestSuite(visible(file.name))
        suite.add_testcases(_cases(file, report))
        document.add_testsuite(suite)
    if report.failures:
        suite = TestSuite("linewise")
        suite.add_testcases(map(_exceeded, report.failures, count(1)))
        document.add_testsuite(suite)
    document.update_statistics()
    text: str = document.tostring().decode("utf-8")
    return f"{text}\n"


def _cases(file: FileReport, report: Report) -> Iterator[TestCase]:
    name, reason = visible(file.name), visible(file.reason or "")
    if file.status is not Status.OK:
        outcome = Skipped(reason) if file.status is Status.SKIPPED else Error(reason)
        yield _with(TestCase("checked", name), outcome)
    elif not file.flagged:
        yield TestCase("no line flagged", name)
    seen: Counter[str] = Counter()
    for line in file.flagged:
        # Not the line's number: servers follow a test by its name.
        title = f"{visible(line.unit)}: {visible(line.text.strip())}"[:_NAME_CHARS]
        seen[title] += 1
        case = _Case(title if seen[title] == 1 else f"{title} ({seen[title]})", name)
        case.file, case.line = name, line.line
        yield _judged(case, file, line, report)


def _judged(case: TestCase, file: FileReport, line: ReportedLine, report: Report) -> TestCase:
    message = edit_message(
        line.probability, report.calibration.base_rate, calibrated=line.calibrated, cell=line.cell
    )
    place = f"{visible(file.name)}:{line.place}:{line.column}: {visible(line.text.strip())}"
    if report.limits == Limits() or report.level(line) is Level.ERROR:
        failure = Failure(message, RULE)
        failure.text = place
        return _with(case, failure)
    case.system_out = f"{message}\n{place}"
    return case


def _exceeded(reason: str, number: int) -> TestCase:
    return _with(TestCase(f"limit {number}", "linewise"), Failure(visible(reason), "limit"))


def _with(case: TestCase, outcome: Failure | Skipped | Error) -> TestCase:
    case.result = [outcome]
    return case
