"""The settings in the server's documentation are those there are, with their defaults."""

import json
import re
from enum import StrEnum
from pathlib import Path

from attrs import fields

from linewise.lsp.server import LinewiseServer
from linewise.settings import Settings, camel

PAGE = (Path(__file__).parents[2] / "docs" / "lsp.md").read_text("utf-8")
ROWS = re.findall(r"^\| `linewise\.(\w+)` \| (.+?) \| (.+?) \|$", PAGE, re.MULTILINE)


def test_settings_are_those_there_are_with_their_defaults():
    documented = {name: default.strip("`") for name, default, _ in ROWS}
    assert documented == {camel(each.name): _shown(each.default) for each in fields(Settings)}
    assert all(said for _, _, said in ROWS)


def _shown(default):
    if isinstance(default, tuple):
        return json.dumps(default, separators=(",", ":"))
    return default if isinstance(default, StrEnum | str) else json.dumps(default)


def test_choices_are_named():
    rows = {name: said for name, _, said in ROWS}
    for each in fields(Settings):
        if isinstance(each.default, StrEnum):
            missing = [c for c in type(each.default) if f"`{c}`" not in rows[camel(each.name)]]
            assert missing == [], each.name


def test_commands_are_those_there_are():
    section = PAGE[PAGE.index("## Commands") : PAGE.index("## Notifications")]
    documented = re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)
    registered = LinewiseServer().protocol.fm.commands
    assert {f"linewise.server.{name}" for name in documented} == set(registered)
