"""A repository with one commit, so that the next ones have a parent."""

import time

import pytest
from git_repository import Repository


@pytest.fixture
def repository(tmp_path):
    made = Repository(tmp_path / "repository")
    made.commit(0, {"README.md": "x\n", "first.py": "begin = 1\n"})
    return made


@pytest.fixture
def state(tmp_path, monkeypatch):
    """A state folder of the test's own."""
    monkeypatch.setenv("LINEWISE_STATE_DIR", str(tmp_path / "state"))
    return tmp_path / "state"


@pytest.fixture
def later(monkeypatch):
    """Make it some seconds later than it is: what the tests write is not being written any more."""
    real = time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: real() + 10_000_000_000)
