"""From scored lines to what is shown: one pure function for the command line, push and pull.

The order matters and is fixed here alone: ignored → baseline → reviewed → changed lines →
threshold → minimum severity → cap.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from linewise.analysis.bands import Bands, bands
from linewise.analysis.fingerprints import fingerprints
from linewise.analysis.lines import LineTable
from linewise.analysis.suppression import Suppression
from linewise.results import Band, Finding, LineScore, Selection, Severity, Unshown
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
    shown: list[LineScore] = []
    unshown: Counter[Unshown] = Counter()
    # What is no number is not above either.
    above = (score for score in scores if score.probability >= found.threshold)
    for score in sorted(above, key=lambda score: score.rank):
        cause = suppressed.cause(score.line)
        if cause is None and _is_quiet(score, found, settings):
            cause = Unshown.SEVERITY
        if cause is None and len(shown) == settings.max_findings_per_file:
            cause = Unshown.CAP
        if cause is None:
            shown.append(score)
        else:
            unshown[cause] += 1
    if shown and prints is None:
        prints = fingerprints(table, scores)
    kept = sorted(shown, key=lambda score: score.line)
    return Selection(
        tuple(_finding(table, score, found, settings, prints or {}) for score in kept),
        {cause: unshown[cause] for cause in Unshown if unshown[cause]},
    )


def _is_quiet(score: LineScore, found: Bands, settings: Settings) -> bool:
    """Whether a line's severity is below the least that is shown."""
    severity = _LOUDNESS.index(_severity(score, found, settings))
    return severity < _LOUDNESS.index(settings.minimum_severity)


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
