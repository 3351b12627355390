"""From named paths to files: as git sees them, and without it."""

import os
import subprocess
from pathlib import Path

import pytest

from linewise.commands.paths import displayed, python_files

TREE = [
    "b.py",
    "a.py",
    "notes.txt",
    "stub.pyi",
    "pkg/deep/c.py",
    "pkg/é ü.py",
    ".hidden/d.py",
    "__pycache__/e.py",
    "node_modules/x/f.py",
    "env/pyvenv.cfg",
    "env/lib/g.py",
    "env/lib/site-packages/h.py",
    "ignored/i.py",
]


@pytest.fixture
def tree(tmp_path, monkeypatch):
    root = tmp_path / "work"
    for name in TREE:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x = 1\n")
    (root / "pkg" / "link.py").symlink_to(root / "a.py")
    (root / "pkg" / "loop").symlink_to(root, target_is_directory=True)
    monkeypatch.chdir(root)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    return root


def git(*arguments):
    subprocess.run(["git", *arguments], check=True, capture_output=True)


@pytest.fixture
def checkout(tree):
    git("init", "--quiet")
    Path(".gitignore").write_text("/ignored/\n/env/\n")
    git("add", "a.py", ".hidden")
    return tree


def names(*paths):
    return [displayed(path) for path in python_files([Path(path) for path in paths])]


def test_a_folder_without_git(tree):
    assert names(".") == ["a.py", "b.py", "ignored/i.py", "pkg/deep/c.py", "pkg/é ü.py"]


def test_a_checkout_follows_git(checkout):
    assert names(".") == [".hidden/d.py", "a.py", "b.py", "pkg/deep/c.py", "pkg/é ü.py"]
    assert names("pkg") == ["pkg/deep/c.py", "pkg/é ü.py"]


def test_a_tracked_file_that_was_deleted_is_not_listed(checkout):
    Path("a.py").unlink()
    assert "a.py" not in names(".")


def test_an_ignored_folder_that_is_named_is_walked(checkout):
    assert names("ignored") == ["ignored/i.py"]


def test_without_the_git_command(checkout, monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert names(".") == ["a.py", "b.py", "ignored/i.py", "pkg/deep/c.py", "pkg/é ü.py"]


def test_a_checkout_cannot_make_git_run_a_program(checkout):
    trap = checkout / "trap.sh"
    trap.write_text("#!/bin/sh\ntouch sprung\n")
    trap.chmod(0o755)
    git("config", "core.fsmonitor", str(trap))
    assert "a.py" in names(".")
    assert not (checkout / "sprung").exists()


def test_named_files_need_no_suffix_and_come_once(tree):
    assert names("notes.txt", "a.py", ".", "a.py", str(tree / "a.py"))[:3] == [
        "notes.txt",
        "a.py",
        "b.py",
    ]
    assert names("pkg/link.py") == ["pkg/link.py"]


def test_standard_input():
    assert names("-") == ["<stdin>"]


def test_an_unlistable_folder_is_kept_to_be_reported(tree, monkeypatch):
    real = os.scandir

    def scandir(path):
        if Path(path).name == "deep":
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    # Tests may run as root, whom no permission bit stops.
    monkeypatch.setattr(os, "scandir", scandir)
    assert names("pkg") == ["pkg/deep", "pkg/é ü.py"]


def test_paths_are_shown_as_named(tree, tmp_path):
    assert displayed(tree / "a.py") == "a.py"
    assert displayed(Path("../work/a.py")) == "../work/a.py"
    assert displayed(tmp_path / "other.py") == (tmp_path / "other.py").as_posix()
