"""The command line as users run it, in a process of its own; and one loaded engine beside it."""

import os
import subprocess

import pytest
from command_line import LINEWISE, ROOT
from typer.testing import CliRunner

from linewise.cli import app
from linewise.engine import Engine
from linewise.settings import DEFAULT_MODEL


@pytest.fixture(scope="session", autouse=True)
def state_folder(tmp_path_factory):
    """Nothing of what the user calibrated."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LINEWISE_STATE_DIR", str(tmp_path_factory.mktemp("state")))
        yield


@pytest.fixture(scope="session")
def environment(state_folder):
    """Nothing of the terminal that the tests happen to run in."""
    ours = ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "GITHUB_ACTIONS", "TTY_COMPATIBLE")
    return {key: value for key, value in os.environ.items() if key not in ours}


@pytest.fixture(scope="session")
def linewise(environment):
    def run(*arguments, stdin=b"", cwd=ROOT, **variables):
        return subprocess.run(
            [*LINEWISE, *map(str, arguments)],
            input=stdin,
            cwd=cwd,
            env=environment | variables,
            capture_output=True,
            timeout=120,
            check=False,
        )

    return run


@pytest.fixture(scope="session")
def engine():
    return Engine.load(DEFAULT_MODEL)


@pytest.fixture
def check(engine, monkeypatch, tmp_path):
    """`linewise check` in this process, with the loaded engine and a state folder of its own."""
    monkeypatch.setenv("LINEWISE_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setattr(Engine, "load", lambda model: engine)

    def run(*arguments, cwd):
        with monkeypatch.context() as context:
            context.chdir(cwd)
            return CliRunner().invoke(app, ["check", *map(str, arguments)])

    return run
