"""Linewise in Neovim: a client that diagnostics are pushed to, unlike VS Code, which pulls them."""

from __future__ import annotations

import json
import re
import subprocess

import pytest
from machine import HERE, SENSITIVE, as_installed, documented, need, project_of

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def seen(risky_file, tmp_path_factory):
    """What Neovim saw during one visit to a file, set up as the documentation says."""
    neovim = need("nvim", package="neovim")
    folder = tmp_path_factory.mktemp("neovim")
    (risky_file.parent / ".linewise.toml").write_text(project_of(SENSITIVE))
    (configuration,) = documented("neovim", "lua")
    (folder / "init.lua").write_text(configuration)
    environment = {
        "LINEWISE_FILE": str(risky_file),
        "LINEWISE_SEEN": str(folder / "seen.json"),
        "XDG_STATE_HOME": str(folder),
    }
    scripts = "-u", folder / "init.lua", "-S", HERE / "neovim.lua"
    process = subprocess.run(
        [neovim, "--headless", "-i", "NONE", "-n", *scripts],
        env=as_installed() | environment,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    return json.loads((folder / "seen.json").read_text())


def test_diagnostics_are_pushed(seen):
    assert len(seen["diagnostics"]) == SENSITIVE["maxFindingsPerFile"]
    for diagnostic in seen["diagnostics"]:
        assert diagnostic["source"] == "linewise"
        assert diagnostic["code"] == "edit-risk"
        assert re.fullmatch(
            r"Edit probability \d+ % \(base rate \d+ %\)(: .+)?", diagnostic["message"]
        )


def test_hover_opens_a_window(seen):
    assert "edit probability" in seen["hover"].lower()
    assert "base rate" in seen["hover"].lower()


def test_progress_of_loading_is_shown(seen):
    begin, end = seen["progress"][:2]
    assert begin["title"].startswith("Linewise: loading ")
    assert (begin["kind"], end["kind"]) == ("begin", "end")


def test_a_code_action_writes_the_comment_and_the_line_is_left_alone(seen):
    assert "Linewise: mark this line as reviewed" in seen["actions"]
    assert seen["after"] == f"{seen['before']}  # linewise: ignore"


def test_any_span_can_be_asked_about(seen):
    span = seen["span"]
    assert 0 <= span["probability"] <= 1
    assert span["lines"] == [seen["diagnostics"][0]["line"]]
    assert span["tokens"] > 0
    assert span["message"]


def test_a_change_replaces_the_diagnostics(seen):
    assert seen["after_undo"] == len(seen["diagnostics"])
    assert seen["versions"] == sorted(seen["versions"])
