"""`linewise doctor`: healthy, and each thing that can be missing."""

import json

from linewise.commands.doctor import flattened
from linewise.settings import DEFAULT_MODEL


def test_healthy(linewise):
    result = linewise("doctor")
    assert result.returncode == 0
    shown = result.stdout.decode()
    assert "Everything works." in shown
    assert "tokens/s" in shown
    assert DEFAULT_MODEL in shown


def test_json(linewise):
    result = linewise("doctor", "--json")
    assert result.returncode == 0
    output = json.loads(result.stdout)
    assert output["problems"] == []
    assert output["provider"].endswith("ExecutionProvider")
    assert output["provider_reason"]
    assert output["selftest"]["tokens_per_second"] > 0
    assert output["probe"]["model"] == DEFAULT_MODEL
    assert any(name.startswith("onnxruntime") for name in output["packages"])
    problems = {each["name"]: each["problem"] for each in output["models"]}
    assert problems[DEFAULT_MODEL] is None


def test_metrics_are_laid_out_whatever_their_shape():
    metrics = {"held out": {"line": {"n": 10, "auc": [0.7, 0.6, 0.8]}}, "programs": 5}
    assert list(flattened(metrics)) == [
        "programs 5",
        "held out · line: n 10, auc 0.7 (0.6 to 0.8)",
    ]
    assert list(flattened({})) == []


def test_nothing_installed(linewise, tmp_path):
    result = linewise("doctor", LINEWISE_CACHE_DIR=str(tmp_path / "not there yet"))
    assert result.returncode == 3
    assert f"linewise models pull {DEFAULT_MODEL}" in result.stdout.decode()
    assert result.stderr == b""


def test_an_unknown_model(linewise):
    result = linewise("doctor", "--model", "none", "--json")
    assert result.returncode == 3
    (problem,) = json.loads(result.stdout)["problems"]
    assert "no target model called 'none'" in problem
