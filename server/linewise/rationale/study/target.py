"""What a study is about; imported by the command line before anything else is."""

from __future__ import annotations

from enum import StrEnum


class Target(StrEnum):
    """What is explained: why a line is at risk, or what predicts a token."""

    EDIT = "edit"
    NEXT_TOKEN = "next-token"  # noqa: S105 - a token of code
