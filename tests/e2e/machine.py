"""Where things are, and what a machine must have."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
EXTENSION = ROOT / "vscode-extension"

# These tests are of editors: some lines are underlined, whatever the probe makes of the file.
SENSITIVE = {"threshold": 0, "maxFindingsPerFile": 5}


def need(*programs: str, package: str) -> str:
    """Return the path of the first program that is there; fail with what would install it."""
    for program in programs:
        if path := shutil.which(program):
            return path
    pytest.fail(f"{programs[0]} is missing: apt-get install --no-install-recommends {package}")
