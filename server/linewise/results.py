"""What scoring yields: the payloads the command line and the server both render.

Lines are 0-based here; the command line adds one when it prints. Offsets are code points.
"""

from __future__ import annotations

from enum import StrEnum

from attrs import frozen


class Severity(StrEnum):
    """How loudly an editor shows a finding."""

    HINT = "hint"
    INFORMATION = "information"
    WARNING = "warning"


class Band(StrEnum):
    """How much a probability asks for a look: below the threshold, above it, or most of all."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


@frozen
class LineScore:
    """One code line's calibrated edit probability.

    ``rank`` counts from 1 (the most probable edit of the file); ``unit`` is the qualified name of
    the function, class body or module run the line was scored in. Where ``calibrated`` is False
    the code is unlike any the calibration was fitted on: the rank holds, the number may not.
    """

    line: int
    probability: float
    rank: int
    unit: str
    calibrated: bool = True


@frozen
class Finding:
    """A line that is shown to the user, after suppression.

    ``start`` and ``end`` are the code-point columns of the line's first and last non-blank
    character (end exclusive). ``fingerprint`` tells the line from the others of its file wherever
    it moves (`analysis.fingerprints`).
    """

    line: int
    start: int
    end: int
    probability: float
    rank: int
    unit: str
    severity: Severity
    band: Band
    fingerprint: str
    calibrated: bool = True


@frozen
class Selection:
    """What is shown of a file: ``findings`` in line order, and how many the cap left out."""

    findings: tuple[Finding, ...] = ()
    hidden: int = 0


@frozen
class TokenWeight:
    """How much a token of a line raises (or lowers) the line's logit: occlusion of evidence."""

    text: str
    line: int
    start: int
    end: int
    weight: float


@frozen
class SpanScore:
    """The answer to an arbitrary-span query.

    ``probability`` is the calibrated chance that at least one token of the span is edited,
    ``base_rate`` that of a token, a line or a unit, whichever the span was read as;
    ``lines`` are the 0-based code lines the span touches; ``tokens`` how many tokens it covers.
    """

    probability: float
    base_rate: float
    lines: tuple[int, ...]
    tokens: int
