"""Where things are, and what a machine must have."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
EXTENSION = ROOT / "vscode-extension"

# These tests are of editors: some lines are underlined, whatever the probe makes of the file.
SENSITIVE = {
    "threshold": 0,
    "severityMedium": "information",
    "maxFindingsPerFile": 5,
    "backgroundScan": False,
}

MOST_ACTIVATION_MS = 150


def project_of(editor_settings: dict[str, object]) -> str:
    """Return the `.linewise.toml` that says what an editor's settings say."""
    lines = (
        f"{re.sub('[A-Z]', lambda found: '-' + found[0].lower(), name)} = {json.dumps(value)}\n"
        for name, value in editor_settings.items()
    )
    return "".join(lines)


def documented(editor: str, language: str) -> list[str]:
    """Return the configurations that an editor's page of the documentation tells to write."""
    page = (ROOT / "docs" / "editors" / f"{editor}.md").read_text("utf-8")
    found = re.findall(rf"^```{language}\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    assert found, (editor, language)
    return found


def as_installed() -> dict[str, str]:
    """Return the environment in which `linewise` is on the path, as its user has it."""
    here = str(Path(sys.executable).parent)
    return os.environ | {"PATH": os.pathsep.join((here, os.environ["PATH"]))}


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


def visit(
    command: Sequence[str | Path], file: Path, folder: Path, **environment: str
) -> dict[str, Any]:
    """Let an editor visit a file and return what its script wrote of it; ``folder`` is its own."""
    (file.parent / ".linewise.toml").write_text(project_of(SENSITIVE))
    told = {"LINEWISE_FILE": str(file), "LINEWISE_SEEN": str(folder / "seen.json")}
    process = subprocess.run(
        command,
        env=as_installed() | told | environment,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    return json.loads((folder / "seen.json").read_text())
