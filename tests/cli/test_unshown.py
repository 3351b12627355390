"""A result of nothing names its cause, in the text and in JSON."""

import json

import pytest

RISKY = "    return undefined_name[0]"
CODE = f"def f(x):\n{RISKY}\n"
CAUSES = {
    "a comment on the line": (CODE.replace("[0]", "[0]  # linewise: ignore"), "", ()),
    "a comment on the function": (
        CODE.replace("(x):", "(x):  # linewise: ignore-function"),
        "",
        (),
    ),
    "a comment on the file": (f"# linewise: ignore-file\n{CODE}", "", ()),
    "the severity": (CODE, 'minimum-severity = "warning"\n', ()),
    "the number per file": (CODE, "max-findings-per-file = 0\n", ()),
}
EXPECTED = {
    "a comment on the line": "ignored-by-comment",
    "a comment on the function": "ignored-by-comment",
    "a comment on the file": "ignored-by-comment",
    "the severity": "below-severity",
    "the number per file": "beyond-cap",
}


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


@pytest.mark.parametrize("cause", CAUSES)
def test_what_is_not_shown_has_a_cause(check, folder, cause):
    code, settings, options = CAUSES[cause]
    (folder / "a.py").write_text(code)
    (folder / ".linewise.toml").write_text(settings)
    text = check("a.py", *options, cwd=folder).stdout
    assert "all below" not in text
    assert "Nothing flagged: " in text
    assert "or more is not shown: 1 " in text
    found = json.loads(check("a.py", *options, "-f", "json", cwd=folder).stdout)
    assert found["summary"]["unshown"] == {EXPECTED[cause]: 1}
    assert found["files"][0]["unshown"] == {EXPECTED[cause]: 1}
    assert found["summary"]["flagged"] == 0


def test_what_the_baseline_holds_is_said(check, folder):
    (folder / "a.py").write_text(CODE)
    check("a.py", "--write-baseline", cwd=folder)
    result = check("a.py", cwd=folder)
    assert "1 line at 28 % or more is not shown: 1 in the baseline" in result.stdout
    assert "Riskiest line" not in result.stdout or RISKY.strip() not in result.stdout


def test_that_all_is_below_is_only_said_if_it_is(check, folder):
    (folder / "a.py").write_text("def f(x):\n    return x\n")
    assert "all below" in check("a.py", cwd=folder).stdout
