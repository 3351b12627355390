"""The documentation's pages for editors: what is to be written into a file can be read."""

import json
import tomllib

import pytest
from machine import ROOT, documented

from linewise.settings import from_untrusted

PAGES = sorted((ROOT / "docs" / "editors").glob("*.md"))


def test_one_page_for_each_editor():
    names = {page.stem for page in PAGES}
    assert names == {"emacs", "helix", "jetbrains", "neovim", "sublime", "vscode", "zed"}


@pytest.mark.parametrize(
    ("editor", "kind"),
    [
        ("helix", "toml"),
        ("zed", "toml"),
        ("zed", "json"),
        ("sublime", "json"),
        ("jetbrains", "json"),
        ("vscode", "json"),
    ],
)
def test_configurations_can_be_read_and_their_settings_exist(editor, kind):
    (text,) = documented(editor, kind)
    found = (tomllib if kind == "toml" else json).loads(text)
    settings = dict(_settings(found))
    if (editor, kind) != ("zed", "toml"):
        assert settings
    assert from_untrusted(settings)[1] == ()
    changed = {name for name in settings if from_untrusted({name: object()})[1]}
    assert changed == set(settings)


def _settings(found):
    """Every setting in a configuration, below "linewise" or after "linewise."."""
    for name, value in found.items():
        if name == "linewise" and isinstance(value, dict) and "debounce" in value:
            yield from value.items()
        elif name.startswith("linewise."):
            yield name.removeprefix("linewise."), value
        elif isinstance(value, dict):
            yield from _settings(value)


def test_the_pages_are_linked():
    index = (ROOT / "docs" / "lsp.md").read_text("utf-8")
    for page in PAGES:
        assert f"](editors/{page.name})" in index
