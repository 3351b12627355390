"""Whatever an answer leaves out is said once by kind: on standard error, in JSON, in SARIF."""

import json

import pytest

BAD = "y = [1]\nprint(y[undefq])\n"
CELLS = [
    {"cell_type": "code", "metadata": {}, "outputs": [], "source": "%%bash\nls\n"},
    {"cell_type": "code", "metadata": {}, "outputs": [], "source": "x = 1\n"},
]
NOTEBOOK = json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": CELLS})
FILES = {
    "broken.py": f"x = (\n{BAD}",
    "worse.py": f"{BAD}for\nclass\n",
    "deep.py": f"z = {'(' * 300}1{')' * 300}\n{BAD}",
    "long.py": f"{BAD}z = '{'x' * 2_000}'\n",
    "cells.ipynb": NOTEBOOK,
    "notes.txt": "words\n",
    "more.txt": "words\n",
    "nul.py": "x = '\0'\n",
}
EXPECTED = {
    "syntax": (3, ["broken.py:1", "worse.py:3", "worse.py:4"]),
    "nesting": (1, ["deep.py:1"]),
    "cut-line": (1, ["long.py:3"]),
    "other-cell": (1, ["cells.ipynb:cell 1"]),
}


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "project"
    folder.mkdir()
    for name, text in FILES.items():
        (folder / name).write_text(text)
    return folder


def test_each_kind_is_said_once(check, folder):
    result = check(*FILES, "-f", "json", cwd=folder)
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)["omissions"]
    assert {
        each["kind"]: (each["count"], each["names"])
        for each in found
        if each["kind"] != "skipped-file"
    } == EXPECTED
    skipped = [each for each in found if each["kind"] == "skipped-file"]
    assert sorted((each["count"], *each["names"]) for each in skipped) == [
        (1, "nul.py"),
        (2, "notes.txt", "more.txt"),
    ]
    said = result.stderr.splitlines()
    assert len(said) == len(found)
    assert (
        "linewise: 3 statements do not parse and are judged without known problems: "
        "broken.py:1, worse.py:3, worse.py:4"
    ) in said


def test_they_are_notifications_in_sarif(check, folder):
    log = json.loads(check(*FILES, "-f", "sarif", cwd=folder).stdout)
    (invocation,) = log["runs"][0]["invocations"]
    texts = [each["message"]["text"] for each in invocation["toolExecutionNotifications"]]
    assert invocation["executionSuccessful"] is True
    assert sum(text.startswith("Not checked: ") for text in texts) == 3
    assert len(texts) == 3 + len(EXPECTED)


def test_nothing_is_said_where_nothing_is_left_out(check, folder):
    (folder / "whole.py").write_text(BAD)
    result = check("whole.py", "-f", "json", cwd=folder)
    assert result.stderr == ""
    assert json.loads(result.stdout)["omissions"] == []


def test_what_is_skipped_stands_in_the_text_itself(check, folder):
    result = check("notes.txt", cwd=folder)
    assert "notes.txt  skipped: not Python" in result.stdout
    assert "all below" not in result.stdout
    assert result.stderr == ""
