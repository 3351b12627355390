"""The outcome of `linewise check`: the one payload that every output format is rendered from.

Lines and columns count from 1 here, as people read them; columns are code points and a range's
end is exclusive.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from enum import StrEnum

from attrs import Factory, field, frozen

from linewise.results import Omission, OmissionKind, SpanLevel, Unshown, merged

RULE = "edit-risk"
WARNING_FROM = 0.5
"""A line that will rather be edited than not is a warning, any other a note."""


class Status(StrEnum):
    """What became of a file."""

    OK = "ok"
    SKIPPED = "skipped"
    FAILED = "failed"


class Level(StrEnum):
    """How loudly services show a finding: ``error`` if the run fails because of it."""

    NOTE = "note"
    WARNING = "warning"
    ERROR = "error"


@frozen
class ReportedLine:
    """A code line as it is shown.

    ``column`` and ``end_column`` enclose it without the blanks around it. ``fingerprint`` tells it
    from all other lines of the files, wherever in its file it moves. Where ``calibrated`` is False
    the rank holds, the number may not. Of a notebook, ``line`` counts within the ``cell``, whose
    number counts all cells.
    """

    line: int
    column: int
    end_column: int
    text: str
    probability: float
    flagged: bool
    rank: int
    unit: str
    fingerprint: str
    calibrated: bool
    cell: int | None = None

    @property
    def place(self) -> str:
        """Where it stands in its file, in words."""
        return f"{self.line}" if self.cell is None else f"cell {self.cell}:{self.line}"


@frozen
class FileReport:
    """One file.

    ``path`` is as the user knows it, ``name`` relative to the report's root if it is below it; both
    with forward slashes. ``lines`` are those to show, in line order; ``unshown`` counts the others
    from the threshold on, by why they are not shown; ``failing`` those that the run fails because
    of, beyond the cap or not. ``riskiest`` is the most probable edit but for suppressed lines.
    ``omissions`` are what the file was judged without; names in them are places
    (``src/a.py:12``). ``threshold`` and ``changed_since`` are those of the file's project; without
    a threshold of its own a file has the report's.
    """

    path: str
    status: Status
    reason: str | None = None
    encoding: str | None = None
    lines: tuple[ReportedLine, ...] = ()
    code_lines: int = 0
    unshown: Mapping[Unshown, int] = field(factory=dict)
    riskiest: ReportedLine | None = None
    failing: int = 0
    omissions: tuple[Omission, ...] = ()
    threshold: float | None = field(default=None, kw_only=True)
    changed_since: str | None = field(default=None, kw_only=True)
    name: str = field(default=Factory(lambda self: self.path, takes_self=True), kw_only=True)

    @property
    def flagged(self) -> tuple[ReportedLine, ...]:
        """The flagged ones among ``lines``."""
        return tuple(line for line in self.lines if line.flagged)

    @property
    def hidden(self) -> int:
        """How many lines the cap left out."""
        return self.unshown.get(Unshown.CAP, 0)


@frozen
class Position:
    """A place in a text."""

    line: int
    column: int


@frozen
class Span:
    """What `--span` asks about; ``end`` is exclusive."""

    start: Position
    end: Position

    def __str__(self) -> str:
        start, end = self.start, self.end
        return f"{start.line}:{start.column}-{end.line}:{end.column}"


@frozen
class SpanReport:
    """The answer to `--span`; ``probability`` is None if there is no code in the span.

    ``base_rate`` is that of a line or of a function, as ``level`` says.
    """

    span: Span
    probability: float | None
    level: SpanLevel
    base_rate: float
    lines: tuple[int, ...]
    tokens: int


@frozen
class ModelReport:
    """The target model that was used; ``provider`` is what it ran on."""

    name: str
    identity: str
    scheme: str
    provider: str


@frozen
class CalibrationReport:
    """How the lines' probabilities were calibrated: ``n`` lines, ``base_rate`` of them edited.

    ``source`` is ``shipped`` or ``workspace``; ``fitted`` says on what, in words.
    """

    method: str
    level: str
    base_rate: float
    n: int
    source: str
    fitted: str


@frozen
class Limits:
    """What makes a run fail: a finding of at least this probability; more findings than that."""

    fail_above: float | None = None
    max_findings: int | None = None


@frozen
class Report:
    """The outcome of one run; ``elapsed`` in seconds, without the loading of the model.

    ``root`` is the repository that holds all files, else the current folder. ``threshold`` is the
    least of those of the files. ``changed_since`` is the revision since which lines must have
    changed to be flagged, None where projects name different ones. ``failures`` says why the run
    failed, if it did. ``note`` is for the person who ran it, beside the report: why a stored
    calibration is not used. ``unseen`` is what of the named folders was not looked at.
    """

    version: str
    root: str
    model: ModelReport
    calibration: CalibrationReport
    threshold: float
    files: tuple[FileReport, ...]
    elapsed: float
    span: SpanReport | None = None
    changed_since: str | None = None
    limits: Limits = field(factory=Limits)
    failures: tuple[str, ...] = ()
    note: str | None = None
    unseen: tuple[Omission, ...] = ()

    @property
    def omissions(self) -> tuple[Omission, ...]:
        """All that the report leaves out, one of each kind of reason."""
        skipped = (
            Omission(OmissionKind.SKIPPED, 1, (file.path,), file.reason or "")
            for file in self.files
            if file.status is Status.SKIPPED
        )
        within = (each for file in self.files for each in file.omissions)
        return merged((*skipped, *self.unseen, *within))

    @property
    def thresholds(self) -> tuple[float, float]:
        """The least and the greatest threshold of the files."""
        found = [self.threshold_of(file) for file in self.files] or [self.threshold]
        return min(found), max(found)

    @property
    def unshown(self) -> Mapping[Unshown, int]:
        """How many lines from the threshold on are not shown, by why not."""
        counts = Counter(cause for file in self.files for cause in Counter(file.unshown).elements())
        return {cause: counts[cause] for cause in Unshown if counts[cause]}

    def count(self, status: Status) -> int:
        """Return how many files have that status."""
        return sum(file.status is status for file in self.files)

    @property
    def code_lines(self) -> int:
        """The number of code lines that were scored."""
        return sum(file.code_lines for file in self.files)

    @property
    def flagged(self) -> int:
        """The number of lines that were flagged."""
        return sum(len(file.flagged) for file in self.files)

    @property
    def findings(self) -> int:
        """The number of lines that were flagged or that the cap left out."""
        return self.flagged + sum(file.hidden for file in self.files)

    def threshold_of(self, file: FileReport) -> float:
        """Return the probability from which lines of a file are flagged."""
        return self.threshold if file.threshold is None else file.threshold

    def level(self, line: ReportedLine) -> Level:
        """Return how loudly a flagged line is shown."""
        fail_above = self.limits.fail_above
        if fail_above is not None and line.probability >= fail_above:
            return Level.ERROR
        return Level.WARNING if line.probability >= WARNING_FROM else Level.NOTE
