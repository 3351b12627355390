"""The work behind ``linewise scan --out``: corpora in, Parquet and their statistics out."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import cattrs
from attrs import evolve, frozen

from linewise import __version__
from linewise.commands.choices import Engine
from linewise.commands.paths import left_out
from linewise.commands.reporting import rendered, write_file
from linewise.commands.scanning import Options, load_instruments, reader_of, stored_method
from linewise.errors import LinewiseError
from linewise.probe.manifest import read_manifest
from linewise.probe.shipped import find_probe
from linewise.report.calibration import state_of
from linewise.report.payload import WorkspaceReport
from linewise.results import Omission
from linewise.settings import EXCLUDED
from linewise.wording import omitted
from linewise.workspace.corpus.engines import Cluster, Work, run_here, run_on_ray
from linewise.workspace.corpus.merge import Merged, files_of, merged, totals_of, write_totals
from linewise.workspace.corpus.output import CorpusOutput, Identity
from linewise.workspace.corpus.partition import Outcome
from linewise.workspace.corpus.plan import FILES, partitions
from linewise.workspace.scan.choice import Choice
from linewise.workspace.scan.formats import Links, ReportFormat
from linewise.workspace.scan.line_statistics import line_statistics
from linewise.workspace.scan.rationale_statistics import rationale_statistics
from linewise.workspace.scan.records import Method, Reader
from linewise.workspace.scan.scan import Instruments
from linewise.workspace.scan.store import NothingScannedError
from linewise.workspace.scan.totals import Totals

_PROBLEMS_SHOWN = 1_000


@frozen
class Run:
    """Where a corpus's results go and who computes them; ``files`` are about those of a partition.

    ``workers`` and ``gpus`` are of `Cluster`.
    """

    out: Path
    engine: Engine = Engine.LOCAL
    address: str | None = None
    workers: int | None = None
    gpus: float = 0.0
    files: int = FILES


@frozen
class Done:
    """What a scan of a corpus did: partitions in all, those read now, and what is there now.

    ``seconds`` is what all workers together spent on reading. ``omissions`` are what of the corpora
    is not looked at.
    """

    partitions: int
    read: int
    seconds: float
    merged: Merged
    omissions: tuple[Omission, ...] = ()


def scan_corpora(
    corpora: Sequence[Path],
    options: Options,
    run: Run,
    said: Callable[[str], None],
    progress: Callable[[int], Callable[[Outcome], None]],
) -> Done:
    """Bring an output folder up to date with corpora and write what they say altogether.

    ``progress`` is told how many partitions there are to read, and returns whom to tell of each.

    Raises
    ------
    LinewiseError
        If it cannot go on; what was stored stays, and the same command goes on from there.
    """
    reader = reader_of(options.model)
    method = stored_method(options.model, options.choice)
    unseen: list[Omission] = []
    planned = partitions(
        [corpus.absolute() for corpus in corpora],
        evolve(options.globs, exclude=(*EXCLUDED, *options.globs.exclude)),
        said,
        unseen.append,
        files=run.files,
    )
    omissions = left_out(unseen, corpora)
    for each in omissions:
        said(omitted(each))
    output = CorpusOutput(run.out.absolute())
    load = partial(load_same_instruments, options.model, options.choice, reader)
    work = Work(output, load, reader.statements, options.settings)
    seconds = 0.0
    with output.driven(Identity(reader, method, options.settings)):
        pending = output.pending(planned)
        tell = progress(len(pending))

        def heard(outcome: Outcome) -> None:
            nonlocal seconds
            seconds += outcome.ended - outcome.began
            tell(outcome)

        if run.engine is Engine.LOCAL:
            run_here(work, pending, heard)
        else:
            run_on_ray(work, pending, _cluster(run), heard)
        names = sorted(each.name for each in planned)
        found = merged(_outcomes(output, names))
        totals = None
        if method is not None:
            totals = totals_of(output, names, method.schema)
            write_totals(totals, output.folder)
        _write_summary(output.folder, reader, found)
        _write_report(output, names, reader, found=found, method=method, totals=totals)
    return Done(len(planned), len(pending), seconds, found, omissions)


def load_same_instruments(model: str, choice: Choice | None, reader: Reader) -> Instruments:
    """Load a model on a worker, if it is the one that the scan was asked of.

    Raises
    ------
    LinewiseError
        If it is not installed there, or is another one.
    """
    if reader_of(model) != reader:
        raise LinewiseError(
            f"{model} on {platform.node()} is another model or probe than on the machine that "
            f"asked: install one version of Linewise and run `linewise models pull {model}` on all"
        )
    return load_instruments(model, choice)


def payload(done: Done) -> dict[str, Any]:
    """Return what a scan did, for programs."""
    return {"version": 1, **cattrs.unstructure(done)}


def summary(done: Done, out: Path) -> Iterator[str]:
    """Yield what a scan did, line by line."""
    found = done.merged
    yield (
        f"{done.partitions:,} partitions: {done.read:,} read, "
        f"{done.partitions - done.read:,} already there"
    )
    line = f"{found.files:,} files, {found.lines:,} lines, {found.units:,} units"
    if found.explained:
        line += f", {found.explained:,} explained"
    if found.problems:
        line += f"; {len(found.problems):,} files skipped"
    yield line
    for repository, path, reason in found.problems[:_SKIPPED_SHOWN]:
        yield f"skipped {repository}/{path}: {reason}"
    if len(found.problems) > _SKIPPED_SHOWN:
        yield f"skipped {len(found.problems) - _SKIPPED_SHOWN:,} more, named in summary.json"
    yield f"In {out}: units/, totals.npz, summary.json and, of models with a probe, report.html"


_SKIPPED_SHOWN = 10


def _cluster(run: Run) -> Cluster:
    chosen = os.environ.get("LINEWISE_THREADS", "")
    threads = int(chosen) if chosen.isdecimal() and int(chosen) else 1
    return Cluster(run.address, run.workers, threads, run.gpus)


def _outcomes(output: CorpusOutput, names: Sequence[str]) -> Iterator[Outcome]:
    for name in names:
        found = output.outcome(name)
        if found is None:
            raise LinewiseError(
                f"{output.folder}: partition {name} is not there, though it was written: are the "
                "workers' disks the same as this machine's? All must see the folder of --out"
            )
        yield found


def _write_summary(folder: Path, reader: Reader, found: Merged) -> None:
    record = {
        "version": 1,
        "tool": {"name": "linewise", "version": __version__},
        "model": reader.model,
        **cattrs.unstructure(found),
    }
    write_file(folder / "summary.json", (json.dumps(record, indent=1) + "\n").encode())


def _write_report(
    output: CorpusOutput,
    names: Sequence[str],
    reader: Reader,
    *,
    found: Merged,
    method: Method | None,
    totals: Totals | None,
) -> None:
    """Write the report of all units as page and as data, if there are probabilities to report."""
    probe = find_probe(reader.model)
    if probe is None:
        return
    manifest = read_manifest(probe / "manifest.json")
    try:
        lines = line_statistics(
            lambda: files_of(output, names, reader.statements),
            reader,
            lambda _path, _length: manifest.calibration,
            lambda path: path.partition("/")[0],
        )
    except NothingScannedError:
        return
    rationales = None
    if method is not None and totals is not None:
        rationales = rationale_statistics(method, {".": totals})
    report = WorkspaceReport(
        version=__version__,
        made=datetime.now(UTC).isoformat(timespec="seconds"),
        root=str(output.folder),
        folder=".",
        commit=None,
        model=reader.model,
        calibration=state_of(manifest, None),
        lines=lines,
        rationales=rationales,
        stability=(),
        reliability=None,
        reference=None,
        trend=(),
        texts={},
        problems=tuple(
            (f"{repository}/{path}", reason)
            for repository, path, reason in found.problems[:_PROBLEMS_SHOWN]
        ),
        stale=0,
    )
    for form in (ReportFormat.HTML, ReportFormat.JSON):
        write_file(output.folder / f"report.{form}", rendered(report, form, Links.NONE))
