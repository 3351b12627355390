"""From scored lines to what is shown: one pure function for the command line, push and pull.

The order matters and is fixed here alone: threshold → cap → severity. What a user suppresses
(ignore comments, baselines, changed lines only) joins in front of the threshold.
"""

from __future__ import annotations

from collections.abc import Sequence

from linewise.analysis.lines import LineTable
from linewise.results import Finding, LineScore
from linewise.settings import Settings


def select_findings(
    table: LineTable, scores: Sequence[LineScore], settings: Settings, default_threshold: float
) -> tuple[Finding, ...]:
    """Return the lines to show, in line order: above the threshold, the most probable first kept.

    ``default_threshold`` is the probe's own, used when the settings name none.
    """
    threshold = default_threshold if settings.threshold is None else settings.threshold
    above = sorted(
        (score for score in scores if score.probability >= threshold), key=lambda score: score.rank
    )
    kept = sorted(above[: settings.max_findings_per_file], key=lambda score: score.line)
    return tuple(_finding(table, score, settings) for score in kept)


def _finding(table: LineTable, score: LineScore, settings: Settings) -> Finding:
    content = table.content(score.line)
    start = len(content) - len(content.lstrip())
    return Finding(
        line=score.line,
        start=start,
        end=max(len(content.rstrip()), start),
        probability=score.probability,
        rank=score.rank,
        unit=score.unit,
        severity=settings.severity,
        calibrated=score.calibrated,
    )
