"""The table of docs/report.md from the committed results."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from benchmarks.markdown import origin, sought, table


def costs(record: Mapping[str, Any]) -> str:
    """Return the table of what statistics of a workspace cost."""
    body = [
        [name, f"{row['value']:,} {row['unit']}", sought(row["budget"])]
        for part in record["figures"].values()
        for name, row in part["rows"].items()
    ]
    return f"{origin(record)}\n\n{table(['', 'measured', 'budget'], body)}"
