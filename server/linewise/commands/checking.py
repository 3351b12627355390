"""The work behind ``linewise check``: files in, report out."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from pathlib import Path

from attrs import evolve, field, frozen

from linewise import __version__
from linewise.analysis.findings import select_findings
from linewise.analysis.fingerprints import among_files, fingerprints
from linewise.analysis.lines import LineTable, PositionEncoding, count_lines
from linewise.analysis.suppression import Suppression
from linewise.analysis.syntax import parse
from linewise.analysis.units import find_units
from linewise.commands.cells import Cells
from linewise.commands.limits import root_of
from linewise.commands.paths import STDIN, displayed
from linewise.engine import Engine, ScoredText
from linewise.files import Skipped, Source, decode_source, read_source
from linewise.languages import NOTEBOOK_SUFFIX
from linewise.models.cache import find
from linewise.notebook_files import NotebookSource, read_notebook
from linewise.output.report import (
    CalibrationReport,
    FileReport,
    Limits,
    ModelReport,
    Report,
    ReportedLine,
    Span,
    SpanReport,
    Status,
)
from linewise.output.verdict import failures
from linewise.results import Omission, Selection, Severity, SpanLevel
from linewise.settings import Settings
from linewise.spans import ask_span
from linewise.workspace.baseline import Baseline, Seen
from linewise.workspace.calibration import Workspace, Workspaces
from linewise.workspace.decisions import Place, name_below, place_of
from linewise.workspace.git import normal
from linewise.workspace.suppressions import Suppressions

Progress = Callable[[str, float], None]
"""Hears (the path of the file in work, files done): with fractions, since one may be long."""


@frozen
class Request:
    """What to check and what to report; with a ``span`` there is exactly one file.

    ``own`` are the settings of files that have others than ``settings``. A ``baseline`` that was
    named holds instead of the project's. ``unseen`` is what was left out when the files were looked
    for.
    """

    files: tuple[Path, ...]
    settings: Settings
    all_lines: bool = False
    span: Span | None = None
    limits: Limits = field(factory=Limits)
    baseline: Baseline | None = None
    unseen: tuple[Omission, ...] = ()
    own: Mapping[Path, Settings] = field(factory=dict)

    def settings_of(self, path: Path) -> Settings:
        """Return the settings of one of the files."""
        return self.own.get(path, self.settings)


@frozen
class Checked:
    """The report, and what was seen of the files that were scored, by their name in a baseline."""

    report: Report
    seen: Mapping[str, Seen]


def check_files(engine: Engine, request: Request, progress: Progress) -> Checked:
    """Score the files one after the other; whatever is wrong with one is said in its report."""
    started = time.monotonic()
    workspace = _workspace(engine, request)
    suppressions = Suppressions(request.baseline)
    calibration = engine.manifest.calibration if workspace is None else workspace.described()
    root = root_of(request.files) or Path.cwd()
    files: list[FileReport] = []
    seen: dict[str, Seen] = {}
    span: SpanReport | None = None
    for index, path in enumerate(request.files):

        def tell(done: int, total: int, path: Path = path, index: int = index) -> None:
            progress(displayed(path), index + done / max(total, 1))

        def only(text: str, path: Path = path) -> Container[int] | None:
            return _asked(request, path, text, suppressions)

        file, scored, cells = _check_file(
            engine, path, request, workspace, only=only, progress=tell
        )
        file = evolve(
            file,
            name=_name(path, root),
            threshold=_threshold(request, request.settings_of(path), calibration.threshold),
            changed_since=request.settings_of(path).changed_since,
        )
        if scored is not None:
            file, lines = _with_lines(file, path, scored, request, suppressions, cells=cells)
            if request.baseline is not None:
                seen[request.baseline.name_of(path)] = lines
        files.append(file)
        if scored is not None and request.span is not None:
            span = _ask(engine, scored, request.span)
    problems = {
        problem
        for path in request.files
        for problem in suppressions.problems(_place(path), request.settings_of(path))
    }
    problems |= {
        f"{each.path}: git knows the lines of a notebook's file, not those of its cells; "
        "all of them are shown"
        for each in files
        if each.status is Status.OK
        and each.changed_since is not None
        and each.path.lower().endswith(NOTEBOOK_SUFFIX)
    }
    if workspace is not None and workspace.problem is not None:
        problems.add(workspace.problem)
    method = "platt" if workspace is None or workspace.stored is None else "logistic"
    model = find(request.settings.model).manifest
    thresholds = [each.threshold for each in files if each.threshold is not None]
    settings = [request.settings_of(path) for path in request.files] or [request.settings]
    revisions = {each.changed_since for each in settings}
    report = Report(
        version=__version__,
        root=str(root),
        model=ModelReport(model.name, model.identity, model.scheme, engine.provider),
        calibration=CalibrationReport(
            method,
            "line",
            calibration.line.base_rate,
            calibration.line.n,
            calibration.source,
            calibration.fitted,
        ),
        threshold=min(
            thresholds, default=_threshold(request, request.settings, calibration.threshold)
        ),
        files=tuple(files),
        elapsed=time.monotonic() - started,
        span=span,
        changed_since=revisions.pop() if len(revisions) == 1 else None,
        limits=request.limits,
        note="; ".join(sorted(problems)) or None,
        unseen=request.unseen,
    )
    return Checked(evolve(report, failures=tuple(failures(report))), seen)


def _threshold(request: Request, settings: Settings, default: float) -> float:
    """Return from where lines are flagged: those that a run fails because of always are."""
    chosen, limit = settings.threshold, request.limits.fail_above
    threshold = default if chosen is None else chosen
    return threshold if limit is None else min(threshold, limit)


def _workspace(engine: Engine, request: Request) -> Workspace | None:
    """Return the repository that all files are in: one report has one calibration."""
    workspaces = Workspaces(request.settings.model, engine.manifest)
    return workspaces.common(Path.cwd() if path == STDIN else path for path in request.files)


def _check_file(
    engine: Engine,
    path: Path,
    request: Request,
    workspace: Workspace | None,
    *,
    only: Callable[[str], Container[int] | None],
    progress: Callable[[int, int], None],
) -> tuple[FileReport, ScoredText | None, Cells | None]:
    name, settings = displayed(path), request.settings_of(path)
    source = _read(path, settings)
    if isinstance(source, Skipped):
        return FileReport(name, Status.SKIPPED, source.reason), None, None
    text = source.joined.text if isinstance(source, NotebookSource) else source.text
    try:
        place, length = None if path == STDIN else path, count_lines(text)
        calibration = None if workspace is None else workspace.calibration(place, length)
        names, asked = settings.names, None
        if isinstance(source, NotebookSource):
            names |= source.joined.names
        else:
            asked = only(text)
        scored = engine.score(
            text, names=names, calibration=calibration, only=asked, progress=progress
        )
    except Exception as error:  # noqa: BLE001 - one file must not cost the others their result
        reason = f"could not be scored ({type(error).__name__}: {error}); please report this"
        return FileReport(name, Status.FAILED, reason, source.encoding), None, None
    report = FileReport(name, Status.OK, None, source.encoding)
    if isinstance(source, NotebookSource):
        cells = Cells(source)
        return evolve(report, omissions=cells.omissions(name)), cells.python(scored), cells
    return report, scored, None


def _asked(
    request: Request, path: Path, text: str, suppressions: Suppressions
) -> Container[int] | None:
    """Return the 0-based lines that the report is about, None for all.

    A baseline holds those that did not change, too, and a span is judged with its units.
    """
    if request.span is not None:
        first, last = request.span.start.line - 1, request.span.end.line - 1
        units = find_units(parse(text))
        around = [each for each in units if each.first_line <= last and each.last_line >= first]
        return {line for each in around for line in range(each.first_line, each.last_line + 1)}
    if request.all_lines or request.baseline is not None:
        return None
    return suppressions.changed(_place(path), LineTable(text), request.settings_of(path))


def _name(path: Path, root: Path) -> str:
    """Return what a file is called in a report: the same however it was named."""
    if path == STDIN:
        return displayed(path)
    name = name_below(path, root)
    if name is not None:
        return name
    try:
        return Path(os.path.relpath(normal(path), root)).as_posix()
    except ValueError:  # on another drive
        return normal(path).as_posix()


def _place(path: Path) -> Place:
    return Place(None, displayed(path)) if path == STDIN else place_of(path)


def _read(path: Path, settings: Settings) -> Source | NotebookSource | Skipped:
    if path == STDIN:
        return decode_source(sys.stdin.buffer.read(settings.max_file_bytes + 1), settings)
    if path.suffix.lower() == NOTEBOOK_SUFFIX:
        return read_notebook(path, settings)
    return read_source(path, settings)


def _with_lines(
    report: FileReport,
    path: Path,
    scored: ScoredText,
    request: Request,
    suppressions: Suppressions,
    *,
    cells: Cells | None,
) -> tuple[FileReport, Seen]:
    """Return the report of a file with what is to be shown of it, and what a baseline may hold."""
    table, scores = scored.table, scored.lines
    settings = request.settings_of(path)
    threshold = _threshold(request, settings, scored.calibration.threshold)
    settings = evolve(settings, threshold=threshold)
    if cells is not None:
        # Git knows the lines of the notebook's file, not those of its cells.
        settings = evolve(settings, changed_since=None)
    uncapped = evolve(settings, max_findings_per_file=len(scores))
    prints = fingerprints(table, scored.code)
    suppressed = suppressions.of(_place(path), table, scores, prints, settings)

    def select(settings: Settings, suppressed: Suppression) -> Selection:
        return select_findings(table, scores, settings, 0.0, suppressed=suppressed, prints=prints)

    shown = select(settings, suppressed)
    limit = request.limits.fail_above
    failing = (
        0
        if limit is None
        else sum(each.probability >= limit for each in select(uncapped, suppressed).findings)
    )
    acceptable = evolve(suppressed, baselined=frozenset(), changed=None)
    found = frozenset(each.fingerprint for each in select(uncapped, acceptable).findings)
    flagged = {finding.line for finding in shown.findings}
    every = tuple(_reported_lines(scored, flagged, settings, prints, report.name))
    shows = [suppressed.cause(each.line - 1) is None for each in every]
    place: Callable[[str], str] = str
    if cells is not None:
        every, place = tuple(map(cells.placed, every)), cells.place
    return evolve(
        report,
        lines=every if request.all_lines else tuple(line for line in every if line.flagged),
        code_lines=len(every),
        unshown=shown.unshown,
        failing=failing,
        riskiest=min(
            (each for each, may in zip(every, shows, strict=True) if may),
            key=lambda line: line.rank,
            default=None,
        ),
        omissions=report.omissions + _placed(scored.omissions, report.path, place),
    ), Seen(prints.known_by, found)


def _reported_lines(
    scored: ScoredText,
    flagged: set[int],
    settings: Settings,
    prints: Mapping[int, str],
    name: str,
) -> Iterator[ReportedLine]:
    everything = evolve(
        settings,
        threshold=0.0,
        minimum_severity=Severity.HINT,
        max_findings_per_file=len(scored.lines),
    )
    shown = select_findings(scored.table, scored.lines, everything, 0.0, prints=prints)
    for finding in shown.findings:
        text = scored.table.content(finding.line)
        yield ReportedLine(
            line=finding.line + 1,
            column=finding.start + 1,
            end_column=finding.end + 1,
            text=text,
            probability=finding.probability,
            flagged=finding.line in flagged,
            rank=finding.rank,
            unit=finding.unit,
            fingerprint=among_files(name, finding.fingerprint),
            calibrated=finding.calibrated,
        )


def _placed(
    omissions: Sequence[Omission], path: str, place: Callable[[str], str]
) -> tuple[Omission, ...]:
    """Return omissions of a text as those of a file: lines are named with it."""
    return tuple(
        evolve(each, names=tuple(f"{path}:{place(name)}" for name in each.names))
        for each in omissions
    )


def _ask(engine: Engine, scored: ScoredText, span: Span) -> SpanReport:
    start, end = (
        scored.table.offset(place.line - 1, place.column - 1, PositionEncoding.UTF32)
        for place in (span.start, span.end)
    )
    answer = ask_span(engine.probe, scored, start, end)
    if answer is None:
        return SpanReport(span, None, SpanLevel.LINE, scored.base_rate, (), 0)
    lines = tuple(line + 1 for line in answer.lines)
    return SpanReport(
        span, answer.probability, answer.level, answer.base_rate, lines, answer.tokens
    )
