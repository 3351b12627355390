"""Whether a store grows as the number of its units, and by how much for each."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from benchmarks.workspace.sample import Sample, grow, measured

SIZES = (2_500, 5_000, 10_000)
"""Units that the store is measured at, besides those that were scanned."""


def measure(sample: Sample) -> dict[str, Any]:
    """Return the rows of the store, and its bytes by number of units."""
    sizes = []
    for units in SIZES:
        grow(sample.root, units)
        sizes.append(measured(sample.root))
    most, total = sizes[-1]
    # An empty store has its tables: what counts is by how much one more unit makes it grow.
    each = [
        (more_bytes - bytes_) / (more - units)
        for (units, bytes_), (more, more_bytes) in pairwise((sample.sizes[-1], *sizes))
    ]
    return {
        "rows": {
            "store, for each unit with its rationale": {
                "value": round(total / most),
                "unit": "bytes",
                "budget": "linear",
            },
            "store, most over least added by a unit": {
                "value": round(max(each) / min(each), 3),
                "unit": "×",
                "budget": "<= 1.1",
            },
        },
        "units and bytes as scanned": [list(each) for each in sample.sizes],
        "units and bytes as grown": [list(each) for each in sizes],
    }
