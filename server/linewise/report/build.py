"""From the store to a report: reads what was scanned and runs no model."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from attrs import frozen

from linewise import __version__
from linewise.analysis.lines import LineTable
from linewise.files import Skipped, read_source
from linewise.probe.manifest import Calibration, ProbeManifest
from linewise.rationale.statistics.divergence import aligned, compare
from linewise.rationale.statistics.tables import Amount
from linewise.report.calibration import reliability_of, state_of
from linewise.report.payload import Reference, WorkspaceReport
from linewise.settings import Settings
from linewise.workspace.calibration import Workspace
from linewise.workspace.clones import is_shallow
from linewise.workspace.scan.ages import line_ages
from linewise.workspace.scan.database import DatabaseError
from linewise.workspace.scan.entry import content_hash
from linewise.workspace.scan.line_statistics import (
    LineStatistics,
    folder_of,
    line_statistics,
    stored_files,
)
from linewise.workspace.scan.rationale_statistics import (
    RationaleStatistics,
    rationale_statistics,
    units_of,
)
from linewise.workspace.scan.records import Method, Reader
from linewise.workspace.scan.snapshots import commit_of, snapshots
from linewise.workspace.scan.stability import stabilities
from linewise.workspace.scan.store import READ, NothingScannedError, Store
from linewise.workspace.scan.totals import Totals, totals_by
from linewise.workspace.scan.walk import entry_of


@frozen(eq=False)
class Subject:
    """What a report is about: a workspace's store, a folder in it, and who has read it.

    ``workspace`` is the repository's calibration, None outside of one. ``method`` and ``target``
    choose among the rationales that are stored; None takes those of most units. With ``ages``,
    lines are also divided by when they were written, which costs a git process a file.
    """

    store: Store
    root: Path
    within: bytes
    reader: Reader
    manifest: ProbeManifest
    workspace: Workspace | None
    method: str | None = None
    target: str | None = None
    ages: bool = False


def build(subject: Subject, reference: Subject | None = None) -> WorkspaceReport:
    """Return the report; ``reference`` is another workspace to compare its rationales with.

    Raises
    ------
    NothingScannedError
        If nothing with code in it was scanned by this reader.
    DatabaseError
        If the store cannot be read.
    """
    store, number = subject.store, subject.store.reader_id(subject.reader)
    name_of = _folders(subject, number)
    lines = _line_statistics(subject, number, name_of)
    chosen = _method(subject, number)
    by_folder: dict[str, Totals] = {}
    if chosen is not None:
        by_folder = _totals(subject, number, chosen, name_of)
    rationales = None if chosen is None else rationale_statistics(chosen[1], by_folder)
    texts = _texts(subject, lines)
    return WorkspaceReport(
        version=__version__,
        made=datetime.now(UTC).isoformat(timespec="seconds"),
        root=str(subject.root),
        folder=os.fsdecode(subject.within).rstrip("/") or ".",
        commit=commit_of(subject.root),
        model=subject.reader.model,
        calibration=state_of(subject.manifest, subject.workspace),
        lines=lines,
        rationales=rationales,
        stability=() if chosen is None else stabilities(store, number, chosen[0]),
        reliability=reliability_of(subject.workspace),
        reference=_compared(by_folder, rationales, reference),
        trend=snapshots(store, number),
        texts=texts,
        problems=_problems(subject),
        stale=_stale(subject, number),
    )


def shipped_statistics(store: Store, reader: Reader, manifest: ProbeManifest) -> LineStatistics:
    """Return the statistics of all lines as the shipped calibration reads them: for the trend.

    Raises
    ------
    NothingScannedError
        If nothing with code in it was scanned.
    """
    subject = Subject(store, Path(), b"", reader, manifest, None)
    return _line_statistics(subject, store.reader_id(reader), lambda _: ".")


def _line_statistics(
    subject: Subject, reader: int, name_of: Callable[[str], str]
) -> LineStatistics:
    ages = None
    if subject.ages:
        shallow = is_shallow(subject.root)
        ages = partial(line_ages, subject.root, now=time.time(), shallow=shallow)
    with subject.store.database.reading() as rows:
        return line_statistics(
            lambda: stored_files(rows, reader, subject.within),
            subject.reader,
            _calibration_of(subject),
            name_of,
            ages_of=ages,
        )


def _calibration_of(subject: Subject) -> Callable[[str, int], Calibration]:
    workspace = subject.workspace
    if workspace is None:
        return lambda _path, _length: subject.manifest.calibration
    return lambda path, length: workspace.calibration(subject.root / path, length)


def _folders(subject: Subject, reader: int) -> Callable[[str], str]:
    with subject.store.database.reading() as rows:
        first, last = rows.execute(
            f"SELECT min(path), max(path) FROM files JOIN readings ON {READ} "  # noqa: S608
            "WHERE reader = ? AND substr(path, 1, ?) = ?",
            (reader, len(subject.within), subject.within),
        ).fetchone()
    if first is None:
        raise NothingScannedError(
            f"nothing below {subject.root / os.fsdecode(subject.within)} was scanned with "
            f"{subject.reader.model} yet; run `linewise scan`"
        )
    return folder_of((os.fsdecode(first), os.fsdecode(last)))


def _method(subject: Subject, reader: int) -> tuple[int, Method] | None:
    """Return the stored method that is asked for, or that most units were explained by."""
    with subject.store.database.reading() as rows:
        found = rows.execute(
            "SELECT methods.id, methods.name, target, options, schema FROM methods "
            "JOIN rationales ON method = methods.id JOIN units ON units.id = unit "
            "WHERE units.reader = ? GROUP BY methods.id ORDER BY count(*) DESC, methods.id",
            (reader,),
        ).fetchall()
    for number, *row in found:
        method = Method.of_row(*row)
        if subject.method in (None, method.name) and subject.target in (None, method.target):
            return number, method
    if subject.method is not None or subject.target is not None:
        there = ", ".join(f"{row[1]} ({row[2]})" for row in found) or "none"
        raise DatabaseError(
            f"no rationales by {subject.method or 'any method'} of {subject.target or 'any target'}"
            f" were scanned; stored are: {there}"
        )
    return None


def _totals(
    subject: Subject, reader: int, method: tuple[int, Method], name_of: Callable[[str], str]
) -> dict[str, Totals]:
    number, found = method
    return totals_by(
        subject.store,
        reader,
        number,
        found.schema,
        within=subject.within,
        part_of=name_of,
    )


def _compared(
    own: Mapping[str, Totals], rationales: RationaleStatistics | None, other: Subject | None
) -> Reference | None:
    if other is None:
        return None
    number = other.store.reader_id(other.reader)
    if rationales is None or (chosen := _method(other, number)) is None:
        raise DatabaseError("without rationales there is nothing to compare; scan with them")
    if chosen[1] != rationales.method:
        raise DatabaseError(
            f"the rationales of {other.root} were found otherwise than those of this workspace; "
            "scan both with the same options"
        )
    (reference,) = _totals(other, number, chosen, lambda _: ".").values()
    schema = rationales.method.schema
    whole = Totals.empty(schema)
    for each in own.values():
        whole = whole.merge(each)
    mine, others = (aligned(each.sums, Amount.COUNT) for each in (whole, reference))
    divergence = compare(mine, others, schema.categories)
    return Reference(str(other.root), units_of(reference), divergence)


def _texts(subject: Subject, lines: LineStatistics) -> dict[tuple[str, int], str]:
    """Return the lines that are named, of files that still say what was scanned."""
    wanted: dict[str, list[int]] = {}
    for each in lines.risky_lines:
        wanted.setdefault(each.path, []).append(each.line)
    found = {}
    for path, numbers in wanted.items():
        source = read_source(subject.root / path, Settings())
        if isinstance(source, Skipped):
            continue
        content = content_hash(source.text.encode("utf-8", "surrogatepass"))
        with subject.store.database.reading() as rows:
            row = rows.execute(
                "SELECT content FROM files WHERE path = ?", (os.fsencode(path),)
            ).fetchone()
        if row is None or row[0] != content:
            continue
        table = LineTable(source.text)
        for number in numbers:
            found[path, number] = table.content(number - 1).strip()
    return found


def _problems(subject: Subject) -> tuple[tuple[str, str], ...]:
    with subject.store.database.reading() as rows:
        found = rows.execute(
            "SELECT path, problem FROM files WHERE problem IS NOT NULL "
            "AND substr(path, 1, ?) = ? ORDER BY path",
            (len(subject.within), subject.within),
        ).fetchall()
    return tuple((os.fsdecode(path), problem) for path, problem in found)


def _stale(subject: Subject, reader: int) -> int:
    """Count the files that are not, by size and time, those that the reader has scanned."""
    with subject.store.database.reading() as rows:
        known = rows.execute(
            f"SELECT path, size, modified, {READ} "  # noqa: S608
            "FROM files JOIN readings ON file = files.id "
            "WHERE reader = ? AND substr(path, 1, ?) = ?",
            (reader, len(subject.within), subject.within),
        ).fetchall()
    return sum(not (read and _is_as_scanned(subject.root, *row)) for *row, read in known)


def _is_as_scanned(root: Path, path: bytes, size: int, modified: int) -> bool:
    found = entry_of(root, root / os.fsdecode(path))
    return found is not None and (found.size, found.modified) == (size, modified)
