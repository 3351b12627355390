"""What the command line reads, and how it counts: languages, notebooks, lines."""

import json

import pytest

BAD = "y = [1]\nprint(y[undefq])\n"
FOREIGN = {
    "x.pyx": "cdef int f(int a):\n    return undefq\n",
    "r.md": "# Title\n\nSome words.\n",
    "d.json": '{"a": null}\n',
    "README": "Some words about it.\nAnd more.\n",
    "run.sh": "#!/bin/sh\npython x\n",
}
PYTHON = ["a.py", "a.pyi", "a.pyw", "tool"]


def notebook(*cells):
    return json.dumps({"cells": list(cells), "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


@pytest.fixture
def folder(tmp_path):
    for name, text in FOREIGN.items():
        (tmp_path / name).write_text(text)
    for name in PYTHON:
        (tmp_path / name).write_text(f"#!/usr/bin/env python\n{BAD}")
    cells = [
        {"cell_type": "markdown", "source": ["# Title"]},
        {
            "cell_type": "code",
            "source": ["%matplotlib inline\n", "y = [1]\n", "print(y[undefq])\n"],
        },
        {"cell_type": "code", "source": "SELECT", "metadata": {"vscode": {"languageId": "sql"}}},
    ]
    (tmp_path / "n.ipynb").write_text(notebook(*cells))
    return tmp_path


def read(result):
    return json.loads(result.stdout)["files"]


def test_what_is_not_python_is_skipped_with_its_reason(check, folder):
    files = read(check(*FOREIGN, *PYTHON, "-f", "json", cwd=folder))
    by_name = {each["path"]: each for each in files}
    for name in FOREIGN:
        assert by_name[name]["status"] == "skipped"
        assert by_name[name]["reason"].startswith("not Python: ")
    for name in ("x.pyx", "r.md", "d.json", "run.sh"):
        assert name[name.index(".") :] in by_name[name]["reason"]
    for name in PYTHON:
        assert [line["line"] for line in by_name[name]["lines"]] == [3]
        assert "cell" not in by_name[name]["lines"][0]


def test_a_notebook_names_lines_with_their_cell(check, folder):
    (file,) = read(check("n.ipynb", "-f", "json", cwd=folder))
    (line,) = file["lines"]
    assert (line["cell"], line["line"], line["text"]) == (2, 3, "print(y[undefq])")
    assert file["code_lines"] == 2
    said = check("n.ipynb", cwd=folder)
    assert "cell 2:3" in said.stdout
    assert "1 cell is in another language than Python and left out: n.ipynb:cell 3" in said.stderr
    (issue,) = json.loads(check("n.ipynb", "-f", "gitlab", cwd=folder).stdout)
    assert issue["description"].startswith("Cell 2: Edit probability")
    assert issue["location"]["lines"] == {"begin": 3, "end": 3}
    (result,) = json.loads(check("n.ipynb", "-f", "sarif", cwd=folder).stdout)["runs"][0]["results"]
    assert result["message"]["text"].startswith("Cell 2: ")
    assert {"fullyQualifiedName": "cell 2", "kind": "module"} in (
        result["locations"][0]["logicalLocations"]
    )
    assert "::Cell 2: " in check("n.ipynb", "-f", "github", cwd=folder).stdout
    assert "n.ipynb:cell 2:3:1" in check("n.ipynb", "-f", "junit", cwd=folder).stdout


def test_a_line_keeps_its_fingerprint_when_a_cell_is_put_before_it(check, folder):
    (before,) = read(check("n.ipynb", "-f", "json", cwd=folder))
    document = json.loads((folder / "n.ipynb").read_text())
    document["cells"].insert(0, {"cell_type": "code", "source": "a = 1"})
    (folder / "n.ipynb").write_text(json.dumps(document))
    (after,) = read(check("n.ipynb", "-f", "json", cwd=folder))
    assert [line["fingerprint"] for line in after["lines"]] == [
        line["fingerprint"] for line in before["lines"]
    ]
    assert [line["cell"] for line in after["lines"]] == [3]


@pytest.mark.parametrize("text", ["", "{", '{"cells": 3}', '{"metadata": {}}'])
def test_a_notebook_that_cannot_be_read_says_why(check, tmp_path, text):
    (tmp_path / "n.ipynb").write_text(text)
    (file,) = read(check("n.ipynb", "-f", "json", cwd=tmp_path))
    assert file["status"] == "skipped"
    assert file["reason"].startswith("not a notebook that can be read: ")


def test_a_span_of_a_notebook_is_refused(check, folder):
    result = check("n.ipynb", "--span", "1:1-1:2", cwd=folder)
    assert result.exit_code == 2
    assert "a notebook has cells" in result.stderr


def test_folders_are_looked_through_for_python_files_only(check, folder):
    assert [each["path"] for each in read(check(".", "-f", "json", cwd=folder))] == ["a.py"]


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n"])
@pytest.mark.parametrize("last", [True, False])
@pytest.mark.parametrize("option", [True, False])
def test_exactly_as_many_lines_as_are_allowed(check, tmp_path, end, last, option):
    for count in (3, 4, 5):
        (tmp_path / f"{count}.py").write_bytes((end.join(["x = 1"] * count) + end * last).encode())
    if not option:
        (tmp_path / ".linewise.toml").write_text("max-file-lines = 4\n")
    limit = ["--max-lines", "4"] if option else []
    files = read(check("3.py", "4.py", "5.py", *limit, "-f", "json", cwd=tmp_path))
    assert [each["status"] for each in files] == ["ok", "ok", "skipped"]
    assert files[2]["reason"].startswith("5 lines, above the limit of 4: raise it with --max-lines")


@pytest.mark.parametrize(("end", "from_stdin"), [("\n", True), ("\r", False), ("\r\n", True)])
def test_explain_counts_the_same_lines(linewise, tmp_path, end, from_stdin):
    data = BAD.replace("\n", end).encode()
    (tmp_path / "a.py").write_bytes(data)
    place = "-:3" if from_stdin else "a.py:3"
    result = linewise("explain", place, cwd=tmp_path, stdin=data)
    assert result.returncode == 3
    assert b"there is no line 3: the file has 2 lines" in result.stderr


def test_explain_refuses_a_notebook_with_what_helps(linewise, folder):
    result = linewise("explain", "n.ipynb:1", cwd=folder)
    assert result.returncode == 3
    assert b"lines of notebooks are explained in an editor" in result.stderr
