"""The pre-commit hooks, tried in a repository of their own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from command_line import ROOT
from git_repository import Repository

HOOKS = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
CODE = "".join(f"value_{number} = compute({number})\n" for number in range(6))
PRE_COMMIT = Path(sys.executable).with_name("pre-commit")


@pytest.fixture
def attempt(environment, tmp_path):
    """Let pre-commit install the hooks of a revision of ours and commit; return what came of it."""
    hooks = Repository(tmp_path / "hooks")
    hooks.commit(
        0, {".pre-commit-hooks.yaml": (ROOT / ".pre-commit-hooks.yaml").read_text("utf-8")}
    )
    revision = hooks.git("rev-parse", "HEAD").decode().strip()
    variables = {
        "PRE_COMMIT_HOME": str(tmp_path / "home"),
        "PATH": f"{Path(sys.executable).parent}:{environment['PATH']}",
        "GIT_CONFIG_GLOBAL": os.devnull,
        **{
            f"GIT_{who}_{what}": "a@b"
            for who in ("AUTHOR", "COMMITTER")
            for what in ("NAME", "EMAIL")
        },
    }

    def commit(repository, **hook):
        config = {"repos": [{"repo": str(hooks.root), "rev": revision, "hooks": [hook]}]}
        repository.write(".pre-commit-config.yaml", yaml.safe_dump(config))
        repository.git("add", "--all")
        for command in ([PRE_COMMIT, "install"], ["git", "commit", "-m", "x"]):
            done = subprocess.run(
                command,
                cwd=repository.root,
                env=environment | variables,
                capture_output=True,
                text=True,
                check=False,
            )
        return done

    return commit


def test_the_first_commit_and_the_next(attempt, tmp_path):
    repository = Repository(tmp_path / "repository")
    repository.write("a.py", CODE)
    args = ["--diff", "HEAD", "--threshold", "0", "--fail-above"]
    refused = attempt(repository, id="linewise-system", args=[*args, "0"])
    assert refused.returncode == 1
    assert "Failed: 6 lines at <1 % or more" in refused.stdout + refused.stderr
    assert attempt(repository, id="linewise-system", args=[*args, "1"]).returncode == 0

    repository.write("a.py", CODE.replace("(3)", "(33)"))
    refused = attempt(repository, id="linewise-system", args=[*args, "0"])
    assert "Failed: 1 line at <1 % or more" in refused.stdout + refused.stderr
    # What is not staged is neither read nor lost.
    assert "a.py" in repository.git("diff", "--cached", "--name-only").decode()


def test_the_arguments_of_all_hooks_are_understood(linewise, tmp_path):
    repository = Repository(tmp_path / "repository")
    repository.write("a.py", "x = 1\n")
    for hook in HOOKS[:2]:
        command = [*hook["entry"].split()[1:], *hook["args"], "a.py"]
        assert linewise(*command, cwd=repository.root).returncode == 0
    program, *words = HOOKS[2]["entry"].split()
    assert program == "linewise"
    assert linewise(*words, "--help").returncode == 0
