"""Figures as JSON files that say when, where and by what command they were made."""

from __future__ import annotations

import json
import os
import platform
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any


def write_record(path: Path, command: str, figures: Mapping[str, Any]) -> None:
    """Write figures with date, machine and command.

    Raises
    ------
    ValueError
        If a figure is not finite: JSON has no such number.
    """
    record = {
        "date": datetime.now(UTC).date().isoformat(),
        "command": command,
        "machine": machine(),
        "figures": figures,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(record, indent=1, ensure_ascii=False, allow_nan=False)
    # An interval on one line: thousands of them are read by people, too.
    text = re.sub(r"\[\s+([^][{}]*?)\s+\]", lambda found: f"[{' '.join(found[1].split())}]", text)
    path.write_text(text + "\n", "utf-8")


def machine() -> dict[str, str | int | None]:
    """Return what a reader needs to place the figures."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "onnxruntime": version("onnxruntime-gpu"),
        "torch": version("torch"),
        "transformers": version("transformers"),
    }


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text("utf-8").splitlines() if info.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()
