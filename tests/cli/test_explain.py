"""`linewise explain` with the default model, in processes of its own."""

import html
import json
import re
from xml.etree import ElementTree

import pytest
from command_line import ROOT
from jsonschema import Draft202012Validator

from linewise.settings import DEFAULT_MODEL

VALIDATOR = Draft202012Validator(
    json.loads((ROOT / "docs/schema/explain-v1.schema.json").read_text("utf-8"))
)
TEXT = '''\
"""Mean of numbers."""


def mean(values):
    total = 0
    for value in values:
        total += value
    return total / lenght
'''
PLACE = "mean.py:8"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("explain")
    (folder / "mean.py").write_text(TEXT, "utf-8")
    return folder


def answered(result):
    assert result.returncode == 0, result.stderr.decode()
    assert result.stderr == b""
    answer = json.loads(result.stdout)
    VALIDATOR.validate(answer)
    return answer


@pytest.mark.slow
def test_json(linewise, folder, engine):
    answer = answered(linewise("explain", PLACE, "--json", cwd=folder))
    assert (answer["path"], answer["line"]) == ("mean.py", 8)
    assert answer["text"] == "    return total / lenght"
    assert (answer["unit"], answer["target"], answer["method"]) == ("mean", "edit", "knockout")
    assert answer["model"]["name"] == DEFAULT_MODEL
    assert answer["probe"] == engine.manifest.identity
    scored = engine.score(TEXT)
    score = scored.line(7)
    edit = answer["edit"]
    assert edit["probability"] == pytest.approx(score.probability, abs=1e-4)
    assert (edit["base_rate"], edit["rank"], edit["code_lines"]) == (
        scored.base_rate,
        score.rank,
        5,
    )
    parts = edit["logit"]
    assert parts["logit"] == pytest.approx(parts["mean"] + parts["facts"] + parts["head"])
    assert [each["message"] for each in edit["problems"]] == ["`lenght` is not defined here"]
    assert sum(each["share"] for each in answer["categories"]) == pytest.approx(1, abs=1e-12)
    # What the model read up to the line's end, and nothing of it twice.
    assert "".join(each["text"] for each in answer["tokens"]) == TEXT.replace("\n\n\n", "\n", 1)
    assert 0 <= answer["sufficiency"]["beaten"] <= 1
    assert answer["snr"] >= 0
    assert answer["reached_argmax"] is None


@pytest.mark.slow
def test_text(linewise, folder):
    result = linewise("explain", "-:8", stdin=TEXT.encode(), cwd=folder)
    assert result.returncode == 0
    lines = result.stdout.decode().splitlines()
    assert lines[0] == "<stdin>:8  mean"
    assert lines[1].startswith("Edit probability ")
    assert lines[2] == "`lenght` is not defined here."
    assert any(each.startswith("▶ 8") for each in lines)
    assert any(re.match(r" +\d+ %  ▇+ +identifier ", each) for each in lines)
    assert "What weighs most, in log-odds" in lines
    assert lines[-1].startswith(f"{DEFAULT_MODEL} on ")


@pytest.mark.slow
def test_pictures(linewise, folder):
    picture = linewise("explain", PLACE, "--svg", cwd=folder)
    root = ElementTree.fromstring(picture.stdout)
    assert "lenght" in re.sub(r"\s", "", "".join(root.itertext()))
    page = linewise("explain", PLACE, "--html", cwd=folder).stdout.decode()
    assert page.startswith("<!doctype html>")
    assert "default-src 'none'" in html.unescape(page)


@pytest.mark.slow
def test_a_predicted_token(linewise, folder):
    answer = answered(
        linewise("explain", "mean.py:5:5", "--target", "next-token", "--json", cwd=folder)
    )
    (predicted,) = answer["predicted"]
    assert predicted["text"].strip() == "total"
    assert answer["reached_argmax"] == predicted["reached_argmax"]
    assert answer["method"] == "greedy"
    assert (answer["edit"], answer["probe"]) == (None, None)
    assert "single token" in answer["stability"]["reason"]


@pytest.mark.slow
def test_a_language_without_categories(linewise, tmp_path):
    (tmp_path / "a.rs").write_text("fn f(x: i32) -> i32 {\n    x + 🎉\n}\n", "utf-8")
    answer = answered(linewise("explain", "a.rs:2", "--json", cwd=tmp_path))
    assert answer["categories"] == []
    assert answer["without_categories"].startswith("tokens of rs have no categories")
    assert answer["edit"]["probability"] > 0
    assert "as if it were Python" in answer["note"]
    assert [each["text"].strip() for each in answer["tokens"] if "🎉" in each["text"]] == ["🎉"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Missing argument 'FILE:LINE'"),
        (["--jsn", PLACE], "'--jsn' is not of the form FILE:LINE"),
        (["mean.py"], "is not of the form FILE:LINE"),
        (["mean.py:0"], "is not of the form FILE:LINE"),
        (["gone.py:1"], "there is no file 'gone.py'"),
        ([PLACE, "--json", "--svg"], "choose one of --json, --svg and --html"),
        (["mean.py:8:3"], "a column names a token"),
        ([PLACE, "--target", "luck"], "'luck' is not one of"),
    ],
)
def test_wrong_usage(arguments, message, linewise, folder):
    result = linewise("explain", *arguments, cwd=folder, COLUMNS="200")
    assert result.returncode == 2
    assert result.stdout == b""
    assert message in result.stderr.decode()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([PLACE, "--method", "luck"], "there is no attribution method 'luck'; choose one of"),
        ([PLACE, "--method", "greedy"], "greedy explains predicted tokens only"),
        (["mean.py:2"], "line 2 holds no code"),
        (["mean.py:99"], "there is no line 99: the file has 8 lines"),
        ([PLACE, "--max-lines", "3"], "above the limit of 3: raise it with --max-lines"),
        ([PLACE, "--model", "smollm2-135"], f"Did you mean `{DEFAULT_MODEL}`"),
    ],
)
def test_what_cannot_be_explained_says_why_in_one_line(arguments, message, linewise, folder):
    result = linewise("explain", *arguments, cwd=folder)
    assert result.returncode == 3
    assert result.stdout == b""
    assert result.stderr.count(b"\n") == 1
    assert message in result.stderr.decode()
