"""Each file has the settings of its own project, and is one file by whatever name."""

import json

import pytest
from git_repository import Repository

BAD = "y = [1]\nprint(y[undefq])\n"
FLAGGED, QUIET = [2], []


def write(root, files):
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


@pytest.fixture
def report(check):
    """The report of a check, as JSON."""

    def run(*arguments, cwd, code=0):
        result = check(*arguments, "-f", "json", cwd=cwd)
        assert result.exit_code == code, result.output
        return json.loads(result.stdout), result.stderr

    return run


@pytest.fixture
def flagged(report):
    """The flagged lines of each file."""

    def run(*arguments, cwd):
        output, _ = report(*arguments, cwd=cwd)
        return {each["path"]: [line["line"] for line in each["lines"]] for each in output["files"]}

    return run


@pytest.fixture
def tree(tmp_path):
    """Two repositories and a loose folder; one repository has a project inside a project."""
    root = tmp_path / "tree"
    write(
        root,
        {
            "one/.linewise.toml": 'threshold = 0.9\nexclude = ["gen/**"]\nmax-file-lines = 5\n',
            "one/a.py": BAD,
            "one/gen/g.py": BAD,
            "one/long.py": BAD * 3,
            "one/inner/.linewise.toml": "threshold = 0.2\n",
            "one/inner/b.py": BAD,
            "two/pyproject.toml": "[tool.linewise]\nmax-findings-per-file = 0\n",
            "two/c.py": BAD,
            "loose/d.py": BAD,
        },
    )
    for name in ("one", "two"):
        Repository(root / name).commit(0)
    (root / "linked").symlink_to(root / "one")
    return root


EXPECTED = {
    "one/a.py": (QUIET, 0.9),
    "one/inner/b.py": (FLAGGED, 0.2),
    "one/long.py": ("skipped", 0.9),
    "two/c.py": (QUIET, 0.28),
    "loose/d.py": (FLAGGED, 0.28),
}


def found(output, strip=""):
    return {
        each["path"].removeprefix(strip): (
            "skipped" if each["status"] == "skipped" else [line["line"] for line in each["lines"]],
            each["threshold"],
        )
        for each in output["files"]
    }


def test_from_above_each_file_has_its_own(report, tree):
    folders = ("one", "one/inner", "two", "loose")
    assert found(report(*folders, cwd=tree)[0]) == EXPECTED
    assert found(report(*(tree / name for name in folders), cwd=tree)[0]) == EXPECTED


@pytest.mark.parametrize(
    ("cwd", "path", "strip"),
    [
        ("one", ".", "one/"),
        ("one/inner", "..", "../"),
        ("two", "../one", "../one/"),
        ("one", "../two/../one", "../two/../one/"),
        ("loose", "..//one/.", "../one/"),
        (".", "linked", "linked/"),
        ("linked/inner", "..", "../"),
    ],
)
def test_a_project_holds_wherever_one_stands_and_however_it_is_spelled(
    report, tree, cwd, path, strip
):
    whole = {name.removeprefix("one/"): each for name, each in EXPECTED.items() if "one/" in name}
    named = found(report(path, cwd=tree / cwd)[0])
    assert sorted(map(str, named.values())) == sorted(map(str, whole.values()))
    assert not any("gen/" in name for name in named)


def test_options_stand_above_projects(report, tree):
    output, _ = report("one", "two", "--threshold", "0.5", "--max-lines", "100", cwd=tree)
    assert {each["threshold"] for each in output["files"]} == {0.5}
    assert {each["status"] for each in output["files"]} == {"ok"}


def test_that_thresholds_differ_is_said(check, tree):
    text = check("one/a.py", "one/inner/b.py", cwd=tree).stdout
    assert "flagged at the threshold of its project (20 % to 90 %) or more" in text


def test_a_file_excluded_from_one_project_only(flagged, tree):
    assert flagged("one/gen/g.py", cwd=tree) == {"one/gen/g.py": QUIET}  # named, so it is wanted
    assert flagged("../gen", cwd=tree / "one" / "inner") == {}


def test_patterns_of_another_folder(flagged, tmp_path):
    root = tmp_path / "p"
    write(root, {".linewise.toml": 'exclude = ["src/**"]\n', "src/a.py": BAD, "gen/g.py": BAD})
    Repository(root).commit(0)
    assert flagged("../gen", cwd=root / "src") == {"../gen/g.py": FLAGGED}
    assert flagged("..", cwd=root / "src") == {"../gen/g.py": FLAGGED}
    assert flagged(".", cwd=root / "src") == {}


