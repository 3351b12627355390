"""The table of docs/report.md from the committed results."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from benchmarks.markdown import origin, table


def costs(record: Mapping[str, Any]) -> str:
    """Return the table of what statistics of a workspace cost."""
    body = [
        [name, f"{row['value']:,} {row['unit']}", row["budget"].replace("<=", "≤")]
        for part in record["figures"].values()
        for name, row in part["rows"].items()
    ]
    body = [[cell.replace(">=", "≥") for cell in row] for row in body]
    return f"{origin(record)}\n\n{table(['', 'measured', 'budget'], body)}"
