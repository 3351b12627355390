"""The work behind ``linewise scan``: a folder in, its statistics in the store."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cattrs
from attrs import evolve, frozen

from linewise.commands.paths import left_out
from linewise.errors import LinewiseError
from linewise.models.cache import find
from linewise.probe.manifest import read_manifest
from linewise.probe.shipped import find_probe
from linewise.rationale.study.target import Target
from linewise.report.trend import keep_trend
from linewise.settings import Settings
from linewise.wording import omitted
from linewise.workspace.git import normal
from linewise.workspace.scan.choice import Choice, method_of, statement_kinds
from linewise.workspace.scan.location import workspace_root
from linewise.workspace.scan.pacing import Budget, Pace
from linewise.workspace.scan.records import Method, Reader
from linewise.workspace.scan.scan import Instruments, Progress, Request, Scan
from linewise.workspace.scan.selection import Selection
from linewise.workspace.scan.store import Store
from linewise.workspace.scan.walk import Globs


@frozen
class Options:
    """How to scan; without a ``choice`` nothing is explained.

    ``given`` are the settings that stand above those of projects.
    """

    model: str
    choice: Choice | None
    globs: Globs
    given: Mapping[str, Any]
    budget: Budget

    @property
    def settings(self) -> Settings:
        """The settings where no project says otherwise."""
        return self.above(Settings(model=self.model))

    def above(self, settings: Settings) -> Settings:
        """Return the settings of a project with those that were given instead."""
        return evolve(settings, **self.given)


def reader_of(model: str) -> Reader:
    """Return what an installed model and its probe, if there is one, are stored under.

    Raises
    ------
    LinewiseError
        If the model is not installed.
    """
    folder = find_probe(model)
    probe = "" if folder is None else read_manifest(folder / "manifest.json").identity
    return Reader(model, find(model).manifest.identity, probe, statement_kinds())


def stored_method(model: str, choice: Choice | None) -> Method | None:
    """Return what rationales by this choice are stored under.

    Raises
    ------
    LinewiseError
        If the choice does not fit the model or itself.
    """
    if choice is None:
        return None
    if choice.target is Target.EDIT and find_probe(model) is None:
        raise LinewiseError(
            f"there is no probe for {model}, so none of its lines is at risk: choose --target "
            "next-token, or a model with a probe"
        )
    return method_of(choice, find(model).manifest.vocab_size)


def load_instruments(model: str, choice: Choice | None) -> Instruments:
    """Load a model, its probe if there is one, and what explains.

    Raises
    ------
    LinewiseError
        If the model is not installed, damaged or not the one the probe was made for.
    """
    # Only now: where nothing changed, nothing of it is needed.
    from linewise.engine import Engine
    from linewise.models.runtime import TargetModel
    from linewise.workspace.scan.rationalizing import Rationalizer

    engine = None if find_probe(model) is None else Engine.load(model)
    target = TargetModel.load(model) if engine is None else engine.model
    assert isinstance(target, TargetModel)  # noqa: S101 - engines are loaded with one
    rationalizer = None
    if choice is not None:
        rationalizer = Rationalizer(target, None if engine is None else engine.probe, choice)
    return Instruments(target, engine, rationalizer)


@contextmanager
def opened_scan(folder: Path, options: Options, said: Callable[[str], None]) -> Iterator[Scan]:
    """Yield a scan of a folder that knows what there is to do; the model is loaded when needed.

    ``said`` hears what a person should know.

    Raises
    ------
    LinewiseError
        If the model is not installed, a method does not fit, or the store cannot be used.
    """
    folder = normal(folder)
    selection = Selection(folder, options.settings, options.above, options.globs)
    request = Request(
        root=workspace_root(folder),
        folder=folder,
        reader=reader_of(options.model),
        selection=selection,
        method=stored_method(options.model, options.choice),
    )
    with Store.open(request.root, said) as store:
        scan = Scan(store, request, lambda: load_instruments(options.model, options.choice), said)
        for each in left_out(scan.omissions):
            said(omitted(each))
        for problem in selection.problems:
            said(problem)
        yield scan


def run(scan: Scan, budget: Budget, progress: Callable[[str, float], None]) -> None:
    """Run a scan to its end, within a budget; ``progress`` hears (path, files done).

    Raises
    ------
    LinewiseError
        If it cannot go on; what was stored is safe, and the next scan goes on from there.
    """
    pace = Pace(budget)
    while not scan.finished:
        if delay := pace.delay():
            time.sleep(delay)
            continue
        pace.begin()
        scan.step(pace.interrupts, pace.is_spent)
        pace.end()
        progress(scan.progress.path, scan.progress.done)
    if (folder := find_probe(scan.request.reader.model)) is not None:
        keep_trend(scan, read_manifest(folder / "manifest.json"))


def payload(scan: Scan) -> dict[str, Any]:
    """Return what a scan did, for programs."""
    omissions = cattrs.unstructure(left_out((*scan.omissions, *scan.skipped)))
    return {"version": 1, **cattrs.unstructure(scan.progress), "omissions": omissions}


def summary(done: Progress, folder: Path) -> Iterator[str]:
    """Yield what a scan did, line by line."""
    parts = [f"{done.done:,} read", f"{done.files - done.pending:,} unchanged"]
    if done.problems:
        parts.append(f"{done.problems:,} of them skipped")
    if done.forgotten:
        parts.append(f"{done.forgotten:,} gone")
    yield f"{done.files:,} files: {', '.join(parts)}"
    if done.units_read or done.units_explained:
        line = f"{done.units_read:,} units read, {done.units_known:,} known"
        if done.units_explained:
            line += f", {done.units_explained:,} explained"
        if done.tokens_read and done.scoring_seconds:
            line += f"; {done.tokens_read / done.scoring_seconds:,.0f} tokens a second"
        yield line
    yield f"Their statistics: linewise report {folder}"
