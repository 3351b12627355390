"""Measure every budget and write benchmarks/results/budgets.json."""

from __future__ import annotations

import json

from benchmarks import editing, scoring, serving
from benchmarks.report import write


def main() -> None:
    """Run the benchmarks; the server's first, while this process is still small."""
    figures = {
        "serving": serving.measure(),
        "editing": editing.measure(),
        "scoring": scoring.measure(),
    }
    write("budgets", "python -m benchmarks", figures)
    print(json.dumps(figures, indent=2))


main()
