"""Every file a folder can hold: scored, or skipped with a reason; never a crash."""

import os
from json import loads

import numpy as np
import pytest

from linewise.commands.checking import Request, check_files
from linewise.output import github, json, sarif, text
from linewise.output.report import Status
from linewise.settings import Settings

NEEDS_UTF8 = "save it as UTF-8 or declare its encoding in line 1"
NESTED = "".join(f"{' ' * depth}if a{depth}:\n" for depth in range(99)) + " " * 99 + "pass\n"
SCORED = {
    "empty.py": (b"", []),
    "blank.py": (b"\n\n  \n", []),
    "comments.py": (b"# one\n# two\n", []),
    "latin1_cookie.py": (b"# coding: latin-1\nx = '\xe9'\n", [2]),
    "utf16.py": ("x = 'é'\n".encode("utf-16"), [1]),
    "utf8_mark.py": (b"\xef\xbb\xbfx = 1\n", [1]),
    "newlines.py": (b"a = 1\r\nb = 2\rc = 3\n", [1, 2, 3]),
    "form_feed.py": (b"a = 1\n\x0cb = '\x0b\x1c\xc2\x85\xe2\x80\xa8'\nc = 3\n", [1, 2, 3]),
    "tabs.py": (b"def f():\n\treturn\t1\n", [1, 2]),
    "long_line.py": (b"x = '" + b"a b " * 50_000 + b"'\n", [1]),
    "parentheses.py": (b"x = " + b"(" * 500 + b"1" + b")" * 500 + b"\n", [1]),
    "blocks.py": (NESTED.encode(), list(range(1, 101))),
    "unfinished.py": (b"class A:\n    def f(self, x\n        return (x +\n", [1, 2, 3]),
    "not_python.py": ("Ceci n'est pas 漢字 🎉 python.\n".encode(), [1]),
}
SKIPPED = {
    "nul.py": (b"x = 1\n\0\n", "binary (a NUL byte in line 2)"),
    "latin1.py": (b"a = 1\nb = 2\nx = '\xe9'\n", f"not UTF-8 (byte 0xe9 in line 3): {NEEDS_UTF8}"),
    "many_lines.py": (
        b"x = 1\n" * 50_000,
        "50,000 lines, above the limit of 10,000: raise it with --max-lines",
    ),
    "large.py": (
        b"#" * 1_000_001,
        "larger than the limit of 1.0 MB: raise it with --max-bytes",
    ),
}


@pytest.fixture(scope="module")
def outcomes(linewise, tmp_path_factory):
    folder = tmp_path_factory.mktemp("bad")
    for name, (data, _) in {**SCORED, **SKIPPED}.items():
        (folder / name).write_bytes(data)
    os.mkfifo(folder / "pipe")
    result = linewise("check", ".", "pipe", "--all-lines", "--format", "json", cwd=folder)
    assert result.returncode == 0, result.stderr
    return {file["path"]: file for file in loads(result.stdout)["files"]}


@pytest.mark.parametrize("name", SCORED)
def test_scored(outcomes, name):
    file = outcomes[name]
    assert file["status"] == "ok"
    assert [line["line"] for line in file["lines"]] == SCORED[name][1]


@pytest.mark.parametrize("name", SKIPPED)
def test_skipped(outcomes, name):
    file = outcomes[name]
    assert (file["status"], file["reason"]) == ("skipped", SKIPPED[name][1])


def test_a_pipe_is_not_waited_for(outcomes):
    assert outcomes["pipe"]["reason"] == "not a regular file"


def test_nothing_else_was_checked(outcomes):
    assert outcomes.keys() == {*SCORED, *SKIPPED, "pipe"}


def test_surrogates_on_standard_input(linewise):
    result = linewise("check", "-", "-f", "json", stdin=b"x = '\xed\xa0\x80'\n")
    assert result.returncode == 0
    (file,) = loads(result.stdout)["files"]
    assert file["reason"] == f"not UTF-8 (byte 0xed in line 1): {NEEDS_UTF8}"


def test_a_file_name_that_is_not_utf8(engine, tmp_path):
    path = tmp_path / os.fsdecode(b"caf\xe9.py")
    path.write_text("x = 1\n")
    report = check_files(engine, Request((path,), Settings(threshold=0.0)), lambda *_: None).report
    for output in (json, sarif, github):
        assert "caf" in output.render(report).encode("utf-8").decode()
    assert any("caf\\udce9.py" in line.plain for line in text.render(report))


def test_standard_input_has_limits_too(linewise):
    result = linewise("check", "-", "--max-bytes", "10", stdin=b"x = 1\n" * 3)
    assert b"<stdin>  skipped: larger than the limit of 10 bytes" in result.stdout


def test_a_file_deleted_meanwhile(engine, tmp_path):
    first, second = tmp_path / "a.py", tmp_path / "b.py"
    first.write_text("x = 1\n")
    second.write_text("y = 2\n")

    def progress(path, finished):
        second.unlink(missing_ok=True)

    report = check_files(engine, Request((first, second), Settings()), progress).report
    assert [file.status for file in report.files] == [Status.OK, Status.SKIPPED]
    assert report.files[1].reason == "no longer there"


@pytest.mark.parametrize("share", [0.1, 0.35, 0.5, 0.72, 0.9])
def test_unfinished_code(engine, share):
    source = (
        'def f(x, *, y=(1, 2)):\n    """Say."""\n    try:\n        z = [a for a in x if a]\n'
        "    except (OSError, ValueError) as error:\n        print(f'{error!r}: {y}')\n"
    )
    scored = engine.score(source[: int(share * len(source))])
    assert scored.lines
    assert all(np.isfinite(line.probability) for line in scored.lines)
