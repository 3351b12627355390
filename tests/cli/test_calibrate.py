"""`linewise calibrate`, in this process: the engine and its fixtures are real."""

import json
import subprocess

import pytest
from attrs import evolve
from command_line import ROOT
from jsonschema import Draft202012Validator
from typer.testing import CliRunner

from linewise.cli import app
from linewise.settings import DEFAULT_MODEL
from linewise.workspace import fit, store
from linewise.workspace.calibration import Workspace
from linewise.workspace.churn import FEATURES
from linewise.workspace.store import StoredCalibration, Weights

DAY = 86_400
SCHEMA = json.loads((ROOT / "docs/schema/check-v1.schema.json").read_text("utf-8"))


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """40 commits, one a day: each writes a function, every third changes the one before."""
    root = tmp_path / "repository"
    root.mkdir()
    monkeypatch.setenv("LINEWISE_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.chdir(root)

    def git(*arguments, day=0):
        monkeypatch.setenv("GIT_COMMITTER_DATE", f"{1_700_000_000 + day * DAY} +0000")
        identity = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
        subprocess.run(["git", *identity, *arguments], cwd=root, check=True, capture_output=True)

    git("init", "--quiet")
    functions = []
    for day in range(40):
        functions.append(f"def function_{day}(value):\n    return value + {day}\n")
        if day % 3 == 2:
            functions[-2] = functions[-2].replace("value +", "value -")
        (root / "a.py").write_text("\n\n".join(functions))
        git("add", "a.py")
        git("commit", "--quiet", "-m", "x", day=day)
    return root


@pytest.fixture
def few_are_enough(monkeypatch):
    """Limits a test's history can meet."""
    monkeypatch.setattr(fit, "LEAST_COMMITS", 5)
    monkeypatch.setattr(fit, "LEAST_LINES", 10)
    monkeypatch.setattr(fit, "LEAST_CHANGED", 3)


@pytest.fixture(autouse=True)
def same_engine(engine, monkeypatch, tmp_path):
    monkeypatch.setattr("linewise.engine.Engine.load", lambda model: engine)
    scores = tmp_path / "history.sqlite"
    monkeypatch.setattr("linewise.commands.calibrating.scores_file", lambda: scores)


def run(*arguments):
    return CliRunner().invoke(app, ["calibrate", *map(str, arguments)])


def keep(root, engine, **changes):
    calibration = StoredCalibration(
        version=store.VERSION,
        root=str(root),
        model=DEFAULT_MODEL,
        probe=engine.manifest.identity,
        features=FEATURES,
        weights=Weights(1.0, (0.0,) * len(FEATURES), -1.0),
        window_days=14.0,
        base_rate=0.05,
        lines=1_234,
        commits=321,
        head="a" * 40,
        fitted="2026-01-01",
        metrics={"later commits": {"workspace": {"auc": [0.7, 0.6, 0.8]}}},
    )
    return Workspace(root, DEFAULT_MODEL, engine.manifest).keep(evolve(calibration, **changes))


def test_a_history_is_fitted_applied_and_forgotten(repository, few_are_enough, monkeypatch, engine):
    # A history this short decides nothing about which calibration is better.
    monkeypatch.setattr(fit, "gain", lambda _: fit.Interval(0.1, 0.0, 0.2))
    result = run("--from-git", "--window", "5", "--json")
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert (told["source"], told["root"]) == ("workspace", str(repository))
    assert told["stored"]["window_days"] == 5.0
    assert 0 < told["stored"]["base_rate"] < 1
    assert set(told["stored"]["metrics"]["later commits"]) == {
        "workspace",
        "probe alone",
        "churn alone",
        "shipped",
    }
    shown = run().stdout
    assert "fitted to this workspace" in shown
    assert "auc" in shown
    checked = CliRunner().invoke(app, ["check", "a.py", "-f", "json"])
    output = json.loads(checked.stdout)
    Draft202012Validator(SCHEMA).validate(output)
    assert output["calibration"]["source"] == "workspace"
    assert output["calibration"]["base_rate"] == told["base_rate"]
    assert output["threshold"] == told["threshold"]
    result = run("--reset", "--json")
    assert json.loads(result.stdout)["source"] == "shipped"
    assert not list(repository.rglob("*linewise*"))


def test_too_little_history_keeps_the_shipped_calibration(repository):
    result = run("--from-git")
    assert "too few labels" in str(result.exception)
    assert json.loads(run("--json").stdout)["source"] == "shipped"


def test_a_fit_that_is_not_better_is_not_kept(repository, few_are_enough, monkeypatch):
    monkeypatch.setattr(fit, "gain", lambda _: fit.Interval(-0.001, -0.2, 0.1))
    result = run("--from-git", "--window", "5")
    assert "no better on later ones" in str(result.exception)
    assert json.loads(run("--json").stdout)["stored"] is None


def test_check_says_what_it_rests_on(repository, engine):
    keep(repository, engine)
    shown = CliRunner().invoke(app, ["check", "a.py"]).stdout
    assert "Probabilities fitted to this workspace: 1,234 lines of 321 commits" in shown
    assert "base rate 5 %" in shown


def test_files_outside_have_the_shipped_calibration(repository, engine, tmp_path):
    keep(repository, engine)
    (tmp_path / "b.py").write_text("x = 1\n")
    both = ["a.py", str(tmp_path / "b.py")]
    for paths, source in ((["a.py"], "workspace"), (both, "shipped")):
        result = CliRunner().invoke(app, ["check", *paths, "-f", "json"])
        assert json.loads(result.stdout)["calibration"]["source"] == source


def test_a_calibration_for_another_probe_is_refused_by_name(repository, engine):
    path = keep(repository, engine, probe="f" * 64)
    result = CliRunner().invoke(app, ["check", "a.py", "-f", "json"])
    assert result.exit_code == 0
    assert json.loads(result.stdout)["calibration"]["source"] == "shipped"
    assert str(path) in result.stderr
    assert "ffffffffffff…" in result.stderr
    assert "problem" in run().stdout


def test_outside_any_repository(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = run()
    assert result.exit_code != 0
    assert "is in no git repository" in str(result.exception)


@pytest.mark.parametrize(
    "arguments", [["--from-git", "--reset"], ["gone"], ["--from-git", "--window", "0"]]
)
def test_wrong_usage(repository, arguments):
    assert run(*arguments).exit_code == 2
