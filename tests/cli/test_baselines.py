"""`linewise check --baseline`: what is known is left out, and the file is kept up to date."""

import json

import pytest
from git_repository import Repository

CODE = "".join(f"value_{number} = compute({number})\n" for number in range(4))
NAME = "linewise-baseline.json"


@pytest.fixture
def repository(tmp_path):
    made = Repository(tmp_path / "repository")
    made.commit(0, {"a.py": CODE, "sub/b.py": CODE})
    return made


@pytest.fixture
def run(check, repository):
    """Check everything; return exit code, flagged lines by file and what was said."""

    def checked(*arguments, paths=(".",), cwd=repository.root):
        result = check(*paths, *arguments, "-t", "0", "-f", "json", cwd=cwd)
        assert result.exit_code in (0, 1), result.output
        files = json.loads(result.stdout)["files"]
        found = {each["path"]: [line["line"] for line in each["lines"]] for each in files}
        return (
            result.exit_code,
            {name: those for name, those in found.items() if those},
            result.stderr,
        )

    return checked


@pytest.fixture
def known(run, repository):
    """A baseline of all there is."""
    code, _, said = run("--write-baseline", "--max-findings", "0")
    assert code == 0
    assert said == f"linewise: {repository.root / NAME} now holds 8 findings in 2 files\n"
    return repository.root / NAME


def holds(path):
    files = json.loads(path.read_text("utf-8"))["files"]
    return {name: len(prints) for name, prints in files.items()}


def test_what_is_known_is_left_out_wherever_it_moves(run, repository, known):
    repository.write("a.py", "new = 0\n\n" + CODE.replace("value_2 ", "value_2  "))
    for options in ((), ("--baseline", NAME), ("--baseline", known), ("--baseline-mode", "lock")):
        assert run(*options, "--max-findings", "1") == (0, {"a.py": [1]}, "")
    assert run("--max-findings", "0")[0] == 1
    sub = repository.root / "sub"
    assert run("--baseline", f"../{NAME}", cwd=sub)[1] == {}
    assert holds(known) == {"a.py": 4, "sub/b.py": 4}


def test_the_cap_hides_nothing_from_it(run, known):
    assert run("--max-findings-per-file", "1", "--write-baseline")[0] == 0
    assert holds(known) == {"a.py": 4, "sub/b.py": 4}


def test_auto_takes_out_what_is_gone_once_nothing_is_new(run, repository, known):
    repository.write("a.py", "new = 0\n" + CODE.replace("value_2 = compute(2)\n", ""))
    before = known.read_bytes()
    assert run("--baseline", NAME) == (0, {"a.py": [1]}, "")
    assert known.read_bytes() == before
    repository.write("a.py", CODE.replace("value_2 = compute(2)\n", ""))
    (repository.root / "sub/b.py").unlink()
    code, found, said = run("--baseline", NAME)
    assert (code, found) == (0, {})
    assert said == f"linewise: {NAME} brought up to date (5 findings of lines that are gone)\n"
    assert holds(known) == {"a.py": 3}
    assert run("--baseline", NAME) == (0, {}, "")


def test_lock_fails_and_discard_does_not(run, repository, known, monkeypatch):
    repository.write("a.py", CODE.replace("value_2 = compute(2)\n", ""))
    before = known.read_bytes()
    reason = f"{NAME} is out of date (1 finding of lines that are gone); run the same with"
    locked = run("--baseline", NAME, "--baseline-mode", "lock")
    assert locked[0] == 1
    assert reason in locked[2]
    monkeypatch.setenv("CI", "true")
    assert run("--baseline", NAME) == locked
    assert run("--baseline", NAME, "--baseline-mode", "discard") == (0, {}, "")
    assert run() == (0, {}, "")  # a project's baseline is only read
    assert known.read_bytes() == before


def test_a_renamed_file_keeps_its_findings(run, repository, known):
    repository.git("mv", "a.py", "c.py")
    assert run()[1] == {}
    assert "(files were renamed)" in run("--baseline", NAME)[2]
    assert holds(known) == {"c.py": 4, "sub/b.py": 4}


def test_files_that_were_not_checked_are_left_alone(run, repository, known):
    repository.write("a.py", "")
    (repository.root / "sub/b.py").write_bytes(b"\0")
    run("--baseline", NAME)
    assert holds(known) == {"sub/b.py": 4}
    repository.write("c.py", CODE)
    run("--baseline", NAME, "--write-baseline", paths=("c.py",))
    assert holds(known) == {"c.py": 4, "sub/b.py": 4}


def test_outside_of_a_repository_and_in_another_place(run, tmp_path):
    folder = tmp_path / "plain"
    (folder / "sub").mkdir(parents=True)
    for name in ("a.py", "sub/a.py"):
        (folder / name).write_text(CODE)
    assert run("--write-baseline", cwd=folder)[0] == 0
    assert holds(folder / NAME) == {"a.py": 4, "sub/a.py": 4}
    assert run("--baseline", NAME, cwd=folder)[1] == {}


def test_with_diff(run, repository, known):
    repository.write("a.py", CODE.replace("(3)", "(33)"))
    assert run("--baseline", NAME, "--diff", "HEAD") == (0, {"a.py": [4]}, "")
    assert run("--diff", "HEAD", "--max-findings", "0")[0] == 1
    assert holds(known) == {"a.py": 4, "sub/b.py": 4}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "there is no baseline other.json; make it with --write-baseline"),
        ("{", "other.json is no baseline that this version of Linewise reads"),
        ('{"version": 2, "files": {}}', "no baseline that this version"),
        ('{"version": 1, "files": {"a.py": 1}}', "no baseline that this version"),
    ],
)
@pytest.mark.parametrize("options", [(), ("--baseline-mode", "discard")])
def test_baselines_that_cannot_be_used(check, repository, content, message, options):
    path = repository.root / "other.json"
    if content is not None:
        path.write_text(content)
    result = check(".", "--baseline", "other.json", *options, cwd=repository.root)
    assert message in f"{result.output} {result.exception}"
    assert result.exit_code != 0
    assert not path.exists() if content is None else path.read_text() == content


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("../other/x.py", "--baseline", NAME), "cannot be the baseline of ../other/x.py"),
        (("-", "--baseline", NAME), "cannot be the baseline of -"),
        ((".", "--write-baseline", "--baseline", "gone/x.json"), "there is no such folder"),
        ((".", "--write-baseline", "--baseline-mode", "lock"), "changes what"),
    ],
)
def test_wrong_usage(check, repository, known, tmp_path, arguments, message):
    other = Repository(tmp_path / "other")
    other.write("x.py", CODE)
    result = check("a.py", *arguments, cwd=repository.root)
    assert result.exit_code == 2
    assert message in result.output


def test_one_that_cannot_be_written_costs_no_finding(check, repository, known):
    (repository.root / f"{NAME}.partial").mkdir()
    repository.write("new.py", "x = 1\n")
    result = check(".", "-t", "0", "--write-baseline", cwd=repository.root)
    assert "1 of 9 code lines" in result.stdout
    assert "cannot be written" in str(result.exception)
    assert holds(known) == {"a.py": 4, "sub/b.py": 4}
