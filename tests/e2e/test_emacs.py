"""Linewise in Emacs with Eglot."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest
from machine import HERE, SENSITIVE, as_installed, documented, need, project_of

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def seen(risky_file, tmp_path_factory):
    """What Emacs saw during one visit to a file, set up as the documentation says."""
    emacs = need("emacs", package="emacs-nox elpa-eglot")
    folder = tmp_path_factory.mktemp("emacs")
    (risky_file.parent / ".linewise.toml").write_text(project_of(SENSITIVE))
    (configuration,) = documented("emacs", "elisp")
    (folder / "init.el").write_text(configuration)
    environment = {
        "LINEWISE_FILE": str(risky_file),
        "LINEWISE_SEEN": str(folder / "seen.json"),
        "HOME": str(folder),
        "XDG_CACHE_HOME": as_installed().get("XDG_CACHE_HOME", str(Path.home() / ".cache")),
    }
    scripts = "--load", folder / "init.el", "--load", HERE / "emacs.el"
    process = subprocess.run(
        [emacs, "--batch", "--funcall", "package-initialize", *scripts],
        env=as_installed() | environment,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    return json.loads((folder / "seen.json").read_text())


def test_flymake_shows_the_diagnostics(seen):
    assert len(seen["diagnostics"]) == SENSITIVE["maxFindingsPerFile"]
    for text in seen["diagnostics"]:
        assert re.search(r"Edit probability \d+ % \(base rate \d+ %\)", text)


def test_eldoc_shows_the_hover(seen):
    assert "times the base rate" in seen["hover"]


def test_a_code_action_writes_the_comment(seen):
    assert "Linewise: mark this line as reviewed" in seen["actions"]
    assert seen["after"] == seen["before"].replace("\n", "  # linewise: ignore\n")


def test_the_server_ends_with_the_session(seen):
    assert seen["alive"] is False
