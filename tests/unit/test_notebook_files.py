"""Notebooks as files: every format, every way to write a source, and a reason for each refusal."""

import json

import pytest

from linewise.files import Skipped
from linewise.notebook_files import NotebookSource, read_notebook
from linewise.settings import Settings

LARGE = Settings()


def code(source, **rest):
    return {"cell_type": "code", "metadata": {}, "outputs": [], "source": source, **rest}


def notebook(*cells, **metadata):
    return {"cells": list(cells), "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


@pytest.fixture
def read(tmp_path):
    def reading(document, settings=LARGE):
        path = tmp_path / "n.ipynb"
        text = document if isinstance(document, str | bytes) else json.dumps(document)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return read_notebook(path, settings)

    return reading


def test_cells_are_numbered_whatever_they_hold(read):
    found = read(
        notebook(
            {"cell_type": "markdown", "source": "# x"},
            code(["a = 1\n", "b = 2"]),
            {"cell_type": "raw", "source": []},
            code("c = 3\n"),
            code([]),
            code("\ufeffd = 4"),
            code("SELECT 1", metadata={"vscode": {"languageId": "sql"}}),
        )
    )
    assert isinstance(found, NotebookSource)
    assert [(each.number, each.text) for each in found.cells] == [
        (2, "a = 1\nb = 2"),
        (4, "c = 3\n"),
        (5, ""),
        (6, "d = 4"),
    ]
    assert found.foreign == (7,)
    assert found.joined.text == "a = 1\nb = 2\nc = 3\n\n\nd = 4"


def test_the_third_format_has_worksheets(read):
    cell = {"cell_type": "code", "language": "python", "input": ["a = 1\n", "b = 2"]}
    found = read({"worksheets": [{"cells": [cell]}, {"cells": [cell]}], "nbformat": 3})
    assert isinstance(found, NotebookSource)
    assert [each.text for each in found.cells] == ["a = 1\nb = 2"] * 2


@pytest.mark.parametrize("name", ["python", "Python", "python3", "ipython"])
def test_a_python_kernel(name, read):
    assert isinstance(read(notebook(code("x"), language_info={"name": name})), NotebookSource)


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (notebook(code("x"), language_info={"name": "R"}), "its language is R, not Python"),
        (notebook(code("x"), kernelspec={"language": "julia"}), "its language is julia"),
        ("", "its JSON cannot be read"),
        ('{"cells": [', "its JSON cannot be read"),
        ("[" * 100_000, "its JSON cannot be read"),
        ("[]", "it holds no cells"),
        ("null", "it holds no cells"),
        ({"cells": {}}, "it holds no cells"),
        ({"worksheets": [3]}, "it holds no cells"),
        ({"cells": [3]}, "cell 1 is none"),
        (notebook(code("x"), code(3)), "the source of cell 2 is no text"),
        (notebook(code([3])), "the source of cell 1 is no text"),
        (b"\xff\xfe\xff", "not utf-16"),
        (notebook(code("x\0")), "binary (a NUL byte in line 1)"),
    ],
)
def test_what_is_no_notebook_of_python(document, reason, read):
    found = read(document)
    assert isinstance(found, Skipped)
    assert reason in found.reason


def test_limits_are_those_of_the_python(read):
    small = Settings(max_file_lines=3, max_file_bytes=40)
    fits = notebook(code("a\nb"), code("c\n"), kernelspec={"display_name": "x" * 1_000})
    assert isinstance(read(fits, small), NotebookSource)
    assert (
        "4 lines, above the limit of 3" in read(notebook(code("a\nb"), code("c\nd")), small).reason
    )
    assert "larger than the limit" in read(notebook(code("x" * 41)), small).reason
