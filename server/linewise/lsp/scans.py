"""Scans of open folders: everything on a thread of their own but what asks the model.

So whoever wants the model never waits for a disk, a parser or the database, and the loop waits for
none of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import CancelledError, Future
from pathlib import Path
from typing import Any

from linewise.engine import Engine
from linewise.errors import Cancelled, LinewiseError
from linewise.files import IN_EDITOR
from linewise.lsp.model import InstalledTarget, LoadedModel, ModelHost
from linewise.models.runtime import TargetModel
from linewise.models.worker import Priority, WorkerStoppedError
from linewise.report.trend import keep_trend
from linewise.results import Omission
from linewise.settings import Settings
from linewise.wording import omitted
from linewise.workspace.scan.choice import Choice, method_of, statement_kinds
from linewise.workspace.scan.location import workspace_root
from linewise.workspace.scan.pacing import Pace
from linewise.workspace.scan.queue import ScanQueue
from linewise.workspace.scan.records import Reader
from linewise.workspace.scan.scan import Instruments, Request, Scan
from linewise.workspace.scan.selection import Above, Selection
from linewise.workspace.scan.store import Store

CACHED_TOKENS = 20_000
"""Of a scan: what is known of open documents must not make room for what nobody looks at."""
CHOICE = Choice()
"""What is asked of every unit: the same as by the command line, so that they share the answers."""


def reader_of(model: LoadedModel) -> Reader:
    """Return what is read with a model is stored under.

    Raises
    ------
    LinewiseError
        If it is no installed model.
    """
    target = _target(model)
    return Reader(model.name, target.identity, model.manifest.identity, statement_kinds())


def _target(model: LoadedModel) -> InstalledTarget:
    if model.target is None:
        raise LinewiseError("workspaces can only be scanned with an installed model")
    return model.target


def scan_queue(
    host: ModelHost,
    loop: asyncio.AbstractEventLoop,
    defaults: Settings,
    above: Mapping[Path, Above],
    said: Callable[[str], None],
) -> ScanQueue:
    """Return a queue of scans with the model in use.

    ``above`` has what the editor puts above the settings of projects, for each folder that is asked
    for; ``defaults`` are those where no project says otherwise. ``said`` hears what a person should
    know; it is called on the loop.
    """
    scans = _Scans(host, loop, defaults, above, said)
    return ScanQueue(scans.begin, Pace(), scans.end, scans.interrupted)


class _Scans:
    """Makes scans, one after the other. Used on their thread."""

    def __init__(
        self,
        host: ModelHost,
        loop: asyncio.AbstractEventLoop,
        defaults: Settings,
        above: Mapping[Path, Above],
        said: Callable[[str], None],
    ) -> None:
        self._host = host
        self._loop = loop
        self._defaults = defaults
        self._above = above
        self._said = said
        self._model: LoadedModel | None = None
        self._told: set[str] = set()

    def begin(self, folder: Path) -> Scan:
        """Begin a scan of a folder.

        Raises
        ------
        LinewiseError
            If there is no model, or the store cannot be used.
        """
        if (model := self._host.loaded) is None:
            raise LinewiseError(self._host.failure or "there is no model")
        self._model = model
        selection = Selection(folder, self._defaults, self._above[folder])
        request = Request(
            root=workspace_root(folder),
            folder=folder,
            reader=reader_of(model),
            selection=selection,
            method=method_of(CHOICE, _target(model).vocabulary),
            advice=IN_EDITOR,
        )
        store = Store.open(request.root, self._say)
        try:
            scan = Scan(store, request, lambda: self._instruments(model), self._say)
            self._say_once(folder, scan.omissions)
            return scan
        except BaseException:
            store.close()
            raise

    def end(self, scan: Scan) -> None:
        """Let go of a scan; of one that came to its end, keep what the trend needs.

        Raises
        ------
        LinewiseError
            If the store cannot be used.
        """
        model, self._model = self._model, None
        try:
            self._say_once(scan.request.folder, scan.skipped)
            if scan.finished and model is not None:
                keep_trend(scan, model.manifest, again=False)
        finally:
            scan.store.close()

    def interrupted(self) -> bool:
        """Whether somebody else waits for the model, or it is not in use any more."""
        return self._host.loaded is not self._model or self._host.wanted_before(Priority.IDLE)

    def _instruments(self, model: LoadedModel) -> Instruments:
        made: Instruments = self._run(lambda: _instruments(model, self._run))
        return made

    def _run(self, work: Callable[[], Any]) -> Any:
        """Run what asks the model on its thread, once nobody else wants it; wait for it here."""
        asked = self._host.run(lambda _: work(), priority=Priority.IDLE)
        try:
            running: Future[Any] = asyncio.run_coroutine_threadsafe(asked, self._loop)
        except RuntimeError:  # the loop is closed: nobody waits for a scan any more
            asked.close()
            raise Cancelled from None
        try:
            return running.result()
        except (CancelledError, WorkerStoppedError):
            raise Cancelled from None

    def _say_once(self, folder: Path, omissions: tuple[Omission, ...]) -> None:
        """Say what is left out of a folder: it is scanned whenever something in it changed."""
        for message in (f"{folder}: {omitted(each)}" for each in omissions):
            if message not in self._told:
                self._told.add(message)
                self._say(message)

    def _say(self, message: str) -> None:
        self._loop.call_soon_threadsafe(self._said, message)


def _instruments(model: LoadedModel, run: Callable[[Callable[[], Any]], Any]) -> Instruments:
    """Return what reads and explains; on the model's thread."""
    from linewise.workspace.scan.rationalizing import Rationalizer

    target, probe = model.engine.model, model.engine.probe
    assert isinstance(target, TargetModel)  # noqa: S101 - there is a reader of it
    engine = Engine(target, probe, cached_tokens=CACHED_TOKENS)
    return Instruments(target, engine, Rationalizer(target, probe, CHOICE), run)
