"""Where figures are kept: ``benchmarks/results``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from linewise.lab.record import write_record

RESULTS = Path(__file__).parent / "results"


def write(name: str, command: str, figures: Mapping[str, Any]) -> Path:
    """Write ``benchmarks/results/NAME.json`` and return its path."""
    path = RESULTS / f"{name}.json"
    write_record(path, command, figures)
    return path
