"""`linewise check` heeds what the editor heeds: the project's settings, comments, decisions."""

import json

import pytest
from attrs import evolve

from linewise.settings import Settings
from linewise.workspace.baseline import Baseline
from linewise.workspace.decisions import DecisionStore

CODE = "def f(x):\n    first = x\n    second = first\n    return second\n"


@pytest.fixture
def folder(tmp_path):
    """A project, and a state folder of its own."""
    folder = tmp_path / "project"
    (folder / "gen").mkdir(parents=True)
    for name in ("a.py", "gen/b.py"):
        (folder / name).write_text(CODE)
    return folder


@pytest.fixture
def flagged(linewise, folder):
    """The flagged lines of each file; everything is flagged that may be."""

    def run(*arguments):
        state = str(folder.parent / "state")
        result = linewise(
            *("check", *arguments, "--threshold", "0", "--format", "json"),
            cwd=folder,
            LINEWISE_STATE_DIR=state,
        )
        files = json.loads(result.stdout)["files"]
        lines = {each["path"]: [line["line"] for line in each["lines"]] for each in files}
        return lines, result.stderr.decode()

    return run


def test_settings_of_the_project_lie_below_the_options(flagged, folder):
    own = folder / ".linewise.toml"
    own.write_text('max-findings-per-file = 1\nthreshold = 0.99\nexclude = ["gen/"]\n')
    (lines, said) = flagged(".")
    assert {name: len(found) for name, found in lines.items()} == {"a.py": 1}
    assert said == ""
    assert len(flagged("a.py", "--max-findings-per-file", "2")[0]["a.py"]) == 2
    assert set(flagged("gen/b.py")[0]) == {"gen/b.py"}  # named, so it is wanted


def test_what_is_wrong_with_them_is_said(flagged, folder):
    (folder / "pyproject.toml").write_text('[tool.linewise]\nmax-file-lines = "many"\n')
    lines, said = flagged("a.py")
    assert lines["a.py"] == [1, 2, 3, 4]
    place = folder / "pyproject.toml"
    assert said == f"linewise: {place}: max-file-lines: 'many' is not allowed; using 10000\n"


def test_comments_decisions_and_baselines_are_heeded(flagged, folder, monkeypatch):
    monkeypatch.setenv("LINEWISE_STATE_DIR", str(folder.parent / "state"))
    from linewise.analysis.fingerprints import fingerprint

    file = folder / "a.py"
    file.write_text(CODE.replace("first = x", "first = x  # linewise: ignore"))
    assert flagged("a.py")[0] == {"a.py": [1, 3, 4]}
    known = fingerprint("second = first", "f")
    DecisionStore(folder).change("a.py", lambda old: evolve(old, reviewed=frozenset({known})))
    assert flagged("a.py")[0] == {"a.py": [1, 4]}
    baseline = folder / Settings().baseline
    Baseline(baseline, folder).add("a.py", [fingerprint("return second", "f")], ())
    assert flagged("a.py")[0] == {"a.py": [1]}
    baseline.write_text("nonsense")
    lines, said = flagged("a.py")
    assert lines == {"a.py": [1, 4]}
    assert said.startswith(f"linewise: {baseline} is no baseline")


@pytest.mark.parametrize("arguments", [("check", "{}"), ("explain", "{}:1")])
def test_a_name_that_no_file_can_have(linewise, tmp_path, arguments):
    command, path = arguments
    result = linewise(command, path.format("a" * 300 + ".py"), cwd=tmp_path)
    assert result.returncode == 2
    assert b"there is no file" in result.stderr
