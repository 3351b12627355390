"""The GitHub Action, its steps run as the runner runs them."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from command_line import ROOT
from git_repository import Repository

ACTION = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
CODE = "".join(f"value_{number} = compute({number})\n" for number in range(6))
EXPRESSION = re.compile(r"\$\{\{\s*(.+?)\s*\}\}")


def step(name):
    return next(each for each in ACTION["runs"]["steps"] if each.get("id") == name)


@pytest.fixture
def upstream(tmp_path):
    """A repository with a branch that changes one line of one file."""
    made = Repository(tmp_path / "upstream")
    made.commit(0, {"a.py": CODE, "b c/d.py": CODE})
    made.git("config", "uploadpack.allowAnySHA1InWant", "true")
    made.git("checkout", "--quiet", "-b", "topic")
    made.commit(1, {"a.py": CODE.replace("(3)", "(33)")})
    made.git("checkout", "--quiet", "main")
    made.commit(2, {"b c/d.py": CODE + "more = 1\n"})
    return made


@pytest.fixture
def check(environment, tmp_path):
    """Run the step in a shallow clone; return its process and what it told the runner."""

    def run(upstream, commit, event="workflow_dispatch", before="", **inputs):
        clone = tmp_path / "clone"
        clone.mkdir()
        origin = f"file://{upstream.root}"
        for command in (
            ["init", "--quiet"],
            ["remote", "add", "origin", origin],
            ["fetch", "--quiet", "--depth=1", "origin", commit],
            ["checkout", "--quiet", "FETCH_HEAD"],
        ):
            subprocess.run(["git", *command], cwd=clone, check=True)
        values = {
            f"inputs.{name}": each.get("default", "") for name, each in ACTION["inputs"].items()
        }
        values |= {f"inputs.{name.replace('_', '-')}": value for name, value in inputs.items()}
        values |= {"github.event.before": before, "steps.install.outputs.models": None}
        chosen = {
            name: EXPRESSION.sub(lambda found: str(values[found.group(1)]), text)
            for name, text in step("check")["env"].items()
            if values[EXPRESSION.match(text).group(1)] is not None
        }
        files = {name: tmp_path / name for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
        given = {
            "GITHUB_ACTION_PATH": str(ROOT),
            "GITHUB_WORKSPACE": str(clone),
            "GITHUB_EVENT_NAME": event,
            "GITHUB_SHA": commit,
            "GITHUB_ACTIONS": "true",
            "CI": "true",
            "COLUMNS": "200",
            "PATH": f"{Path(sys.executable).parent}:{environment['PATH']}",
            **{name: str(path) for name, path in files.items()},
        }
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step("check")["run"]],
            cwd=tmp_path,
            env=environment | given | chosen,
            capture_output=True,
            text=True,
            check=False,
        )
        told = {
            name: path.read_text("utf-8") if path.exists() else "" for name, path in files.items()
        }
        return done, told

    return run


def test_no_text_of_an_input_is_part_of_a_script():
    for each in ACTION["runs"]["steps"]:
        assert not EXPRESSION.search(each.get("run", ""))
        for text in each.get("env", {}).values():
            assert EXPRESSION.fullmatch(text)
    used = {EXPRESSION.match(text).group(1) for text in step("check")["env"].values()}
    assert {f"inputs.{name}" for name in ACTION["inputs"]} <= used


def flagged(done):
    return re.findall(r"^::\w+ file=([^,]*),line=(\d+)", done.stdout, re.MULTILINE)


def test_a_pull_request_is_compared_with_its_base(check, upstream):
    upstream.git("merge", "--quiet", "--no-edit", "topic", days=3)
    merge = upstream.git("rev-parse", "HEAD").decode().strip()
    done, told = check(upstream, merge, "pull_request", threshold="0", fail_above="0")
    assert flagged(done) == [("a.py", "4")], done.stderr
    assert done.returncode == 1
    assert told["GITHUB_OUTPUT"] == "findings=1\n"
    assert "    Failed: 1 line at <1 % or more (--fail-above)\n" in told["GITHUB_STEP_SUMMARY"]


def test_a_push_is_compared_with_what_was_there(check, upstream, tmp_path):
    before = upstream.git("rev-parse", "HEAD~1").decode().strip()
    head = upstream.git("rev-parse", "HEAD").decode().strip()
    done, _ = check(upstream, head, "push", before, threshold="0", sarif="out.sarif")
    assert flagged(done) == [("b c/d.py", "7")], done.stderr
    assert done.returncode == 0
    report = (tmp_path / "clone" / "out.sarif").read_text("utf-8")
    assert report.count('"editRisk/v1"') == 1


def test_a_new_branch_and_other_events_are_checked_whole(check, upstream):
    head = upstream.git("rev-parse", "topic").decode().strip()
    done, told = check(upstream, head, "push", "0" * 40, threshold="0", max_findings="2")
    assert len(flagged(done)) == 12, done.stderr
    assert done.returncode == 1
    assert told["GITHUB_OUTPUT"] == "findings=12\n"


def test_inputs_are_words_whatever_is_in_them(check, upstream, tmp_path):
    head = upstream.git("rev-parse", "topic").decode().strip()
    paths = "b c\n--help\n$(touch ../sprung)\n`touch ../sprung`; touch ../sprung\r\n"
    done, told = check(upstream, head, paths=paths, baseline="$(touch ../sprung)")
    assert done.returncode == 2
    said = re.sub(r"\x1b\[[\d;]*m", "", done.stderr)
    assert "there is no file or folder '--help'" in said
    assert told == {"GITHUB_OUTPUT": "", "GITHUB_STEP_SUMMARY": ""}
    assert not (tmp_path / "sprung").exists()


def test_a_baseline_is_locked(check, upstream):
    head = upstream.git("rev-parse", "main").decode().strip()
    done, _ = check(upstream, head, baseline="gone.json")
    assert done.returncode == 2
    assert "there is no baseline gone.json" in done.stderr


@pytest.mark.slow
def test_installing(tmp_path, environment):
    """For real but for the dependencies: those of this environment are found to be there."""
    files = {name: tmp_path / name for name in ("GITHUB_OUTPUT", "GITHUB_PATH")}
    site = next(Path(each) for each in sys.path if (Path(each) / "onnxruntime").is_dir())
    done = subprocess.run(
        ["bash", "-eo", "pipefail", "-c", step("install")["run"]],
        env=environment
        | {name: str(path) for name, path in files.items()}
        | {
            "GITHUB_ACTION_PATH": str(ROOT),
            "RUNNER_TEMP": str(tmp_path / "temp"),
            "RUNNER_OS": "macOS",
            "PYTHON": sys.executable,
            "PYTHONPATH": str(site),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    binaries = Path(files["GITHUB_PATH"].read_text().strip())
    told = dict(line.split("=", 1) for line in files["GITHUB_OUTPUT"].read_text().splitlines())
    assert Path(told["models"]).parent == binaries.parent
    assert re.fullmatch(r"\d+-\d+", told["version"])
    shown = subprocess.run(
        [binaries / "linewise", "check", ROOT / "examples", "--format", "github", "-t", "0.1"],
        env=environment | {"PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "::notice file=" in shown.stdout
    assert (
        os.fspath(ROOT)
        not in subprocess.run(
            [binaries / "python", "-c", "import linewise; print(linewise.__file__)"],
            env=environment | {"PYTHONPATH": str(site)},
            capture_output=True,
            text=True,
            check=True,
            cwd=tmp_path,
        ).stdout
    )
