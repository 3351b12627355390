"""Linewise in Emacs with Eglot."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from machine import HERE, SENSITIVE, as_installed, documented, need, visit

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def seen(risky_file, tmp_path_factory):
    """What Emacs saw during one visit to a file, set up as the documentation says."""
    emacs = need("emacs", package="emacs-nox elpa-eglot")
    folder = tmp_path_factory.mktemp("emacs")
    (configuration,) = documented("emacs", "elisp")
    (folder / "init.el").write_text(configuration)
    scripts = "--load", folder / "init.el", "--load", HERE / "emacs.el"
    cache = as_installed().get("XDG_CACHE_HOME", str(Path.home() / ".cache"))
    return visit(
        [emacs, "--batch", "--funcall", "package-initialize", *scripts],
        risky_file,
        folder,
        HOME=str(folder),
        XDG_CACHE_HOME=cache,
    )


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
