"""How long a report takes, as a process of its own, over ten thousand units."""

from __future__ import annotations

from statistics import median
from typing import Any

from benchmarks.measure import seconds
from benchmarks.workspace.sample import Sample, grow, linewise, measured

UNITS = 10_000
TIMES = 5


def measure(sample: Sample) -> dict[str, Any]:
    """Return the rows of reports."""
    grow(sample.root, UNITS)

    def report(*options: str) -> float:
        page = sample.root.parent / "report"
        return seconds(lambda: linewise("report", sample.root, "--output", page, *options))

    first = report()
    times = {form: [report("--format", form) for _ in range(TIMES)] for form in ("html", "json")}
    units, _ = measured(sample.root)
    rows = {"report, the first after a scan": [first]}
    rows |= {f"report as {form}, median": each for form, each in times.items()}
    return {
        "rows": {
            name: {"value": round(median(each), 2), "unit": "s", "budget": "<= 3 s"}
            for name, each in rows.items()
        },
        "units": units,
        "seconds": {form: [round(each, 3) for each in found] for form, found in times.items()},
    }