@pytest.mark.parametrize(
    "second", ["../d/a.py", "./a.py", "sub/../a.py", "{root}/a.py", "link.py", ".", "../d"]
)
def test_one_file_by_two_names_is_checked_once(check, tmp_path, second):
    root = tmp_path / "d"
    write(root, {"a.py": BAD, "sub/x.txt": ""})
    (root / "link.py").symlink_to("a.py")
    again = second.format(root=root)
    result = check("a.py", again, "--max-findings", "1", cwd=root)
    assert result.exit_code == 0, result.output
    assert "1 of 2 code lines in 1 file flagged" in result.stdout
    gitlab = json.loads(check("a.py", again, "-f", "gitlab", cwd=root).stdout)
    assert len({each["fingerprint"] for each in gitlab}) == len(gitlab) == 1
    first = json.loads(check(again, "a.py", "-f", "gitlab", cwd=root).stdout)
    assert [each["fingerprint"] for each in first] == [each["fingerprint"] for each in gitlab]


def test_only_a_single_dash_is_standard_input(flagged, tmp_path):
    write(tmp_path / "d", {"-": BAD})
    assert flagged("./-", cwd=tmp_path / "d") == {"./-": FLAGGED}
    assert flagged(tmp_path / "d" / "-", cwd=tmp_path / "d") == {"./-": FLAGGED}


def test_addresses_outside_of_the_root_are_absolute(check, tmp_path):
    write(tmp_path, {"d/b/a.py": BAD, "x.py": BAD})
    for name in ("b/../../x.py", "../x.py", tmp_path / "x.py"):
        log = json.loads(check(name, "b/a.py", "-f", "sarif", cwd=tmp_path / "d").stdout)
        (run,) = log["runs"]
        places = [
            each["locations"][0]["physicalLocation"]["artifactLocation"] for each in run["results"]
        ]
        assert {"uri": (tmp_path / "x.py").as_uri()} in places
        assert {"uri": "b/a.py", "uriBaseId": "SRCROOT"} in places


BAD_PATTERNS = ["[z-a].py", "!", "\\", "[", "a[b-a]c/**"]


@pytest.mark.parametrize("pattern", BAD_PATTERNS)
@pytest.mark.parametrize("place", [".linewise.toml", "pyproject.toml"])
def test_a_pattern_that_is_none_is_named_and_the_others_hold(report, tmp_path, pattern, place):
    root = tmp_path / "p"
    section = "" if place == ".linewise.toml" else "[tool.linewise]\n"
    settings = f"{section}exclude = ['{pattern}', 'gen/']\n"
    write(root, {place: settings, "a.py": BAD, "gen/g.py": BAD})
    output, said = report(".", cwd=root)
    assert found(output) == {"a.py": (FLAGGED, 0.28)}
    if said:
        assert str(root / place) in said
        assert "exclude" in said
        assert pattern in said
    else:  # git takes it for a pattern, if for one that fits nothing
        assert pattern == "["


@pytest.mark.parametrize("value", ["[1, 2]", "'gen'", "[['a']]", "{a = 1}", "true"])
def test_patterns_of_another_type(report, tmp_path, value):
    write(tmp_path / "p", {".linewise.toml": f"exclude = {value}\n", "a.py": BAD})
    output, said = report(".", cwd=tmp_path / "p")
    assert found(output) == {"a.py": (FLAGGED, 0.28)}
    assert ".linewise.toml: exclude: " in said


@pytest.mark.parametrize("pattern", ["", "# all", "  ", "gen/ ", "!gen/keep.py", "**", "/a.py"])
def test_odd_patterns_raise_nothing(check, tmp_path, pattern):
    root = tmp_path / "p"
    write(root, {".linewise.toml": f"exclude = ['{pattern}']\n", "a.py": BAD, "gen/keep.py": BAD})
    assert check(".", cwd=root).exit_code == 0


@pytest.mark.parametrize("pattern", BAD_PATTERNS[:3])
@pytest.mark.parametrize("option", ["--exclude", "--include"])
@pytest.mark.parametrize("command", [("scan", "."), ("scan", ".", "--out", "o")])
def test_options_that_are_no_patterns(linewise, tmp_path, command, option, pattern):
    result = linewise(*command, option, pattern, cwd=tmp_path)
    assert result.returncode == 2
    assert repr(pattern).strip("'").encode() in result.stderr.replace(b"\n", b"")
