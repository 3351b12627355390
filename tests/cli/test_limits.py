"""What makes `linewise check` fail, and reports into files."""

import json
from xml.etree import ElementTree

import pytest
from attrs import evolve
from command_line import ROOT
from report_payloads import FILE, LINE, REPORT

from linewise.output.report import Limits
from linewise.output.verdict import failures
from linewise.results import Unshown

CODE = "".join(f"value_{number} = compute({number})\n" for number in range(8))


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "a.py").write_text(CODE)
    return folder


def test_limits_that_are_exceeded_are_named():
    files = (evolve(FILE, failing=2, unshown={Unshown.CAP: 4}), evolve(FILE, failing=1))
    report = evolve(REPORT, files=files)
    assert list(failures(report)) == []
    exceeded = evolve(report, limits=Limits(0.3, 5))
    assert list(failures(exceeded)) == [
        "3 lines at 30 % or more (--fail-above)",
        "6 lines flagged, at most 5 allowed (--max-findings)",
    ]
    assert list(failures(evolve(report, limits=Limits(None, 6)))) == []
    assert list(failures(evolve(report, files=(FILE,), limits=Limits(0.9, 1)))) == []
    assert LINE.probability < 0.9


def test_a_line_that_fails_the_run_is_flagged_whatever_the_threshold(check, folder):
    result = check("a.py", "--threshold", "0.99", "--fail-above", "0", "-f", "json", cwd=folder)
    assert result.exit_code == 1
    output = json.loads(result.stdout)
    assert output["threshold"] == 0
    assert output["summary"]["flagged"] == 8
    assert output["failures"] == ["8 lines at <1 % or more (--fail-above)"]
    assert result.stderr == "linewise: failed: 8 lines at <1 % or more (--fail-above)\n"
    assert check("a.py", "--fail-above", "1", cwd=folder).exit_code == 0


@pytest.mark.parametrize("cap", [1, 0])
def test_lines_that_the_cap_hides_count(check, folder, cap):
    (folder / ".linewise.toml").write_text(f"max-findings-per-file = {cap}\nthreshold = 0\n")
    result = check("a.py", "--fail-above", "0", "--max-findings", "7", cwd=folder)
    assert result.exit_code == 1
    *_, first, second = result.stdout.splitlines()
    assert first == "Failed: 8 lines at <1 % or more (--fail-above)"
    assert second == "Failed: 8 lines flagged, at most 7 allowed (--max-findings)"
    assert check("a.py", "--max-findings", "8", cwd=folder).exit_code == 0


def test_every_format_in_one_run(check, folder):
    outputs = [
        f"--output={name}=out.{name}" for name in ("json", "sarif", "gitlab", "junit", "text")
    ]
    result = check("a.py", "-t", "0", "-f", "github", *outputs, cwd=folder)
    assert result.exit_code == 0
    assert result.stdout.count("::") == 2 * 8
    lines = json.loads((folder / "out.json").read_text("utf-8"))["files"][0]["lines"]
    prints = [line["fingerprint"] for line in lines]
    assert len(set(prints)) == 8
    (run,) = json.loads((folder / "out.sarif").read_text("utf-8"))["runs"]
    assert [each["partialFingerprints"]["editRisk/v1"] for each in run["results"]] == prints
    issues = json.loads((folder / "out.gitlab").read_text("utf-8"))
    assert [issue["fingerprint"] for issue in issues] == prints
    suites = ElementTree.parse(folder / "out.junit").getroot()
    assert suites.get("failures") == "8"
    assert "8 of 8 code lines" in (folder / "out.text").read_text("utf-8")


@pytest.mark.parametrize(
    ("output", "message"),
    [
        ("sarif", "FORMAT=FILE"),
        ("xml=a.xml", "formats are text, json, sarif, github, gitlab, junit"),
        ("junit=gone/a.xml", "gone/a.xml cannot be written: there is no such folder"),
    ],
)
def test_outputs_that_cannot_be(check, folder, output, message):
    result = check("a.py", "--output", output, cwd=folder)
    assert result.exit_code == 2
    assert message in result.output


def test_an_output_that_cannot_be_written_does_not_cost_the_report(check, folder):
    (folder / "taken").mkdir()
    result = check("a.py", "-t", "0", "--output", "json=taken", cwd=folder)
    assert "taken cannot be written" in str(result.exception)
    assert "8 of 8 code lines" in result.stdout


def test_an_error_in_linewise_is_no_verdict(linewise, tmp_path):
    (tmp_path / "sitecustomize.py").write_text(
        "import linewise.commands.check as check\n"
        "def broken(*_): raise RuntimeError('out of luck')\n"
        "check.python_files = broken\n"
    )
    result = linewise("check", "examples", cwd=ROOT, PYTHONPATH=str(tmp_path))
    assert result.returncode == 70
    assert b"RuntimeError: out of luck" in result.stderr
