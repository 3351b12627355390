"""Linewise in Neovim: a client that diagnostics are pushed to, unlike VS Code, which pulls them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys

import pytest
from machine import HERE, SENSITIVE, need

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def seen(risky_file, tmp_path_factory):
    """What Neovim saw during one visit to a file."""
    neovim = need("nvim", package="neovim")
    folder = tmp_path_factory.mktemp("neovim")
    command = [sys.executable, "-I", "-m", "linewise", "serve", "--stdio"]
    environment = {
        "LINEWISE_FILE": str(risky_file),
        "LINEWISE_COMMAND": json.dumps(command),
        "LINEWISE_SETTINGS": json.dumps({"linewise": SENSITIVE}),
        "LINEWISE_SEEN": str(folder / "seen.json"),
        "XDG_STATE_HOME": str(folder),
    }
    process = subprocess.run(
        [neovim, "--headless", "-u", "NONE", "-i", "NONE", "-n", "-S", HERE / "neovim.lua"],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    return json.loads((folder / "seen.json").read_text())


def test_diagnostics_are_pushed(seen):
    assert seen["diagnostics"]
    for diagnostic in seen["diagnostics"]:
        assert diagnostic["source"] == "linewise"
        assert diagnostic["code"] == "edit-risk"
        assert re.fullmatch(
            r"Edit probability \d+ % \(base rate \d+ %\)(: .+)?", diagnostic["message"]
        )


def test_hover_opens_a_window(seen):
    assert "edit probability" in seen["hover"].lower()
    assert "base rate" in seen["hover"].lower()


def test_any_span_can_be_asked_about(seen):
    span = seen["span"]
    assert 0 <= span["probability"] <= 1
    assert span["lines"] == [seen["diagnostics"][0]["line"]]
    assert span["tokens"] > 0
    assert span["message"]


def test_a_change_replaces_the_diagnostics(seen):
    assert seen["after_undo"] == len(seen["diagnostics"])
    assert seen["versions"] == sorted(seen["versions"])


def test_the_server_ends_well(seen):
    assert seen["exit_code"] == 0
