"""Figures of an earlier run, for methods whose predictions are no longer at hand.

Some methods take hours to predict, and what they predicted does not change: a run that has no
predictions of a method keeps the figures the record had, with the date they were measured.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from linewise.lab.evaluate.report import Figures

MEASURED = "measured"
_SAME = ("items", "documents", "problems", "base_rate")


def with_kept(figures: Figures, record: Mapping[str, Any]) -> Figures:
    """Return ``figures`` with the methods that only ``record``, an earlier one, measured.

    Only where both are about the same items; a kept method has no difference to any other, since
    that takes its predictions. Each gets the date it was measured (ISO 8601) as ``measured``.
    """
    return {
        split: {
            intent: {
                level: _merged(table, _find(record, split, intent, level))
                for level, table in levels.items()
            }
            for intent, levels in intents.items()
        }
        for split, intents in figures.items()
    }


def _find(record: Mapping[str, Any], *path: str) -> tuple[Figures, str]:
    table: Figures = record["figures"]
    for key in path:
        table = table.get(key, {})
    return table, record["date"]


def _merged(table: Figures, earlier: tuple[Figures, str]) -> Figures:
    before, date = earlier
    if any(table[name] != before.get(name) for name in _SAME):
        return table
    kept = {
        method: {MEASURED: date} | row
        for method, row in before["methods"].items()
        if method not in table["methods"]
    }
    return table | {"methods": table["methods"] | kept}
