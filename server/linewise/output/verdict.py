"""Why a run fails: the limits that were set for it, and what it found beyond them."""

from __future__ import annotations

from collections.abc import Iterator

from linewise.output.report import Report
from linewise.wording import percent


def failures(report: Report) -> Iterator[str]:
    """Yield the limits that are exceeded, in words."""
    limits = report.limits
    failing = sum(file.failing for file in report.files)
    if limits.fail_above is not None and failing:
        yield f"{_lines(failing)} at {percent(limits.fail_above)} or more (--fail-above)"
    if limits.max_findings is not None and report.findings > limits.max_findings:
        yield (
            f"{_lines(report.findings)} flagged, at most {limits.max_findings:,} allowed "
            "(--max-findings)"
        )


def _lines(count: int) -> str:
    return f"{count:,} line{'' if count == 1 else 's'}"
