"""What the rationales of a workspace say: what is relied on, beyond what is merely there.

Every figure stands beside that of random rationales drawn from the same contexts: a category that
is common in code is common in rationales, and only the difference says anything of the model.
"""

from __future__ import annotations

from collections.abc import Mapping

from attrs import field, frozen

from linewise.lab.evaluate.bootstrap import Interval
from linewise.rationale.statistics.counts import Cells
from linewise.rationale.statistics.divergence import (
    CategoryDifference,
    Divergence,
    aligned,
    compare,
)
from linewise.rationale.statistics.entropy import EntropyReduction, entropy_reduction
from linewise.rationale.statistics.tables import Amount, Matrix, category_table, matrix
from linewise.rationale.taxonomy.profiles import UNKNOWN, Profile, taxonomy
from linewise.workspace.scan.records import Method
from linewise.workspace.scan.totals import Totals

LEAST_UNITS = 20
"""A folder with fewer explained units is not compared with the others."""
MOST_FOLDERS = 24
"""Compared are those with most units: each comparison costs thousands of random sign flips."""


@frozen
class Reliance:
    """A category of rationale tokens.

    ``share`` (0 to 1) is its part of the rationales' tokens, ``weight_share`` of their weight;
    ``chance`` its part of random rationales from the same contexts, and ``beyond`` the difference
    with its false discovery rate. ``mean`` and ``median`` are of the signed weights.
    """

    category: str
    group: str
    tokens: int
    share: Interval
    chance: float
    beyond: CategoryDifference
    weight_share: Interval
    mean: Interval
    median: Interval


@frozen
class FolderDifference:
    """A folder's rationales against those of all others."""

    folder: str
    units: int
    divergence: Divergence


@frozen(eq=False)
class RationaleStatistics:
    """All of it, of ``units`` units and ``targets`` targets; categories by descending share.

    ``from_chance`` is how far the rationales are from random ones. ``entropy`` is None if all
    tokens are of one category.
    """

    method: Method
    units: int
    targets: int
    categories: tuple[Reliance, ...]
    from_chance: Divergence
    matrix: Matrix = field(repr=False)
    entropy: EntropyReduction
    folders: tuple[FolderDifference, ...]


def rationale_statistics(
    method: Method, by_folder: Mapping[str, Totals]
) -> RationaleStatistics | None:
    """Return what the totals of folders say; None if they hold no rationale."""
    whole = Totals.empty(method.schema)
    for each in by_folder.values():
        whole = whole.merge(each)
    units = units_of(whole)
    if not whole.sums.cells[Cells.PAIRS].nnz:
        return None
    own, chance = aligned(whole.sums, Amount.COUNT), aligned(whole.control, Amount.COUNT)
    from_chance = compare(own, chance, method.schema.categories)
    beyond = {each.category: each for each in from_chance.categories}
    group = taxonomy(Profile.COMPLETE, "python").group
    found = [
        Reliance(
            row.category,
            group.get(row.category, UNKNOWN),
            row.count,
            row.count_share,
            beyond[row.category].b,
            beyond[row.category],
            row.weight_share,
            row.mean,
            row.median,
        )
        for row in category_table(whole.sums)
        if row.category in beyond
    ]
    return RationaleStatistics(
        method,
        units,
        int(whole.sums.rows(Cells.TARGETS).sum()),
        tuple(sorted(found, key=lambda each: (-each.share.value, each.category))),
        from_chance,
        matrix(whole.sums),
        entropy_reduction(whole.sums),
        _folders(method, by_folder, whole),
    )


def _folders(
    method: Method, by_folder: Mapping[str, Totals], whole: Totals
) -> tuple[FolderDifference, ...]:
    found = []
    largest = sorted(by_folder, key=lambda name: -units_of(by_folder[name]))[:MOST_FOLDERS]
    for name in largest:
        totals = by_folder[name]
        units, others = units_of(totals), units_of(whole) - units_of(totals)
        if min(units, others) >= LEAST_UNITS:
            rows, rest = (
                aligned(each.sums, Amount.COUNT) for each in (totals, whole.without(totals))
            )
            divergence = compare(rows, rest, method.schema.categories)
            found.append(FolderDifference(name, units, divergence))
    return tuple(sorted(found, key=lambda each: -each.divergence.distance.value))


def units_of(totals: Totals) -> int:
    """Return how many units were explained."""
    return int(totals.sums.rows(Cells.UNITS).sum())
