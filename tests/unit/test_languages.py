"""Which files are Python: by suffix, or by a first line that names it."""

from pathlib import Path

import pytest

from linewise.files import Skipped, Source, read_source
from linewise.languages import has_python_shebang, is_python
from linewise.settings import Settings

CODE = "x = 1\n"


@pytest.mark.parametrize("name", ["a.py", "a.pyi", "a.pyw", "A.PY", "a.b.py", ".hidden.py"])
def test_python_by_its_suffix(name, tmp_path):
    path = tmp_path / name
    path.write_text(CODE)
    assert read_source(path, Settings()) == Source(CODE, "utf-8")


@pytest.mark.parametrize(
    "first",
    [
        "#!/usr/bin/python",
        "#! /usr/local/bin/python3.12 -u",
        "#!/usr/bin/env python3",
        "#!/usr/bin/env -S python3 -X dev",
        "#!/usr/bin/env -Spypy3",
        "#!/usr/bin/env -i PATH=/bin python",
        "#!/usr/bin/env -u HOME python",
        "#!/usr/bin/env -S uv run --script",
        "#!/usr/bin/env -S uv --quiet run --script",
        "#!/usr/bin/env -S pipx run",
        "#!C:\\Python312\\pythonw.exe",
        "#!/opt/pypy/bin/pypy3.10",
        "#!/usr/bin/python3.13t",
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", ""])
@pytest.mark.parametrize("name", ["tool", "tool.cgi"])
def test_python_by_its_first_line(first, end, name, tmp_path):
    path = tmp_path / name
    path.write_bytes(f"{first}{end}{CODE}".encode() if end else first.encode())
    assert isinstance(read_source(path, Settings()), Source)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "#!",
        "#!/usr/bin/env",
        "#!/bin/sh\npython x\n",
        "#!/bin/bash python",
        "#!/usr/bin/env node",
        "#!/usr/bin/env -S uv pip",
        "# python\n",
        "\n#!/usr/bin/python\n",
        "#!/usr/bin/pythonic-tool\n",
        "#!/usr/bin/env -u python\n",
    ],
)
def test_other_first_lines(text):
    assert not has_python_shebang(text)
    assert not is_python(Path("README"), text)


PROSE = ("All about it.\nSee the manual.\n", "all: a b\n\tmake it\n", "FROM debian\nRUN x\n")


@pytest.mark.parametrize("text", PROSE)
def test_what_has_no_suffix_and_is_no_code(text):
    assert not is_python(Path("README"), text)


@pytest.mark.parametrize("text", [CODE, f"# words\n{CODE}"])
def test_what_has_no_suffix_and_reads_as_python(text):
    assert is_python(Path("-"), text)
    assert not is_python(Path("x.txt"), text)
    assert not is_python(Path("x"), f"#!/bin/sh\n{text}")


@pytest.mark.parametrize(
    "name", ["x.pyx", "x.pxd", "r.md", "d.json", "x.ts", "a.py.orig", "n.ipynb", "a.pyc", "x.TXT"]
)
def test_other_files_are_skipped_by_their_suffix(name, tmp_path):
    path = tmp_path / name
    path.write_bytes(b"\0" * 2_000_000)
    skipped = read_source(path, Settings())
    assert isinstance(skipped, Skipped)
    assert skipped.reason.startswith(f"not Python: the suffix {Path(name).suffix}")
    path.write_text(CODE)
    assert read_source(path, Settings(), any_language=True) == Source(CODE, "utf-8")


@pytest.mark.parametrize(
    ("name", "text"), [*zip(["README", "Makefile", "Dockerfile"], PROSE, strict=True)]
)
def test_files_without_a_suffix(name, text, tmp_path):
    path = tmp_path / name
    path.write_text(text)
    skipped = read_source(path, Settings())
    assert isinstance(skipped, Skipped)
    assert "no suffix" in skipped.reason
