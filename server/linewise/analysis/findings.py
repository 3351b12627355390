"""From scored lines to what is shown: one pure function for the command line, push and pull.

The order matters and is fixed here alone: ignored → baseline → reviewed → changed lines →
threshold → minimum severity → cap.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from linewise.analysis.bands import Bands, bands
from linewise.analysis.fingerprints import fingerprints
from linewise.analysis.lines import LineTable
from linewise.analysis.suppression import Suppression
from linewise.results import Band, Finding, LineScore, Selection, Severity
from linewise.settings import Settings

_LOUDNESS = list(Severity)
_NOTHING = Suppression()


def select_findings(
    table: LineTable,
    scores: Sequence[LineScore],
    settings: Settings,
    default_threshold: float,
    *,
    suppressed: Suppression = _NOTHING,
    prints: Mapping[int, str] | None = None,
) -> Selection:
    """Return the lines to show, in line order: above the threshold, the most probable first kept.

    ``default_threshold`` is the calibration's own, used when the settings name none; ``prints``
    are the scores' `fingerprints`, if known.
    """
    found = bands(settings, default_threshold)
    quietest = _LOUDNESS.index(settings.minimum_severity)
    above = sorted(
        (
            score
            for score in scores
            if score.probability >= found.threshold
            and not suppressed.hides(score.line)
            and _LOUDNESS.index(_severity(score, found, settings)) >= quietest
        ),
        key=lambda score: score.rank,
    )
    kept = sorted(above[: settings.max_findings_per_file], key=lambda score: score.line)
    if kept and prints is None:
        prints = fingerprints(table, scores)
    return Selection(
        tuple(_finding(table, score, found, settings, prints or {}) for score in kept),
        len(above) - len(kept),
    )


def _finding(
    table: LineTable, score: LineScore, found: Bands, settings: Settings, prints: Mapping[int, str]
) -> Finding:
    content = table.content(score.line)
    start = len(content) - len(content.lstrip())
    return Finding(
        line=score.line,
        start=start,
        end=max(len(content.rstrip()), start),
        probability=score.probability,
        rank=score.rank,
        unit=score.unit,
        severity=_severity(score, found, settings),
        band=found.of(score.probability),
        fingerprint=prints[score.line],
        calibrated=score.calibrated,
    )


def _severity(score: LineScore, found: Bands, settings: Settings) -> Severity:
    high = found.of(score.probability) is Band.HIGH
    return settings.severity_high if high else settings.severity_medium
