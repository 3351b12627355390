"""Corpora on a real local Ray cluster of several processes: the same bytes, whoever dies."""

import importlib.util
import os
import re
import secrets
import socket
import subprocess
import sys
from contextlib import contextmanager
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


ADDRESS = re.compile(r"--address='([^']+)'")
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


@contextmanager
def cluster():
    """Have a cluster that other processes are; yield its address, and what they and others need."""
    environment = {name: value for name, value in os.environ.items() if "RAY" not in name}
    environment |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
    ray = Path(sys.executable).with_name("ray")
    options = ["--port=0", "--node-ip-address=127.0.0.1", "--num-cpus=2", "--disable-usage-stats"]
    command = [ray, "start", "--head", "--block", "--include-dashboard=false", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as head:
        try:
            said = iter(head.stdout.readline, "")
            yield next(found[1] for line in said if (found := ADDRESS.search(line))), environment
        finally:
            parts = psutil.Process(head.pid).children(recursive=True)
            head.terminate()
            _, left = psutil.wait_procs(parts, timeout=30)
            kill(left)


def test_a_cluster_of_others_does_the_same(tmp_path, places):
    folder = corpus(tmp_path / "corpus")
    scan(tmp_path / "local", [folder], partial(load, *places))
    arguments = [str(tmp_path / "ray"), str(folder), *places]
    with cluster() as (address, environment):
        command = [sys.executable, corpus_runs.__file__, *arguments, address]
        done = subprocess.run(
            command, capture_output=True, text=True, env=environment, timeout=180, check=False
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout.count("corpus-") > 4
    assert content(tmp_path / "ray") == content(tmp_path / "local")


def test_a_cluster_that_is_not_there_is_named(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(LinewiseError, match=f"there is no Ray cluster at {address}: .*refused"):
            scan(
                tmp_path / "out",
                [corpus(tmp_path / "corpus", 2)],
                partial(load, str(tmp_path), str(tmp_path)),
                Cluster(address),
            )


def test_what_a_worker_cannot_do_is_said(tmp_path):
    with pytest.raises(LinewiseError, match="a worker stopped: there is no target model"):
        scan(
            tmp_path / "out",
            [corpus(tmp_path / "corpus", 2)],
            partial(load, str(tmp_path), str(tmp_path)),
            Cluster(workers=1),
        )
