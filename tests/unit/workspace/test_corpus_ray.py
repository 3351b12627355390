"""Corpora on a real local Ray cluster of several processes: the same bytes, whoever dies."""

import importlib.util
import os
import subprocess
import sys
from functools import partial
from pathlib import Path

import corpus_runs
import psutil
import pytest
from corpus_runs import content, corpus, kill, load, scan, workers

from linewise.errors import LinewiseError
from linewise.workspace.corpus.engines import Cluster

# Not imported here: what Ray listens to is decided before it is.
pytestmark = [
    pytest.mark.slow,
    pytest.mark.leaves_threads,
    pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="needs linewise[ray]"),
]


@pytest.fixture(autouse=True)
def importable(monkeypatch):
    """Let workers import what these tests do."""
    path = (str(Path(corpus_runs.__file__).parent), *filter(None, sys.path))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(path))


@pytest.fixture
def places(installed, tiny_probe):
    installed("llama")
    return os.environ["LINEWISE_CACHE_DIR"], str(tiny_probe)


LOOPBACK = ("127.0.0.1", "::1", "::ffff:127.0.0.1")


def strangers():
    """Return what this process and its children speak or listen to beyond the loopback."""
    own = psutil.Process()
    return [
        (each.name(), address)
        for each in (own, *own.children(recursive=True))
        for connection in _connections(each)
        for address in (connection.laddr, connection.raddr)
        if address and address.ip not in LOOPBACK
    ]


def _connections(process):
    try:
        return process.net_connections("inet")
    except psutil.Error:
        return []  # it has ended meanwhile


def test_workers_killed_in_the_middle_change_nothing(tmp_path, places):
    folder = corpus(tmp_path / "corpus")
    scan(tmp_path / "local", [folder], partial(load, *places))
    killed, connected = [], []

    def heard(_):
        connected.extend(strangers())
        if not killed:
            killed.extend(workers())
            kill(killed)

    planned, read = scan(
        tmp_path / "ray", [folder], partial(load, *places), Cluster(workers=2), heard
    )
    assert len(planned) == len(read) > 4
    assert killed
    assert connected == []
    assert content(tmp_path / "ray") == content(tmp_path / "local")


def test_what_a_killed_driver_left_is_gone_on_with(tmp_path, places):
    folder = corpus(tmp_path / "corpus")
    scan(tmp_path / "whole", [folder], partial(load, *places))
    command = [sys.executable, corpus_runs.__file__, str(tmp_path / "out"), str(folder), *places]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as driver:
        assert driver.stdout.readline().startswith("corpus-")
        orphans = psutil.Process(driver.pid).children(recursive=True)
        driver.kill()
    psutil.wait_procs(orphans, timeout=60)
    planned, read = scan(tmp_path / "out", [folder], partial(load, *places))
    assert 0 < len(read) < len(planned)
    assert content(tmp_path / "out") == content(tmp_path / "whole")


def test_what_a_worker_cannot_do_is_said(tmp_path):
    with pytest.raises(LinewiseError, match="a worker stopped: there is no target model"):
        scan(
            tmp_path / "out",
            [corpus(tmp_path / "corpus", 2)],
            partial(load, str(tmp_path), str(tmp_path)),
            Cluster(workers=1),
        )
