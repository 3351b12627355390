"""`linewise check` with the default model, in processes of its own."""

import json
import os
import pty
import re
import subprocess

import pytest
from command_line import LINEWISE, ROOT
from jsonschema import Draft4Validator, Draft202012Validator

from linewise.analysis.findings import select_findings
from linewise.settings import DEFAULT_MODEL, Settings
from linewise.spans import ask_span

INVENTORY = (ROOT / "examples" / "inventory.py").read_text("utf-8")
ESCAPE = b"\x1b"


def test_text(linewise):
    result = linewise("check", "examples", "--threshold", "0.01", "--max-findings-per-file", "3")
    assert result.returncode == 0
    assert result.stderr == b""
    assert ESCAPE not in result.stdout
    lines = result.stdout.decode().splitlines()
    headings = [line for line in lines if line.startswith("examples/")]
    assert headings == ["examples/intervals.py", "examples/inventory.py"]
    flagged = [line for line in lines if re.match(r" +\d+ +\d+ %  ▇", line)]
    assert len(flagged) == 6
    assert re.match(r"6 of \d+ code lines in 2 files flagged at 1 % or more; base rate", lines[-3])
    assert re.match(r"\d+ lines at 1 % or more are not shown: \d+ beyond the number", lines[-2])
    assert lines[-1].startswith(f"{DEFAULT_MODEL} on ")


def test_json_says_what_the_engine_says(linewise, engine):
    result = linewise("check", "examples/inventory.py", "--format", "json", "--all-lines")
    assert result.returncode == 0
    output = json.loads(result.stdout)
    schema = json.loads((ROOT / "docs/schema/check-v1.schema.json").read_text("utf-8"))
    Draft202012Validator(schema).validate(output)
    scored = engine.score(INVENTORY)
    (file,) = output["files"]
    assert [line["line"] - 1 for line in file["lines"]] == [score.line for score in scored.lines]
    for line, score in zip(file["lines"], scored.lines, strict=True):
        assert line["probability"] == pytest.approx(score.probability, abs=1e-4)
        assert line["text"] == scored.table.content(score.line)
        assert line["text"][line["column"] - 1 : line["end_column"] - 1] == line["text"].strip()
    findings = select_findings(scored.table, scored.lines, Settings(), engine.manifest.threshold)
    flagged = [line["line"] - 1 for line in file["lines"] if line["flagged"]]
    assert flagged == [finding.line for finding in findings.findings]
    assert output["model"]["name"] == DEFAULT_MODEL
    assert output["calibration"]["base_rate"] == engine.manifest.calibrators.line.base_rate


def test_a_span_of_standard_input(linewise, engine):
    start = INVENTORY.index("limit = today")
    line = INVENTORY.count("\n", 0, start) + 1
    result = linewise(
        "check", "-", "--span", f"{line}:9-{line + 1}:15", "--format", "json",
        stdin=INVENTORY.encode(),
    )  # fmt: skip
    assert result.returncode == 0
    output = json.loads(result.stdout)
    scored = engine.score(INVENTORY)
    end = INVENTORY.index("return", start) + len("return")
    answer = ask_span(engine.probe, scored, start, end)
    assert output["files"][0]["path"] == "<stdin>"
    assert output["span"] | {"probability": None} == {
        "start": {"line": line, "column": 9},
        "end": {"line": line + 1, "column": 15},
        "probability": None,
        "base_rate": answer.base_rate,
        "base_rate_of": "function",
        "lines": [line, line + 1],
        "tokens": answer.tokens,
    }
    assert output["span"]["probability"] == pytest.approx(answer.probability, abs=1e-4)


