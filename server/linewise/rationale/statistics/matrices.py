"""Whether what targets of each category rest on differs between two tallies, and where."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from attrs import evolve, frozen

from linewise.rationale.statistics.aggregators import Floats
from linewise.rationale.statistics.counts import Cells
from linewise.rationale.statistics.divergence import Divergence, compare, discovery_rates
from linewise.rationale.statistics.tally import CLUSTERS, Tally


@frozen
class TargetDifference:
    """How the rationales of one category of targets differ, over ``pairs`` pairs in each tally.

    In ``divergence``, q is the false discovery rate over the cells of the whole matrix.
    """

    target: str
    pairs: tuple[int, int]
    divergence: Divergence


def compare_targets(a: Tally, b: Tally, *, least: int = 1) -> tuple[TargetDifference, ...]:
    """Compare two tallies of one schema, target category by target category.

    Of categories with fewer than ``least`` pairs in either, nothing is said.
    """
    one, other = _pairs(a), _pairs(b)
    found = []
    for number, name in enumerate(a.schema.categories):
        rows = one[:, number], other[:, number]
        counts = int(rows[0].sum()), int(rows[1].sum())
        if min(counts) >= least:
            divergence = compare(*rows, a.schema.categories)
            found.append(TargetDifference(name, counts, divergence))
    return _discovered(found)


def _pairs(tally: Tally) -> Floats:
    """Return the pairs by cluster, target and rationale (CLUSTERS, K, K)."""
    count = len(tally.schema.categories)
    found = np.zeros((CLUSTERS, count, count))
    found[tally.occupied] = tally.rows(Cells.PAIRS)
    return found


def _discovered(found: Sequence[TargetDifference]) -> tuple[TargetDifference, ...]:
    if not found:
        return ()
    cells = np.array([each.p for row in found for each in row.divergence.categories])
    rates = iter(discovery_rates(cells).tolist())
    return tuple(
        evolve(
            row,
            divergence=evolve(
                row.divergence,
                categories=tuple(evolve(each, q=next(rates)) for each in row.divergence.categories),
            ),
        )
        for row in found
    )
