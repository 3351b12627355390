"""What git answers, refuses and leaves out, as whoever runs the command line learns of it."""

import json
import subprocess

import pytest
from git_repository import Repository

from linewise.workspace import git

FLAGGED = "y = [1]\nprint(y[undefq])\n"


@pytest.fixture
def repository(tmp_path):
    made = Repository(tmp_path / "repository")
    made.commit(0, {"a.py": "a = 1\n", ".gitignore": "build/\n", "far/n.py": "b = 1\n"})
    made.write("build/gen.py", FLAGGED)
    return made


@pytest.fixture
def report(check):
    def run(*arguments, cwd):
        result = check(*arguments, "-f", "json", cwd=cwd)
        assert result.exit_code == 0, result.output
        told = json.loads(result.stdout)
        left_out = {each["kind"]: sorted(each["names"]) for each in told["omissions"]}
        assert ("linewise: " in result.stderr) == bool(left_out)
        return sorted(each["path"] for each in told["files"]), left_out, result.stderr

    return run


def test_a_folder_whose_git_names_a_bare_repository(report, check, repository, tmp_path):
    place = tmp_path / "container"
    repository.git("clone", "--quiet", "--bare", ".", str(place / ".bare"))
    (place / ".git").write_text("gitdir: ./.bare\n")
    (place / "m.py").write_text(FLAGGED)
    (place / ".bare" / "hooks" / "h.py").write_text(FLAGGED)
    assert report(".", cwd=place) == (["m.py"], {}, "")
    assert report("hooks", cwd=place / ".bare") == (["hooks/h.py"], {}, "")
    failed = check(".", "--diff", "HEAD", cwd=place)
    assert "--diff needs a git work tree" in str(failed.exception)


def test_inside_of_git_and_a_checkout_that_says_it_is_bare(report, repository):
    repository.write(".git/hooks/h.py", FLAGGED)
    assert report(".git/hooks", cwd=repository.root) == ([".git/hooks/h.py"], {}, "")
    repository.git("config", "core.bare", "true")
    found, left_out, _ = report(".", cwd=repository.root)
    assert (found, left_out) == (["a.py", "build/gen.py", "far/n.py"], {})


@pytest.mark.parametrize("damage", ["nowhere", "config", "HEAD"])
def test_a_repository_that_git_does_not_read(report, check, repository, damage):
    if damage == "nowhere":
        (repository.root / ".git").rename(repository.root / "git")
        repository.write(".git", "gitdir: ../nowhere\n")
    else:
        repository.write(f".git/{damage}", "[nonsense\n")
    found, left_out, said = report(".", cwd=repository.root)
    assert {"a.py", "build/gen.py"} <= set(found)
    assert left_out == {"git": ["."]}
    assert "what git ignores is read too" in said
    assert "(fatal: " in said
    failed = str(check(".", "--diff", "HEAD", cwd=repository.root).exception)
    assert "fatal: " in failed
    assert "git tag" not in failed


def test_somebody_elses_repository(report, check, repository, monkeypatch):
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    found, left_out, said = report(".", cwd=repository.root)
    assert (found, left_out) == (["a.py", "build/gen.py", "far/n.py"], {"git": ["."]})
    assert "fatal: detected dubious ownership in repository" in said
    todo = f"`git config --global --add safe.directory {repository.root}`"
    assert todo in said
    failed = str(check(".", "--diff", "HEAD", cwd=repository.root).exception)
    assert "dubious ownership" in failed
    assert todo in failed
    assert "names no commit" not in failed


@pytest.mark.parametrize("way", ["file", "pairs", "parameters"])
def test_whom_this_machine_trusts(report, repository, monkeypatch, tmp_path, way):
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    repository.write("a.py", "a = 2\n")
    if way == "file":
        (tmp_path / "settings").write_text("[safe]\n\tdirectory = *\n")
        given = {"GIT_CONFIG_GLOBAL": str(tmp_path / "settings")}
    elif way == "pairs":
        pairs = [("core.bare", "true"), ("safe.directory", "*")]
        given = {"GIT_CONFIG_COUNT": "2"}
        for number, (key, value) in enumerate(pairs):
            given |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    else:
        given = {"GIT_CONFIG_PARAMETERS": "'core.bare'='true' 'safe.directory'='*'"}
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    found, left_out, _ = report(".", "--diff", "HEAD", cwd=repository.root)
    assert (found, left_out) == (["a.py"], {})


def test_what_points_git_elsewhere_is_what_git_says_it_is():
    named = subprocess.run(
        ["git", "rev-parse", "--local-env-vars"], capture_output=True, check=True, text=True
    )
    assert set(named.stdout.split()) <= git.OF_A_REPOSITORY


def test_without_git(report, repository, monkeypatch):
    monkeypatch.setenv("PATH", "")
    found, left_out, said = report(".", cwd=repository.root)
    assert (found, left_out) == (["a.py", "build/gen.py", "far/n.py"], {"git": ["."]})
    assert "git cannot be started; install it" in said


def test_what_of_a_folder_is_left_out(report, repository, tmp_path):
    other = Repository(tmp_path / "other")
    other.commit(0, {"x.py": "x = 1\n"})
    add = ("-c", "protocol.file.allow=always", "submodule", "add", "--quiet")
    repository.git(*add, str(other.root), "lib")
    repository.commit(1)
    Repository(repository.root / "inner").write("x.py", FLAGGED)
    repository.git("sparse-checkout", "init", "--cone")
    (repository.root / "linked").symlink_to(other.root)
    (repository.root / "link.py").symlink_to(other.root / "x.py")
    (repository.root / "same.py").symlink_to("a.py")
    (repository.root / "broken.py").symlink_to("nowhere")
    expected = {
        "submodule": ["lib"],
        "nested-repository": ["inner"],
        "sparse-checkout": ["far/n.py"],
        "link": ["link.py", "linked"],
    }
    assert report(".", cwd=repository.root)[:2] == (["a.py"], expected)
    above = report("repository", cwd=tmp_path)[1]
    assert above["submodule"] == ["repository/lib"]
    named = report(".", "lib", "inner", "linked", "link.py", cwd=repository.root)
    assert named[1] == {"sparse-checkout": ["far/n.py"]}
    assert "inner/x.py" in named[0]
    repository.git("submodule", "deinit", "--quiet", "--force", "lib")
    assert report(".", cwd=repository.root)[1]["submodule"] == ["lib"]
    repository.write(".linewise.toml", 'exclude = ["lib/", "inner/", "far/", "link*"]\n')
    assert report(".", cwd=repository.root)[:2] == (["a.py"], {})


def test_files_that_are_left_out_by_hand(report, repository):
    repository.git("update-index", "--skip-worktree", "far/n.py", "a.py")
    (repository.root / "far" / "n.py").unlink()
    assert report(".", cwd=repository.root)[:2] == (["a.py"], {"sparse-checkout": ["far/n.py"]})
