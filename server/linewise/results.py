"""What scoring yields: the payloads the command line and the server both render.

Lines are 0-based here; the command line adds one when it prints. Offsets are code points.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum

from attrs import field, frozen

NAMED = 20
"""How many of the things that an omission is about are named at most."""


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


class OmissionKind(StrEnum):
    """Why something that was asked about was not looked at, or not with all there is."""

    SKIPPED = "skipped-file"
    SUBMODULE = "submodule"
    REPOSITORY = "nested-repository"
    SPARSE = "sparse-checkout"
    LINK = "link"
    UNLISTED = "unlisted-folder"
    GIT = "git"
    HISTORY = "history"
    SYNTAX = "syntax"
    NESTING = "nesting"
    CHECKER = "checker"
    CUT = "cut-line"
    CELL = "other-cell"
    TIME = "time"


@frozen
class Omission:
    """Something of one kind that an answer leaves out, so that nobody takes silence for peace.

    ``count`` is how many files, folders, statements or lines it is about; ``names`` are some of
    them at least, as the user knows them (``src/a.py``, ``src/a.py:12``). ``detail`` is what there
    is to say of all of them, such as git's own reason; omissions of one kind with other details
    are told apart.
    """

    kind: OmissionKind
    count: int
    names: tuple[str, ...] = ()
    detail: str = ""


def merged(omissions: Iterable[Omission]) -> tuple[Omission, ...]:
    """Return omissions with those of one kind and detail made one, in the order of the kinds.

    Of the names the first `NAMED` are kept.
    """
    found: dict[tuple[OmissionKind, str], Omission] = {}
    for each in omissions:
        key = each.kind, each.detail
        count, names = each.count, each.names
        if (before := found.get(key)) is not None:
            count, names = before.count + count, before.names + names
        found[key] = Omission(each.kind, count, names[:NAMED], each.detail)
    order = list(OmissionKind)
    return tuple(found[key] for key in sorted(found, key=lambda key: (order.index(key[0]), key[1])))


@frozen
class CodeLine:
    """A 0-based line that holds code, and the qualified name of the unit it stands in."""

    line: int
    unit: str


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


class Unshown(StrEnum):
    """Why a line from the threshold on is not shown, in the order in which that is decided."""

    COMMENT = "ignored-by-comment"
    IGNORED = "ignored"
    BASELINE = "baseline"
    REVIEWED = "reviewed"
    UNCHANGED = "unchanged"
    SEVERITY = "below-severity"
    CAP = "beyond-cap"


@frozen
class Selection:
    """What is shown of a file: ``findings`` in line order.

    ``unshown`` counts the other lines from the threshold on, by why they are not shown.
    """

    findings: tuple[Finding, ...] = ()
    unshown: Mapping[Unshown, int] = field(factory=dict)

    @property
    def hidden(self) -> int:
        """How many lines the cap left out."""
        return self.unshown.get(Unshown.CAP, 0)


@frozen
class TokenWeight:
    """How much a token of a line raises (or lowers) the line's logit: occlusion of evidence."""

    text: str
    line: int
    start: int
    end: int
    weight: float


class SpanLevel(StrEnum):
    """What a span is read as, and so what its base rate is that of."""

    LINE = "line"
    UNIT = "function"


@frozen
class SpanScore:
    """The answer to an arbitrary-span query.

    ``probability`` is the calibrated chance that at least one token of the span is edited,
    ``base_rate`` that of what it was read as, a line (or a part of one) or, of several lines, a
    function; ``lines`` are the 0-based code lines the span touches; ``tokens`` how many tokens it
    covers.
    """

    probability: float
    level: SpanLevel
    base_rate: float
    lines: tuple[int, ...]
    tokens: int
