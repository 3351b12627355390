"""Figures as Markdown: tables, intervals, and where a record comes from."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

Interval = Sequence[float]


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table of cells."""
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def sought(budget: str) -> str:
    """Return a budget as it is written for people: ``<= 2 s`` as ≤ 2 s."""
    return budget.replace("<=", "≤").replace(">=", "≥")


def number(value: float) -> str:
    """Return a number with three decimals, without the zero before them."""
    # Only a leading zero: that of 10.5 is a digit.
    return re.sub(r"^(-?)0\.", r"\1.", f"{value:.3f}")


def interval(values: Interval) -> str:
    """Return a figure with its interval."""
    value, low, high = map(number, values)
    return f"{value} ({low} to {high})"


def origin(record: Mapping[str, Any]) -> str:
    """Return when, by which command and on what a record was measured."""
    machine = record["machine"]
    return (
        f"Measured {record['date']} by `{record['command']}` on {machine['cores']} cores of "
        f"{machine['processor']}."
    )
