"""Scans of small corpora with tiny models, also in processes that Ray starts."""

import os
import signal
import sys
from functools import partial
from pathlib import Path

import psutil
from attrs import evolve
from scan_runs import READER

from linewise.engine import Engine
from linewise.models.runtime import TargetModel
from linewise.probe.runtime import Probe
from linewise.rationale.study.target import Target
from linewise.settings import Settings
from linewise.workspace.corpus.engines import Cluster, Work, run_here, run_on_ray
from linewise.workspace.corpus.output import CorpusOutput, Identity
from linewise.workspace.corpus.plan import partitions
from linewise.workspace.scan.choice import Choice, method_of
from linewise.workspace.scan.rationalizing import Rationalizer
from linewise.workspace.scan.scan import Instruments
from linewise.workspace.scan.walk import Globs

CHOICE = Choice(Target.NEXT_TOKEN, "greedy", tokens=2, context=12, places=3)
VOCABULARY = 384
METHOD = method_of(CHOICE, VOCABULARY)
TINY = evolve(READER, model="llama")


def load(cache, probe):
    os.environ["LINEWISE_CACHE_DIR"] = cache
    engine = Engine(TargetModel.load("llama", threads=1), Probe(Path(probe)))
    return Instruments(engine.model, engine, Rationalizer(engine.model, engine.probe, CHOICE))


def corpus(folder, files=12):
    """Write a folder of small files, some of which have functions in common."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(files):
        text = f"import os\n\n\ndef f{number}(x):\n    y = x + {number}\n    return y\n"
        text += "\n\ndef same(a, b):\n    if a:\n        return os.sep\n    return b\n"
        (folder / f"m{number}.py").write_text(text * (1 + number % 3))
    return folder


def scan(out, corpora, loading, cluster=None, heard=lambda _: None, said=print):
    """Scan corpora into a folder and return (planned, read) partitions."""
    planned = partitions([Path(each) for each in corpora], Globs(), said, files=2)
    output = CorpusOutput(Path(out))
    work = Work(output, loading, READER.statements)
    with output.driven(Identity(TINY, METHOD, Settings())):
        pending = output.pending(planned)
        if cluster is None:
            run_here(work, pending, heard)
        else:
            run_on_ray(work, pending, cluster, heard)
    return planned, pending


def content(out):
    """Return all that is stored, by name."""
    return {path.name: path.read_bytes() for path in (Path(out) / "units").glob("*.parquet")}


def workers():
    """Return the worker processes of the cluster that this process has started."""
    return [
        each
        for each in psutil.Process().children(recursive=True)
        if "_Worker" in " ".join(_command(each))
    ]


def _command(process):
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def kill(processes):
    for each in processes:
        each.send_signal(signal.SIGKILL)


def main():
    """Scan on Ray in a process of its own; say each partition that is there.

    The last argument is the cluster's address, if it is not to be one of this process.
    """
    out, folder, cache, probe, *address = sys.argv[1:]
    heard = partial(print, flush=True)
    cluster = Cluster(*address, workers=1)
    scan(out, [folder], partial(load, cache, probe), cluster, lambda o: heard(o.name))


if __name__ == "__main__":
    main()
