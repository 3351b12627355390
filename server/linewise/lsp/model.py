"""The model in use: loaded on the worker thread, replaced when the settings name another."""

from __future__ import annotations

import asyncio
import hashlib
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

from attrs import define, frozen
from lsprotocol import types

from linewise.errors import Cancelled, LinewiseError
from linewise.lsp.client import Client
from linewise.lsp.progress import show_progress
from linewise.lsp.status import StatusReporter
from linewise.lsp.tasks import Tasks
from linewise.models.worker import ModelWorker, Priority

if TYPE_CHECKING:
    from linewise.engine import Engine
    from linewise.probe.manifest import ProbeManifest
    from linewise.workspace.calibration import Workspaces

Result = TypeVar("Result")
LoadEngine = Callable[[str], "Engine"]


MINUTE = 60.0
"""Seconds."""


class ModelLoading(Exception):  # noqa: N818 - an outcome, not an error
    """The model is not there yet; asking again later will help."""


@frozen
class InstalledTarget:
    """What is known of an installed target model without asking it.

    ``identity`` is what its outputs are stored under; it uses ``threads`` at a time.
    """

    identity: str
    vocabulary: int
    threads: int


@define(eq=False)
class LoadedModel:
    """An engine and what to call it. ``identity`` changes whenever its answers may.

    ``workspaces`` says how they are read in each repository, ``manifest`` is the probe's; there is
    a ``target`` if it is an installed one. While nobody needs it the engine may be gone, its
    answers still hold, and `ModelHost.run` brings it back.
    """

    name: str
    provider: str
    identity: str
    workspaces: Workspaces
    manifest: ProbeManifest
    target: InstalledTarget | None
    _engine: Engine | None

    @property
    def engine(self) -> Engine:
        """The engine, for work on the model's thread."""
        if self._engine is None:
            raise RuntimeError("the engine is there for work on the model's thread only")
        return self._engine

    @property
    def unloaded(self) -> bool:
        """Whether the engine is gone."""
        return self._engine is None

    def keep(self, engine: Engine | None) -> None:
        """Have another engine of the same model, or none."""
        self._engine = engine


def load_workspaces(name: str, engine: Engine) -> Workspaces:
    """Return what is known of the repositories for this model."""
    # As late as the engine: it reads numbers with NumPy too.
    from linewise.workspace.calibration import Workspaces

    return Workspaces(name, engine.manifest)


def installed_target(engine: Engine) -> InstalledTarget | None:
    """Return what is known of an engine's target model, None if it is not an installed one."""
    from linewise.models.runtime import TargetModel

    target = engine.model
    if not isinstance(target, TargetModel):
        return None
    return InstalledTarget(target.identity, target.manifest.vocab_size, target.threads)


def load_engine(model: str) -> Engine:
    """Load an installed model and its probe."""
    # On the worker thread, not before: the runtime alone takes longer to import than `initialize`
    # may take to be answered.
    from linewise.engine import Engine

    return Engine.load(model)


