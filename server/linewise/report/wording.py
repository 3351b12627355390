"""What a report says in words: the headline, how to read each part, what the numbers do not say."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TypeVar

from linewise.lab.evaluate.bootstrap import Interval
from linewise.rationale.statistics.divergence import Divergence
from linewise.report.payload import CalibrationState, WorkspaceReport
from linewise.workspace.scan.line_statistics import RiskyFile, RiskyUnit
from linewise.workspace.scan.rationale_statistics import RationaleStatistics

FALSE_DISCOVERIES = 0.05
"""Categories are called different from chance at this false discovery rate."""


_FEW = 5
"""Files that the headline adds up."""
_FIRST = 10
_LEAST_DIFFERENCE = 0.005
"""Of a share: less is not worth a headline, however sure it is."""
_Place = TypeVar("_Place", RiskyFile, RiskyUnit)


def precise(share: float) -> str:
    """Write a share in percents with one decimal below ten."""
    percents = 100 * share
    return f"{percents:.1f} %" if abs(percents) < 9.95 else f"{percents:.0f} %"


def interval(value: Interval) -> str:
    """Write a share with its 95 % interval, if there is one."""
    if math.isnan(value.low):
        return precise(value.value)
    return f"{precise(value.value)} ({precise(value.low)} to {precise(value.high)})"


def counted(count: float, noun: str) -> str:
    """Write a number with its noun."""
    number = f"{count:,.0f}"
    return f"{number} {noun}{'' if number == '1' else 's'}"


def headline(report: WorkspaceReport) -> Iterator[str]:
    """Yield the sentences a reader should take away, the most important first."""
    yield from level(report)
    yield from concentration(report)
    yield from reliance(report)


def level(report: WorkspaceReport) -> Iterator[str]:
    """Say how many edits are expected, and how many lines are flagged."""
    everything, calibration = report.lines.everything, report.calibration
    expected = everything.mean.value * everything.lines
    yield (
        f"Of {counted(everything.lines, 'code line')} in {counted(report.lines.files, 'file')}, "
        f"about {expected:,.0f} are expected to be edited: {interval(everything.mean)}."
    )
    flagged = round(everything.flagged.value * everything.lines)
    yield (
        f"{counted(flagged, 'line')} ({precise(everything.flagged.value)}) stand at the threshold "
        f"of {precise(calibration.threshold)} or above; the base rate is "
        f"{precise(calibration.base_rate)}."
    )


def concentration(report: WorkspaceReport) -> Iterator[str]:
    """Say how much of what is expected lies in few files."""
    everything = report.lines.everything
    expected = everything.mean.value * everything.lines
    if len(report.lines.risky_files) > _FEW:
        top = report.lines.risky_files[:_FEW]
        share = sum(each.expected for each in top) / expected if expected else 0.0
        lines = sum(each.lines for each in top) / everything.lines
        yield (
            f"The first {counted(len(top), 'file')} below hold {precise(share)} of the expected "
            f"edits and {precise(lines)} of the lines."
        )


def reliance(report: WorkspaceReport) -> Iterator[str]:
    """Say which categories of tokens are relied on more and less often than chance has it."""
    if (found := report.rationales) is None:
        return
    apart = [
        each
        for each in found.categories
        if each.beyond.q <= FALSE_DISCOVERIES and abs(each.beyond.effect.value) >= _LEAST_DIFFERENCE
    ]
    more = [each for each in apart if each.beyond.effect.value > 0]
    less = [each for each in apart if each.beyond.effect.value < 0]
    if not apart:
        yield (
            f"In {counted(found.units, 'explained unit')}, no category of tokens can be told apart "
            "from chance."
        )
    if more:
        first = max(more, key=lambda each: each.beyond.effect.value)
        yield (
            f"The model relies on {first.category} most beyond chance: "
            f"{precise(first.share.value)} of rationale tokens against {precise(first.chance)}."
        )
    if less:
        last = min(less, key=lambda each: each.beyond.effect.value)
        yield (
            f"It relies on {last.category} least, given how common it is: "
            f"{precise(last.share.value)} against {precise(last.chance)}."
        )


def foremost(places: Sequence[_Place]) -> Sequence[_Place]:
    """Return at most ten places of those where more edits are expected than usual."""
    return [each for each in places[:_FIRST] if each.excess > 0] or places[:1]


def promised(calibration: CalibrationState) -> str:
    """Say what a probability promises."""
    return f"Of lines at 30 %, about 30 % {calibration.promise}."


def distance(found: Divergence) -> str:
    """Write a Jensen–Shannon distance with its interval."""
    value = found.distance
    return f"{value.value:.3f} ({value.low:.3f} to {value.high:.3f})"


def asked(found: RationaleStatistics) -> str:
    """Say what rationales are of."""
    if found.method.target == "edit":
        return "what the edit probability of each unit's riskiest line rests on"
    return "what tokens drawn from each unit are predicted from"


def limits(report: WorkspaceReport) -> Iterator[str]:
    """Yield what the numbers do not say."""
    calibration = report.calibration
    yield (
        "A probability is not a defect: it says that a line will be edited, not that it is wrong. "
        f"{promised(calibration)}"
    )
    if calibration.source == "shipped":
        yield (
            "The probabilities are calibrated on other code than yours, so the level may be off "
            "here; the order of lines suffers less. `linewise calibrate --from-git` fits the level "
            "to this repository's history."
        )
    if report.stale:
        yield (
            f"{counted(report.stale, 'file')} changed or went since being scanned, so places in "
            "them may have moved. `linewise scan` brings this up to date."
        )
    if report.lines.strange:
        share = report.lines.strange / report.lines.everything.lines
        yield (
            f"{counted(report.lines.strange, 'line')} ({precise(share)}) are in code unlike any "
            "the probabilities were fitted on: read their order, not their numbers."
        )
    if report.reliability is None:
        yield "What became of this workspace's lines is not known, so reliability is not shown."
    yield (
        "Intervals resample files. They say how figures would vary between samples of such files, "
        "not whether the model is right about these."
    )
    if report.rationales is not None:
        yield (
            f"Rationales are {asked(report.rationales)}, found by the method "
            f"{report.rationales.method.name}. They describe the model, not the code: what it "
            "relies on need not be what makes a line wrong."
        )
        yield (
            "A category that is common in code is common in every rationale. Only the difference "
            "from random rationales, drawn from the same contexts, says anything."
        )
    yield "Only Python is read. Comments, docstrings and blank lines have no probability."
