"""Where things are, and what a machine must have."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
EXTENSION = ROOT / "vscode-extension"

# These tests are of editors: some lines are underlined, whatever the probe makes of the file.
SENSITIVE = {"threshold": 0, "severityMedium": "information", "maxFindingsPerFile": 5}


def language_servers(below: Path) -> list[int]:
    """Return the ids of the Linewise servers that run in a folder below this one."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            arguments = (process / "cmdline").read_bytes().split(b"\0")
            here = (process / "cwd").readlink().is_relative_to(below)
        except OSError:  # it ended, or belongs to somebody else
            continue
        if here and arguments[-4:-1] == [b"linewise", b"serve", b"--stdio"]:
            found.append(int(process.name))
    return found


def need(*programs: str, package: str) -> str:
    """Return the path of the first program that is there; fail with what would install it."""
    for program in programs:
        if path := shutil.which(program):
            return path
    pytest.fail(f"{programs[0]} is missing: apt-get install --no-install-recommends {package}")
