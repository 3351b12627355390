"""The words that options take."""

from __future__ import annotations

from enum import StrEnum


class Format(StrEnum):
    """What to print."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"
    GITHUB = "github"
    GITLAB = "gitlab"
    JUNIT = "junit"


class BaselineMode(StrEnum):
    """What becomes of a baseline whose findings are partly gone."""

    AUTO = "auto"
    LOCK = "lock"
    DISCARD = "discard"


class Color(StrEnum):
    """When to color the text format."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


class Engine(StrEnum):
    """Where a corpus is read."""

    LOCAL = "local"
    RAY = "ray"


class ComparisonFormat(StrEnum):
    """What a comparison of models is printed as."""

    TEXT = "text"
    MD = "md"
    JSON = "json"
