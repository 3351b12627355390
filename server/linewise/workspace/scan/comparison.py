"""What two target models rest on in the same code, side by side."""

from __future__ import annotations

from attrs import frozen

from linewise.errors import LinewiseError
from linewise.rationale.statistics.counts import Cells
from linewise.rationale.statistics.divergence import (
    CategoryShift,
    Divergence,
    aligned,
    compare,
    shifts,
)
from linewise.rationale.statistics.matrices import TargetDifference, compare_targets
from linewise.rationale.statistics.tables import Amount
from linewise.rationale.taxonomy.profiles import Profile, taxonomy
from linewise.workspace.scan.rationale_statistics import units_of
from linewise.workspace.scan.records import Method
from linewise.workspace.scan.totals import Totals

LEAST_PAIRS = 50
"""A category of targets with fewer rationale tokens by either model is not compared."""


@frozen
class LevelComparison:
    """One level of categories: every shift, those farthest from 0 first, and the distances.

    ``between`` compares the two models' rationales, ``by_chance`` random rationales of theirs.
    """

    shifts: tuple[CategoryShift, ...]
    between: Divergence
    by_chance: Divergence


@frozen
class TargetComparison:
    """The rationales of one kind of target by models a and b.

    ``units`` and ``targets`` count those explained by each. ``by_target`` are the rationales of
    targets of one group each, by group.
    """

    methods: tuple[Method, Method]
    units: tuple[int, int]
    targets: tuple[int, int]
    categories: LevelComparison
    groups: LevelComparison
    by_target: tuple[TargetDifference, ...]


def compare_totals(
    methods: tuple[Method, Method], totals: tuple[Totals, Totals]
) -> TargetComparison:
    """Compare the rationales of two models.

    Raises
    ------
    LinewiseError
        If they were asked different things, or one of them has no rationale.
    """
    one, other = methods
    if (one.name, one.target, dict(one.options)) != (other.name, other.target, dict(other.options)):
        raise LinewiseError(
            f"rationales by {one.name} ({one.target}) and by {other.name} ({other.target}), or "
            "with other options, say nothing of two models: find both in the same way"
        )
    if one.schema.categories != other.schema.categories:
        raise LinewiseError("rationales in different categories cannot be compared: scan again")
    if not all(each.sums.cells[Cells.PAIRS].nnz for each in totals):
        raise LinewiseError("there is no unit with a rationale, so there is nothing to compare")
    grouped = _grouped(totals[0]), _grouped(totals[1])
    return TargetComparison(
        methods,
        (units_of(totals[0]), units_of(totals[1])),
        (_targets(totals[0]), _targets(totals[1])),
        _level(*totals),
        _level(*grouped),
        compare_targets(grouped[0].sums, grouped[1].sums, least=LEAST_PAIRS),
    )


def _level(one: Totals, other: Totals) -> LevelComparison:
    names = one.sums.schema.categories
    a, chance_a, b, chance_b = (
        aligned(each, Amount.COUNT) for each in (one.sums, one.control, other.sums, other.control)
    )
    found = shifts((a, chance_a), (b, chance_b), names)
    return LevelComparison(
        tuple(sorted(found, key=lambda each: (-abs(each.beyond.value), each.category))),
        compare(a, b, names),
        compare(chance_a, chance_b, names),
    )


def _grouped(totals: Totals) -> Totals:
    """Return the totals by group; lines that are targets stay what they are."""
    known = taxonomy(Profile.COMPLETE, "python").group
    # What has no group is itself one: `unknown`, and the kinds of lines.
    groups = {name: known.get(name, name) for name in totals.sums.schema.categories}
    return Totals(totals.sums.grouped(groups), totals.control.grouped(groups))


def _targets(totals: Totals) -> int:
    return int(totals.sums.rows(Cells.TARGETS).sum())