def test_sarif(linewise, tmp_path):
    (tmp_path / "ä b.py").write_text(INVENTORY, "utf-8")
    (tmp_path / "bad.py").write_bytes(b"\0")
    result = linewise("check", ".", "-f", "sarif", "-t", "0.01", cwd=tmp_path)
    assert result.returncode == 0
    log = json.loads(result.stdout)
    schema = json.loads((ROOT / "tests/data/sarif-schema-2.1.0.json").read_text("utf-8"))
    Draft4Validator(schema).validate(log)
    (run,) = log["runs"]
    uris = {
        found["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        for found in run["results"]
    }
    assert uris == {"%C3%A4%20b.py"}
    prints = [found["partialFingerprints"]["editRisk/v1"] for found in run["results"]]
    assert len(set(prints)) == len(prints)
    assert len(run["invocations"][0]["toolExecutionNotifications"]) == 1


def test_github(linewise):
    result = linewise("check", "examples/intervals.py", "-f", "github", "-t", "0.01")
    lines = result.stdout.decode().splitlines()
    assert lines
    assert all(line.startswith("::notice file=examples/intervals.py,line=") for line in lines)


def test_piped_text_is_not_cut(linewise):
    shown = linewise("check", "examples/inventory.py", "--all-lines").stdout.decode()
    long = next(line for line in INVENTORY.splitlines() if "low = [" in line)
    assert len(long) > 80
    assert long in shown


def test_color_can_be_forced(linewise):
    result = linewise("check", "examples/intervals.py", "--color", "always", NO_COLOR="1")
    assert ESCAPE in result.stdout


@pytest.mark.parametrize(
    ("variables", "arguments", "colored"),
    [({}, [], True), ({"NO_COLOR": "1"}, [], False), ({}, ["--color", "never"], False)],
)
def test_on_a_terminal_lines_are_cut_and_colored(environment, variables, arguments, colored):
    terminal, process_end = pty.openpty()
    process = subprocess.Popen(
        [*LINEWISE, "check", "examples/inventory.py", "--all-lines", *arguments],
        cwd=ROOT,
        env=environment | {"TERM": "xterm-256color", "COLUMNS": "60"} | variables,
        stdout=process_end,
        stderr=subprocess.PIPE,
    )
    os.close(process_end)
    shown = bytearray()
    # Linux reports the end of a terminal's output as an error.
    while True:
        try:
            part = os.read(terminal, 65_536)
        except OSError:
            break
        shown += part
    os.close(terminal)
    assert process.wait() == 0
    assert process.stderr.read() == b""
    process.stderr.close()
    assert (ESCAPE in shown) is colored
    plain = re.sub(r"\x1b\[[\d;]*m", "", shown.decode())
    assert max(map(len, plain.splitlines())) == 60
    assert "…" in plain


def test_progress_is_shown_to_whoever_watches(environment):
    terminal, process_end = pty.openpty()
    process = subprocess.Popen(
        [*LINEWISE, "check", "examples", "-f", "json"],
        cwd=ROOT,
        env=environment | {"TERM": "xterm-256color"},
        stdout=subprocess.PIPE,
        stderr=process_end,
    )
    os.close(process_end)
    output = json.loads(process.stdout.read())
    process.stdout.close()
    assert process.wait() == 0
    assert output["summary"]["files"] == 2
    assert b"Loading the model" in os.read(terminal, 65_536)
    os.close(terminal)


@pytest.mark.parametrize("format", ["text", "json"])
def test_a_reader_that_goes_away_is_no_error(environment, format):
    reader, writer = os.pipe()
    process = subprocess.Popen(
        [*LINEWISE, "check", "examples", "-f", format],
        cwd=ROOT,
        env=environment,
        stdout=writer,
        stderr=subprocess.PIPE,
    )
    os.close(reader)
    os.close(writer)
    _, err = process.communicate(timeout=60)
    assert err == b""


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Missing argument 'PATH"),
        (["gone.py"], "there is no file or folder 'gone.py'"),
        (["examples", "--threshold", "30"], "less than or equal to 1"),
        (["examples", "--max-findings-per-file", "0"], "greater than or equal to 1"),
        (["examples", "--format", "xml"], "'xml' is not one of"),
        (["examples", "--span", "1:0-2:3"], "LINE:COLUMN-LINE:COLUMN"),
        (["examples", "--span", "1:1-2:3"], "exactly one file"),
        (["examples/intervals.py", "--span", "1:1-2:3", "-f", "sarif"], "format text or json"),
    ],
)
def test_wrong_usage(linewise, arguments, message):
    result = linewise("check", *arguments, COLUMNS="200")
    assert result.returncode == 2
    assert result.stdout == b""
    assert message in result.stderr.decode()


def test_a_model_that_is_not_installed(linewise, tmp_path):
    result = linewise("check", "examples", "--format", "json", LINEWISE_CACHE_DIR=str(tmp_path))
    assert result.returncode == 3
    assert result.stdout == b""
    assert f"linewise models pull {DEFAULT_MODEL}" in result.stderr.decode()
    assert result.stderr.count(b"\n") == 1


def test_an_unknown_model(linewise):
    result = linewise("check", "examples", "--model", "smollm2-135")
    assert result.returncode == 3
    assert f"Did you mean `{DEFAULT_MODEL}`" in result.stderr.decode()
