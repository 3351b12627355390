"""The words that options take."""

from __future__ import annotations

from enum import StrEnum


class Format(StrEnum):
    """What to print."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"
    GITHUB = "github"


class Color(StrEnum):
    """When to color the text format."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"
