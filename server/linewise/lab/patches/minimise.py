"""The smallest part of a difference that still repairs: single hunks, then delta debugging."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from linewise.lab.patches.hunks import Unit

Passes = Callable[[list[Unit]], bool]


class BudgetSpent(Exception):  # noqa: N818 - an outcome, not an error
    """No more programs may be run; what was found so far counts."""


def minimise(units: list[Unit], passes: Passes) -> list[Unit]:
    """Return a subset of ``units`` that passes and none of whose elements can be left out.

    ``units`` as a whole must pass. First every hunk is tried alone, the smallest first; else
    whole hunks are left out, then single units, each by delta debugging (Zeller & Hildebrandt,
    IEEE TSE 28(2), 2002). When `BudgetSpent` is raised by ``passes``, the smallest found so far
    is returned.
    """
    best = units

    def shrinks(subset: list[Unit]) -> bool:
        nonlocal best
        if not subset or not passes(subset):
            return False
        if len(subset) < len(best):
            best = subset
        return True

    try:
        hunks = sorted(_hunks(units), key=len)
        alone = next((hunk for hunk in hunks if len(hunks) > 1 and shrinks(hunk)), None)
        if alone is None:
            best = _flat(_ddmin(hunks, lambda kept: shrinks(_flat(kept))))
        _ddmin([[unit] for unit in best], lambda kept: shrinks(_flat(kept)))
    except BudgetSpent:
        pass
    return sorted(best, key=lambda unit: unit.order)


def _ddmin(parts: list[list[Unit]], passes: Callable[[list[list[Unit]]], bool]) -> list[list[Unit]]:
    """Leave out ever smaller pieces of ``parts`` while what remains passes, until none can go."""
    step = max(1, len(parts) // 2)
    while len(parts) > 1:
        for start in range(0, len(parts), step):
            rest = parts[:start] + parts[start + step :]
            if rest and passes(rest):
                parts = rest
                break
        else:
            if step == 1:
                break
            step = max(1, step // 2)
            continue
        step = min(step, max(1, len(parts) // 2))
    return parts


def _hunks(units: Iterable[Unit]) -> list[list[Unit]]:
    found: dict[int, list[Unit]] = {}
    for unit in units:
        found.setdefault(unit.hunk, []).append(unit)
    return list(found.values())


def _flat(parts: list[list[Unit]]) -> list[Unit]:
    return [unit for part in parts for unit in part]
