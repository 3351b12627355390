"""Linewise in Neovim: a client that diagnostics are pushed to, unlike VS Code, which pulls them."""

from __future__ import annotations

import re

import pytest
from machine import HERE, SENSITIVE, documented, need, visit

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def seen(risky_file, tmp_path_factory):
    """What Neovim saw during one visit to a file, set up as the documentation says."""
    neovim = need("nvim", package="neovim")
    folder = tmp_path_factory.mktemp("neovim")
    (configuration,) = documented("neovim", "lua")
    (folder / "init.lua").write_text(configuration)
    scripts = "-u", folder / "init.lua", "-S", HERE / "neovim.lua"
    command = [neovim, "--headless", "-i", "NONE", "-n", *scripts]
    return visit(command, risky_file, folder, XDG_STATE_HOME=str(folder))


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
