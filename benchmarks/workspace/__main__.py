"""Measure the budgets of workspaces: ``python -m benchmarks.workspace``."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.report import write
from benchmarks.workspace import reporting, scanning, storing
from benchmarks.workspace.sample import scanned

COMMAND = "python -m benchmarks.workspace"


def main() -> None:
    """Measure scans, then a sample's store while it grows, and reports of it at its largest."""
    with TemporaryDirectory() as folder, scanned(Path(folder)) as sample:
        figures = {
            "scan": scanning.measure(sample),
            "store": storing.measure(sample),
            "report": reporting.measure(sample),
        }
    write("workspace", COMMAND, figures)
    print(json.dumps(figures, indent=2))


main()
