"""Where partitions are read: in this process, or by a pool of actors on a Ray cluster.

Both call `Work.do` on each partition, so results are the same. On a cluster a partition may be read
twice, when a worker dies between storing it and saying so; it then replaces itself.
"""

from __future__ import annotations

import logging
import os
import re
import secrets
import socket
from collections.abc import Callable, Sequence
from typing import Any

import cattrs
from attrs import field, frozen

from linewise.errors import LinewiseError
from linewise.settings import Settings
from linewise.workspace.corpus.output import CorpusOutput
from linewise.workspace.corpus.partition import Heard, Outcome, read_partition
from linewise.workspace.corpus.plan import Partition
from linewise.workspace.scan.scan import Instruments

_SAID = re.compile(r"^(?:linewise\.[\w.]+): (.+)", re.MULTILINE)
"""How a traceback ends that one of our errors has caused."""
REACH_SECONDS = 5.0


@frozen(eq=False)
class Work:
    """What is done with a partition. It travels to the workers; ``load`` is called there once."""

    output: CorpusOutput
    load: Callable[[], Instruments]
    statements: tuple[str, ...]
    settings: Settings = field(factory=Settings)

    def do(self, partition: Partition, instruments: Instruments) -> Outcome:
        """Read a partition and store what was found.

        Raises
        ------
        LinewiseError
            If the model fails.
        OSError
            If the output cannot be written.
        """
        outcome, rows = read_partition(partition, instruments, self.settings, self.statements)
        self.output.store(outcome, rows)
        return outcome


@frozen
class Cluster:
    """Where and how wide: ``address`` of a Ray cluster, None for one on this machine alone.

    ``workers`` hold a model each (None: as many as there are cores for), on ``threads`` cores and
    a share of a GPU.
    """

    address: str | None = None
    workers: int | None = None
    threads: int = 1
    gpus: float = 0.0


def run_here(work: Work, pending: Sequence[Partition], heard: Heard) -> None:
    """Read partitions one after the other in this process; raises what `Work.do` does."""
    if not pending:
        return
    instruments = work.load()
    for partition in pending:
        heard(work.do(partition, instruments))


def run_on_ray(work: Work, pending: Sequence[Partition], cluster: Cluster, heard: Heard) -> None:
    """Read partitions on a Ray cluster; those of workers that die are read by others.

    Raises
    ------
    LinewiseError
        If Ray is missing, the cluster is not there, or a worker cannot load the model, read or
        write; what was stored stays.
    """
    if not pending:
        return
    ray = _ray(cluster)
    try:
        _start(ray, cluster)
        for row in _outcomes(ray, work, pending, cluster):
            heard(cattrs.structure(row, Outcome))
    except (ray.exceptions.RayError, OSError) as error:
        raise LinewiseError(_reason(error)) from error
    finally:
        ray.shutdown()


class _Worker:
    """An actor: it holds the model and reads one partition after the other."""

    def __init__(self, work: Work, threads: int) -> None:
        os.environ["LINEWISE_THREADS"] = str(threads)
        self._work = work
        self._instruments = work.load()

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        done = [self._work.do(each, self._instruments) for each in batch["item"]]
        return {"item": [cattrs.unstructure(each) for each in done]}


def _ray(cluster: Cluster) -> Any:
    """Import Ray, told by its environment variables what it heeds only while it is imported."""
    # Ray reports its use to its makers unless it is told not to.
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
    if cluster.address is None:
        # Of this machine alone: on the loopback address, on every system, and for those who know a
        # token. By default Ray listens to the whole network and does what anybody there asks for.
        os.environ |= {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0", "RAY_AUTH_MODE": "token"}
        # Only once: Ray remembers the first one.
        os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))
    try:
        import ray
        import ray.data
    except ImportError:
        raise LinewiseError("--engine ray needs Ray: `pip install 'linewise[ray]'`") from None
    return ray


def _start(ray: Any, cluster: Cluster) -> None:
    quiet = {"logging_level": logging.ERROR, "log_to_driver": False}
    workers = cluster.workers or max(1, (os.cpu_count() or 1) // cluster.threads)
    alone = {"num_cpus": workers * cluster.threads, "include_dashboard": False}
    if cluster.address is not None:
        _reach(cluster.address)
    # Whatever RAY_ADDRESS says: if nobody named another machine, it is this one.
    options = {"address": "local", **alone} if cluster.address is None else {}
    try:
        ray.init(**({"address": cluster.address} | options | quiet))
    except (RuntimeError, ValueError) as error:
        raise LinewiseError(f"Ray does not start: {_first(error)}") from error


def _reach(address: str) -> None:
    """Refuse an address where nobody listens; Ray itself would try for minutes."""
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal() or "/" in address:
        return  # one of Ray's own words
    try:
        socket.create_connection((host.strip("[]"), int(port)), REACH_SECONDS).close()
    except OSError as error:
        raise LinewiseError(f"there is no Ray cluster at {address}: {error}") from None


def _outcomes(ray: Any, work: Work, pending: Sequence[Partition], cluster: Cluster) -> Any:
    resources = ray.cluster_resources()
    workers = cluster.workers or max(1, int(resources.get("CPU", 1)) // cluster.threads)
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    # A block for each, so that one that is lost costs no other.
    partitions = ray.data.from_items(list(pending), override_num_blocks=len(pending))
    found = partitions.map_batches(
        _Worker,
        fn_constructor_args=(work, cluster.threads),
        batch_size=1,
        num_cpus=cluster.threads,
        num_gpus=cluster.gpus or None,
        # None waits with one worker while another has nothing to do.
        compute=ray.data.ActorPoolStrategy(
            size=min(workers, len(pending)), max_tasks_in_flight_per_actor=1
        ),
    )
    for row in found.iter_rows():
        yield row["item"]


def _reason(error: BaseException) -> str:
    """Return what went wrong on a worker, as it said it: Ray has that as text, or as a cause."""
    chain = [error]
    while (following := getattr(chain[-1], "cause", None) or chain[-1].__cause__) is not None:
        chain.append(following)
    for each in chain:
        if isinstance(each, LinewiseError):
            return f"a worker stopped: {each}"
        if said := _SAID.search(str(each)):
            return f"a worker stopped: {said[1]}"
    return f"Ray stopped: {_first(error)}"


def _first(error: BaseException) -> str:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0]