class ModelHost:
    """Loads the model, runs work on its thread and says how it is.

    ``settled`` is called each time a model was loaded or could not be; then either ``loaded`` or
    ``failure``, the message for the user, is set.
    """

    def __init__(
        self,
        load: LoadEngine,
        client: Client,
        tasks: Tasks,
        settled: Callable[[], None],
    ) -> None:
        self.status = StatusReporter(client)
        self._worker = ModelWorker()
        self._load_engine = load
        self._client = client
        self._tasks = tasks
        self._announce = settled
        self._settled = asyncio.Event()
        self._loading: asyncio.Task[None] | None = None
        self._shown: str | None = None
        self._queue: dict[object, Priority] = {}
        self._idle = threading.Event()
        self._idle.set()
        self._unload_after = 0
        self._rest: asyncio.TimerHandle | None = None
        self.name: str | None = None
        self.loaded: LoadedModel | None = None
        self.failure: str | None = None

    @property
    def wanted(self) -> bool:
        """Whether somebody waits for work on the thread."""
        return self.wanted_before(Priority.BACKGROUND)

    def wanted_before(self, priority: Priority) -> bool:
        """Whether work waits for the thread that is to be done before that of a priority."""
        return any(each < priority for each in tuple(self._queue.values()))

    def start(self, name: str) -> None:
        """Begin to load a model; the one before it is let go at once."""
        if self._loading is not None:
            self._loading.cancel()
        self.name, self.loaded, self.failure = name, None, None
        self._settled.clear()
        self.status.loading(name)
        done = asyncio.Event()
        self._tasks.spawn(show_progress(self._client, f"Linewise: loading {name}", done))
        self._loading = self._tasks.spawn(self._load(name))
        # Also of a task that was replaced before it first ran.
        self._loading.add_done_callback(lambda _: done.set())

    async def model(self, patience: float | None) -> LoadedModel | None:
        """Return the model, None if it could not be loaded; wait for it up to ``patience`` seconds.

        Raises
        ------
        ModelLoading
            If it takes longer.
        """
        with suppress(TimeoutError):
            await asyncio.wait_for(self._settled.wait(), patience)
        if not self._settled.is_set():
            raise ModelLoading
        return self.loaded

    async def run(
        self,
        work: Callable[[threading.Event], Result],
        *,
        priority: Priority = Priority.FOREGROUND,
    ) -> Result:
        """Run ``work`` on the thread that owns the engine; cancelling sets the event it gets.

        Raises
        ------
        Cancelled
            If the model was unloaded and cannot be loaded again; it is as if it had never been.
        """
        ticket, loop = object(), asyncio.get_running_loop()

        def watched(cancelled: threading.Event) -> Result:
            self._queue.pop(ticket, None)
            self._idle.clear()
            try:
                self._wake(loop)
                return work(cancelled)
            finally:
                self._idle.set()

        self._queue[ticket] = priority
        try:
            return await self._worker.submit(watched, priority=priority)
        finally:
            self._queue.pop(ticket, None)
            self._rest_later()

    def unload_after(self, minutes: int) -> None:
        """Free the model's memory once nobody needed it for so long; 0 is never."""
        self._unload_after = minutes
        self._rest_later()

    def stop(self, seconds: float) -> bool:
        """Take no more work and return whether the thread came to rest in that time."""
        self._worker.stop(seconds)
        return self._idle.is_set()

    async def _load(self, name: str) -> None:
        try:
            self.loaded = await self.run(lambda _: self._loaded(name))
            self._shown = None
            self._ready(self.loaded)
        except LinewiseError as error:
            self._fail(name, str(error))
        except Exception as error:  # noqa: BLE001 - a broken model or runtime must not end the server
            self._client.log_failure(f"loading {name}", error)
            self._fail(name, f"{name} cannot be loaded ({type(error).__name__}); see the log")
        self._settled.set()
        self._announce()

    def _loaded(self, name: str) -> LoadedModel:
        engine = self._load_engine(name)
        identity = hashlib.sha256(repr(engine.manifest).encode()).hexdigest()
        workspaces = load_workspaces(name, engine)
        return LoadedModel(
            name,
            engine.provider,
            identity,
            workspaces,
            engine.manifest,
            installed_target(engine),
            engine,
        )

    def _ready(self, model: LoadedModel) -> None:
        fitted = model.workspaces.described(self._client.root).fitted
        self.status.ready(model.name, model.provider, fitted)

    def _rest_later(self) -> None:
        if self._rest is not None:
            self._rest.cancel()
        if self._unload_after:
            seconds = self._unload_after * MINUTE
            self._rest = asyncio.get_running_loop().call_later(seconds, self._unload)

    def _unload(self) -> None:
        model = self.loaded
        # Only an idle thread lets go of it, so nothing that runs loses what it runs on.
        if model is None or model.unloaded or self.wanted or not self._idle.is_set():
            return
        self._tasks.spawn(
            self._worker.submit(lambda _: model.keep(None), priority=Priority.BACKGROUND)
        )
        self.status.resting(model.name)

    def _wake(self, loop: asyncio.AbstractEventLoop) -> None:
        """Bring the engine back; on the model's thread, before work that may need it."""
        model = self.loaded
        if model is None or not model.unloaded:
            return
        loop.call_soon_threadsafe(self.status.loading, model.name)
        try:
            model.keep(self._load_engine(model.name))
        except Exception:  # noqa: BLE001 - whatever it is, loading anew finds out and says so
            loop.call_soon_threadsafe(self.start, model.name)
            raise Cancelled from None
        loop.call_soon_threadsafe(self._ready, model)

    def _fail(self, name: str, reason: str) -> None:
        self.failure = f"Linewise cannot score code: {reason}"
        self.status.failed(name, self.failure)
        # Loading is tried again whenever that may help; saying the same twice does not.
        if self.failure != self._shown:
            self._shown = self.failure
            self._client.show(self.failure, types.MessageType.Error)
