"""`linewise check --diff`: only what changed since a revision."""

import json
import subprocess

import pytest
from git_repository import Repository

from linewise.engine import Engine

CODE = "".join(f"value_{number} = compute({number})\n" for number in range(6))


@pytest.fixture
def repository(tmp_path):
    made = Repository(tmp_path / "repository")
    made.commit(0, {"a.py": CODE, "b.py": CODE, "sub/c.py": CODE})
    return made


@pytest.fixture
def flagged(check, repository):
    """The flagged lines by file, everything flagged that may be; and what was said."""

    def run(*arguments, cwd=repository.root):
        result = check(*arguments, "-t", "0", "-f", "json", cwd=cwd)
        assert result.exit_code == 0, result.output
        output = json.loads(result.stdout)
        found = {each["path"]: [line["line"] for line in each["lines"]] for each in output["files"]}
        return found, result.stderr

    return run


def test_only_changed_lines_of_changed_files(flagged, repository):
    repository.write("a.py", CODE.replace("(3)", "(33)") + "more = 1\n")
    repository.write("new.py", "x = 1\n")
    (repository.root / "b.py").unlink()
    assert flagged(".", "--diff", "HEAD") == ({"a.py": [4, 7], "new.py": [1]}, "")
    sub = repository.root / "sub"
    assert flagged("..", "--diff", "HEAD", cwd=sub)[0] == {"../a.py": [4, 7], "../new.py": [1]}


def test_since_a_branch_was_left(flagged, repository):
    repository.git("checkout", "--quiet", "-b", "topic")
    repository.commit(1, {"a.py": "first = 1\n" + CODE})
    repository.git("checkout", "--quiet", "main")
    repository.commit(2, {"b.py": CODE.replace("(0)", "(9)")})
    repository.git("checkout", "--quiet", "topic")
    assert flagged(".", "--diff", "main...")[0] == {"a.py": [1]}
    assert flagged(".", "--diff", "main")[0] == {"a.py": [1], "b.py": [1]}


def test_renamed_files(flagged, repository):
    repository.git("mv", "a.py", "renamed.py")
    repository.write("renamed.py", CODE.replace("(3)", "(33)"))
    assert flagged(".", "--diff", "HEAD")[0] == {"renamed.py": [4]}


def test_before_the_first_commit_everything_is_new(flagged, tmp_path):
    new = Repository(tmp_path / "new")
    new.write("a.py", "x = 1\ny = 2\n")
    assert flagged(".", "--diff", "HEAD", cwd=new.root)[0] == {"a.py": [1, 2]}


def test_nothing_changed(check, repository):
    result = check(".", "--diff", "HEAD", "--fail-above", "0", cwd=repository.root)
    assert result.exit_code == 0
    assert result.stdout == "No Python files found that changed since HEAD.\n"


def test_in_the_middle_of_a_rebase(flagged, repository):
    repository.git("checkout", "--quiet", "-b", "topic")
    repository.commit(1, {"a.py": CODE.replace("(0)", "(1)")})
    repository.git("checkout", "--quiet", "main")
    repository.commit(2, {"a.py": CODE.replace("(0)", "(2)")})
    with pytest.raises(subprocess.CalledProcessError):
        repository.git("rebase", "topic")
    found, said = flagged(".", "--diff", "topic")
    assert set(found) == {"a.py"}
    assert "is in the middle of a merge or rebase; the conflict markers of a.py" in said


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ((".", "--diff", "nowhere"), 3, "'nowhere' names no commit of"),
        ((".", "--diff", "HEAD~9"), 3, "'HEAD~9' names no commit of"),
        ((".", "--diff", "-x"), 2, "--diff: '-x' is no git revision"),
        ((".", "--diff", "--output=x"), 2, "--diff: '--output=x' is no git revision"),
        ((".", "--diff", ""), 2, "--diff: '' is no git revision"),
        (("-", "--diff", "HEAD"), 2, "--diff needs files"),
        (("../outside/x.py", "--diff", "HEAD"), 3, "--diff needs a git repository"),
        ((".", "--diff", "HEAD", "--write-baseline"), 2, "leave --diff out"),
    ],
)
def test_what_cannot_be_compared(check, repository, tmp_path, arguments, code, message):
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "x.py").write_text("x = 1\n")
    result = check(*arguments, cwd=repository.root)
    said = result.output if code == 2 else str(result.exception)
    assert message in said
    assert result.exit_code == (2 if code == 2 else 1)  # the command line makes 3 of it


def test_a_message_not_a_traceback(linewise, repository):
    result = linewise("check", ".", "--diff", "nowhere", cwd=repository.root)
    assert result.returncode == 3
    assert result.stdout == b""
    assert result.stderr.startswith(b"linewise: 'nowhere' names no commit of")
    assert result.stderr.count(b"\n") == 1


def test_without_git(linewise, repository, tmp_path):
    result = linewise("check", ".", "--diff", "HEAD", cwd=repository.root, PATH=str(tmp_path))
    assert result.returncode == 3
    assert b"git cannot be started; install it" in result.stderr


def test_a_shallow_clone(linewise, repository, tmp_path):
    repository.commit(1, {"a.py": CODE + "more = 1\n"})
    clone = tmp_path / "clone"
    source = f"file://{repository.root}"
    subprocess.run(["git", "clone", "--quiet", "--depth=1", source, str(clone)], check=True)
    result = linewise("check", ".", "--diff", "HEAD~1", cwd=clone)
    assert result.returncode == 3
    assert b"the clone is shallow: `git fetch --unshallow`" in result.stderr


def test_only_what_changed_is_read(flagged, repository, engine, monkeypatch):
    """Units without a changed line cost no pass, and fingerprints are those of a whole check."""
    model, passes = engine.model, []
    states = model.hidden_states
    monkeypatch.setattr(model, "hidden_states", lambda *given: passes.append(1) or states(*given))
    monkeypatch.setattr(Engine, "load", lambda name: Engine(model, engine.probe))
    same = "def f{0}(x):\n    return [x, {0}]\n\n\n"
    text = "".join(same.format(number) for number in range(20))
    repository.commit(1, {"many.py": text})
    repository.write("many.py", text.replace("[x, 7]", "[x, 77]"))
    assert flagged("many.py", "--diff", "HEAD") == ({"many.py": [30]}, "")
    assert len(passes) == 1
    flagged("many.py")
    assert len(passes) == 21


def test_what_changed_is_known_by_the_same_fingerprint(check, repository):
    text = "def f(x):\n" + "    x = x + 1\n" * 9
    repository.commit(1, {"same.py": text})
    repository.write("same.py", f"{text}    x = x + 1\n")

    def prints(*options):
        output = check("same.py", "-t", "0", "-f", "json", *options, cwd=repository.root).stdout
        return {
            each["line"]: each["fingerprint"] for each in json.loads(output)["files"][0]["lines"]
        }

    (line, known), *_ = prints("--diff", "HEAD").items()
    assert prints()[line] == known
    assert len(set(prints().values())) == 11
