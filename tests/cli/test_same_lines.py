"""`linewise check` knows lines and files again: reformatted, linked, left out, oddly named."""

import json

import pytest
from git_repository import Repository

BAD = "y = [1]\nprint(y[undefq])\n"
NAME = "linewise-baseline.json"


@pytest.fixture
def repository(tmp_path):
    return Repository(tmp_path / "repository")


def accepted(check, repository):
    assert check(".", "--write-baseline", cwd=repository.root).exit_code == 0
    return (repository.root / NAME).read_bytes()


def rate(check, cwd, *arguments):
    return check(".", "--max-findings", "0", *arguments, cwd=cwd).exit_code


@pytest.mark.parametrize("ci", ["", "true"])
@pytest.mark.parametrize("how", ["--cone", "--no-cone", "by hand"])
def test_a_sparse_checkout_keeps_the_baseline(check, repository, monkeypatch, how, ci):
    repository.commit(0, {"a/m.py": BAD, "b/n.py": BAD})
    content = accepted(check, repository)
    repository.commit(1)
    if how == "by hand":
        repository.git("update-index", "--skip-worktree", "b/n.py")
        (repository.root / "b" / "n.py").unlink()
    else:
        repository.git("sparse-checkout", "set", how, "a" if how == "--cone" else "/a/")
    (repository.root / NAME).write_bytes(content)

    def run(*arguments):
        with monkeypatch.context() as patch:
            patch.setenv("CI", ci)
            return check(".", "--baseline", NAME, *arguments, cwd=repository.root)

    assert run().exit_code == 0
    assert (repository.root / NAME).read_bytes() == content
    repository.write("a/new.py", BAD)
    assert run("--max-findings", "0").exit_code == 1
    (repository.root / "a" / "new.py").unlink()
    (repository.root / "a" / "m.py").unlink()
    repository.write("a/other.py", "x = 1\n")
    result = run()
    assert result.exit_code == (1 if ci else 0)
    assert (b"a/m.py" in (repository.root / NAME).read_bytes()) == bool(ci)


def test_links_are_their_files(check, repository):
    repository.commit(0, {"a/m.py": BAD})
    root = repository.root
    (root / "sib").symlink_to("a")
    (root / "l.py").symlink_to("sib/m.py")
    repository.commit(1)
    names = ("a/m.py", "sib/m.py", "l.py")

    def shown(*arguments):
        found = []
        for name in names:
            result = check(name, "-t", "0", "-f", "json", *arguments, cwd=root)
            files = json.loads(result.stdout)["files"]
            found.append(
                [(each["line"], each["fingerprint"]) for each in files[0]["lines"]] if files else []
            )
        return found

    assert shown("--diff", "HEAD") == [[]] * 3
    first, *others = shown()
    assert len(first) == 2
    assert others == [first] * 2
    repository.write("a/m.py", BAD.replace("[1]", "[1, 2]"))
    first, *others = shown("--diff", "HEAD")
    assert [line for line, _ in first] == [1]
    assert others == [first] * 2
    content = accepted(check, repository)
    assert list(json.loads(content)["files"]) == ["a/m.py"]
    for name in names:
        assert check(name, "--max-findings", "0", cwd=root).exit_code == 0


@pytest.mark.parametrize(
    ("before", "after", "code"),
    [
        (BAD, BAD.replace("(y[undefq])", "( y[undefq] )"), 0),
        (BAD.replace("(y[undefq])", "( y[undefq] )"), BAD, 0),
        (BAD, BAD.replace("y[undefq]", "y  [ undefq ]"), 0),
        (BAD.replace("])", "], 'a b')"), BAD.replace("])", "], 'ab')"), 1),
    ],
)
def test_a_formatter_does_not_make_a_line_new(check, repository, before, after, code):
    repository.commit(0, {"a.py": before})
    accepted(check, repository)
    assert rate(check, repository.root) == 0
    repository.write("a.py", after)
    assert rate(check, repository.root) == code
    if not code:
        assert rate(check, repository.root, "--diff", "HEAD", "-t", "0") == 0


def test_baselines_of_earlier_versions_stay_as_they_are(check, repository):
    """The fingerprint is that of version 0.1."""
    repository.commit(0, {"a.py": "y = [1]\nprint( y[undefq] )\n"})
    content = b'{"version": 1, "files": {"a.py": ["81a129c79eee12be"]}}\n'
    (repository.root / NAME).write_bytes(content)
    assert rate(check, repository.root, "--baseline", NAME, "--baseline-mode", "lock") == 0
    assert rate(check, repository.root, "--baseline", NAME) == 0
    assert (repository.root / NAME).read_bytes() == content
    first = accepted(check, repository)
    assert accepted(check, repository) == first != content


@pytest.mark.parametrize("folder", ["", "p\udcfd"])
def test_names_that_are_not_utf8(linewise, tmp_path, folder):
    root = tmp_path / folder / "r"
    names = ["bad\udcff.py", "d\udcfe/m.py"]
    Repository(root).commit(0, dict.fromkeys(names, BAD))

    def run(*arguments, code=0):
        state = str(tmp_path / "state")
        done = linewise(*arguments, cwd=root, CI="", LINEWISE_STATE_DIR=state)
        assert done.returncode == code, done.stderr
        done.stderr.decode("utf-8")
        return done.stdout.decode("utf-8")

    run("check", ".", "--write-baseline")
    content = (root / NAME).read_bytes()
    assert list(json.loads(content.decode("utf-8"))["files"]) == names
    run("check", ".", "--write-baseline")
    assert (root / NAME).read_bytes() == content
    run("check", ".", "--baseline", NAME, "--max-findings", "0")
    (root / NAME).unlink()
    outputs = [
        f"--output={form}=out.{form}" for form in ("sarif", "gitlab", "junit", "github", "text")
    ]
    assert len(json.loads(run("check", ".", "-f", "json", *outputs))["files"]) == 2
    assert len(json.loads((root / "out.gitlab").read_text("utf-8"))) == 2
    json.loads((root / "out.sarif").read_text("utf-8"))
    assert "d\\udcfe/m.py" in (root / "out.text").read_text("utf-8")
    json.loads(run("scan", ".", "--no-rationales", "--json"))
    json.loads(run("explain", f"{names[0]}:2", "--json"))
    for form in ("html", "md", "json"):
        run("report", ".", "-f", form, "-o", f"out\udcff.{form}")
        (root / f"out\udcff.{form}").read_text("utf-8")
    assert not list(root.glob("*partial*"))
