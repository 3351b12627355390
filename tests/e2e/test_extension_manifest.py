"""The extension and the server agree on what both write down."""

from __future__ import annotations

import json
import re
import tomllib
from enum import StrEnum
from typing import get_type_hints

import pytest
from attrs import fields
from machine import EXTENSION, ROOT

from linewise import __version__
from linewise.lsp import annotations, code_actions
from linewise.lsp.server import LinewiseServer
from linewise.settings import Settings, camel

MANIFEST = json.loads((EXTENSION / "package.json").read_text())
PROPERTIES = MANIFEST["contributes"]["configuration"]["properties"]


@pytest.mark.parametrize("attribute", fields(Settings), ids=lambda attribute: attribute.name)
def test_a_setting_has_the_same_name_and_default(attribute):
    default = attribute.default
    written = list(default) if isinstance(default, tuple) else default
    assert PROPERTIES[f"linewise.{camel(attribute.name)}"]["default"] == written


@pytest.mark.parametrize("attribute", fields(Settings), ids=lambda attribute: attribute.name)
def test_a_setting_has_the_same_choices(attribute):
    kind = get_type_hints(Settings)[attribute.name]
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        assert PROPERTIES[f"linewise.{camel(attribute.name)}"]["enum"] == [*kind]


def test_what_only_the_extension_reads_is_all_that_is_left():
    of_the_server = {f"linewise.{camel(each.name)}" for each in fields(Settings)}
    own = {"linewise.interpreter", "linewise.heatMap", "linewise.trace.server"}
    assert set(PROPERTIES) - of_the_server == own


def test_the_version_is_the_same():
    assert MANIFEST["version"] == __version__


def test_the_server_has_the_commands_that_the_extension_asks_for():
    source = (EXTENSION / "src" / "protocol.ts").read_text()
    asked_for = set(re.findall(r'"(linewise\.server\.\w+)"', source))
    assert asked_for
    assert asked_for <= set(LinewiseServer().protocol.fm.commands)


def test_the_extension_has_the_commands_that_code_actions_refer_to():
    named = {code_actions.SHOW_EXPLANATION, code_actions.SHOW_WHAT_IF, code_actions.COPY}
    offered = (EXTENSION / "src" / "client.ts").read_text()
    declared = {each["command"] for each in MANIFEST["contributes"]["commands"]}
    assert named <= declared
    assert named == set(re.findall(r'"(linewise\.\w+)",', offered))


def test_the_extension_declares_the_semantic_tokens_of_the_server():
    contributes = MANIFEST["contributes"]
    types = [each["id"] for each in contributes["semanticTokenTypes"]]
    modifiers = [each["id"] for each in contributes["semanticTokenModifiers"]]
    assert types == list(annotations.LEGEND.token_types)
    assert modifiers == list(annotations.LEGEND.token_modifiers)


def test_the_oldest_python_is_the_same():
    source = (EXTENSION / "src" / "interpreter.ts").read_text()
    major, minor = re.search(r"OLDEST\b.* = \[(\d+), (\d+)\]", source).groups()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["requires-python"] == f">={major}.{minor}"
