"""Whether a store grows as the number of its units, and by how much for each."""

from __future__ import annotations

from typing import Any

from benchmarks.workspace.sample import Sample, grow, measured

SIZES = (2_500, 5_000, 10_000)
"""Units that the store is measured at, besides those that were scanned."""


def measure(sample: Sample) -> dict[str, Any]:
    """Return the rows of the store, and its bytes by number of units."""
    sizes = [*sample.sizes]
    for units in SIZES:
        grow(sample.root, units)
        sizes.append(measured(sample.root))
    scanned, (most, total) = sample.sizes[-1], sizes[-1]
    each = [size / units for units, size in sizes]
    return {
        "rows": {
            "store, for each unit with its rationale": {
                "value": round(total / most),
                "unit": "bytes",
                "budget": "linear in units",
            },
            "store, most over least for each unit": {
                "value": round(max(each) / min(each), 3),
                "unit": "×",
                "budget": "linear in units",
            },
        },
        "scanned": scanned[0],
        "units and bytes": [list(each) for each in sizes],
    }
