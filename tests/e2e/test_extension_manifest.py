"""The extension and the server agree on what both write down."""

from __future__ import annotations

import json
import re
import tomllib

import pytest
from attrs import fields
from machine import EXTENSION, ROOT

from linewise import __version__
from linewise.lsp import commands
from linewise.settings import Settings

MANIFEST = json.loads((EXTENSION / "package.json").read_text())
PROPERTIES = MANIFEST["contributes"]["configuration"]["properties"]


@pytest.mark.parametrize("attribute", fields(Settings), ids=lambda attribute: attribute.name)
def test_a_setting_has_the_same_name_and_default(attribute):
    head, *tail = attribute.name.split("_")
    name = "linewise." + head + "".join(word.capitalize() for word in tail)
    assert PROPERTIES[name]["default"] == attribute.default


def test_what_only_the_extension_reads_is_all_that_is_left():
    of_the_server = len(fields(Settings))
    assert len(PROPERTIES) - of_the_server == len({"interpreter", "trace.server"})


def test_the_version_is_the_same():
    assert MANIFEST["version"] == __version__


def test_the_commands_have_the_same_names():
    source = (EXTENSION / "src" / "protocol.ts").read_text()
    assert set(re.findall(r'"(linewise\.server\.\w+)"', source)) == {
        commands.LIST_MODELS,
        commands.QUERY_SPAN,
    }


def test_the_oldest_python_is_the_same():
    source = (EXTENSION / "src" / "interpreter.ts").read_text()
    major, minor = re.search(r"OLDEST\b.* = \[(\d+), (\d+)\]", source).groups()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["requires-python"] == f">={major}.{minor}"
