"""`linewise check` of files that are broken in one place, newer than Python, or deep."""

import json

import pytest

TWO = "y = [1]\nprint(y[undefq])\n"


def of(linewise, folder, text, *, stdin=False):
    """Return the probability of the last line and whether it is flagged, and what is said."""
    path = folder / "a.py"
    path.write_text(text)
    arguments = ("check", "-" if stdin else str(path), "--format", "json", "--all-lines")
    result = linewise(*arguments, **({"stdin": text.encode()} if stdin else {}))
    (file,) = json.loads(result.stdout)["files"]
    last = file["lines"][-1]
    assert last["text"] == "print(y[undefq])"
    return last["probability"], last["flagged"], result.stderr.decode()


@pytest.mark.parametrize("stdin", [False, True])
@pytest.mark.parametrize(
    ("before", "said"),
    [
        ("", ""),
        ("x = (\n", "1 statement does not parse"),
        ("def f(\n", "1 statement does not parse"),
        ('d = {"a": 1}\nprint(f"{d["a"]}")\n', ""),
        ("type X[T] = list[T]\n", ""),
        ("if 1: pass\n" + "elif 2: pass\n" * 400, ""),
        ("x = " + " + ".join(["y"] * 5000) + "\n", "1 statement is nested too deeply"),
    ],
)
def test_the_line_with_an_undefined_name_is_flagged(linewise, tmp_path, before, said, stdin):
    probability, flagged, errors = of(linewise, tmp_path, before + TWO, stdin=stdin)
    assert flagged
    assert probability == pytest.approx(0.70, abs=0.06)
    assert errors.startswith(f"linewise: {said}" if said else "")
    assert bool(errors) == bool(said)


def test_builtins_of_the_project_are_defined(linewise, tmp_path):
    flagged = of(linewise, tmp_path, TWO)[1]
    settings = tmp_path / ".linewise.toml"
    settings.write_text('builtins = ["undefq"]\n')
    (tmp_path / "a.py").write_text(TWO)
    result = linewise("check", "a.py", "--format", "json", "--all-lines", cwd=tmp_path)
    last = json.loads(result.stdout)["files"][0]["lines"][-1]
    assert (flagged, last["flagged"]) == (True, False)
