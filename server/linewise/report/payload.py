"""The content of a report: the one payload that every format is rendered from."""

from __future__ import annotations

from attrs import frozen

from linewise.lab.evaluate.bootstrap import Interval
from linewise.rationale.statistics.divergence import Divergence
from linewise.workspace.scan.line_statistics import LineStatistics
from linewise.workspace.scan.rationale_statistics import RationaleStatistics
from linewise.workspace.scan.snapshots import Commit, Snapshot
from linewise.workspace.scan.stability import CategoryStability


@frozen
class ReliabilityBin:
    """So many lines that stood at a mean probability, and the share of them that was edited."""

    predicted: float
    observed: float
    lines: float


@frozen
class Reliability:
    """How often lines were edited that stood at a probability; ``source`` says which lines."""

    source: str
    bins: tuple[ReliabilityBin, ...]


@frozen
class Measured:
    """How well a calibration did on lines that it was not fitted to: ``of`` says on which.

    Figures have 95 % intervals: Brier skill (0: as good as always saying the base rate, 1: sure and
    right), expected calibration error and AUC, 0 to 1.
    """

    of: str
    lines: int
    skill: Interval
    error: Interval
    auc: Interval


@frozen
class CalibrationState:
    """How logits were read.

    ``source`` is ``shipped`` or ``workspace``, ``fitted`` and ``promise`` as in `Calibration`;
    ``measured`` is how well the shipped one did where it was made, and one of the workspace on
    later commits; ``problem`` is why a stored calibration was not used.
    """

    source: str
    fitted: str
    promise: str
    base_rate: float
    threshold: float
    measured: tuple[Measured, ...]
    problem: str | None


@frozen
class Reference:
    """The rationales of another workspace, and how those of this one differ from them."""

    root: str
    units: int
    divergence: Divergence


@frozen(eq=False)
class WorkspaceReport:
    """Everything. ``folder`` is what the report is about, below ``root`` ("." for all of it).

    ``texts`` are the lines named in it, stripped, as far as the files still say what was scanned.
    ``problems`` are (path, reason) of files that could not be read. ``stale`` counts files that
    changed, or went, since they were scanned.
    """

    version: str
    made: str
    root: str
    folder: str
    commit: Commit | None
    model: str
    calibration: CalibrationState
    lines: LineStatistics
    rationales: RationaleStatistics | None
    stability: tuple[CategoryStability, ...]
    reliability: Reliability | None
    reference: Reference | None
    trend: tuple[Snapshot, ...]
    texts: dict[tuple[str, int], str]
    problems: tuple[tuple[str, str], ...]
    stale: int
