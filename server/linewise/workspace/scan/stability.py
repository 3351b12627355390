"""How far a workspace's explanations would survive rewrites that change nothing of the code.

For each category, the units are the features and the rewrites the repetitions (`noise.snr`): the
signal is how its weight differs from unit to unit, the noise how it does between rewrites of one.
"""

from __future__ import annotations

import json

import numpy as np
from attrs import frozen

from linewise.rationale.noise.snr import SignalNoise, normalised, signal_noise
from linewise.workspace.scan.choice import REWRITES
from linewise.workspace.scan.store import Store

LEAST_UNITS = 10
"""With fewer there is no telling how units differ."""


@frozen
class CategoryStability:
    """A category's signal-to-noise ratio over so many units that it weighs anything in."""

    category: str
    units: int
    found: SignalNoise


def stabilities(store: Store, reader: int, method: int) -> tuple[CategoryStability, ...]:
    """Return the stability of each category, the most stable first."""
    with store.database.reading() as rows:
        stored = rows.execute(
            "SELECT weights FROM repetitions JOIN units ON units.id = unit "
            "WHERE reader = ? AND method = ? AND EXISTS "
            "(SELECT 1 FROM placements WHERE placements.unit = units.id) ORDER BY key",
            (reader, method),
        ).fetchall()
    # Where a rewrite was not possible, there are fewer repetitions; units must have equally many.
    units = [each for row in stored if len(each := json.loads(row[0])) == REWRITES + 1]
    names = sorted({name for each in units for weights in each for name in weights})
    # (units, repetitions, categories), each repetition's weights adding up to 1.
    weights = np.array(
        [normalised([[part.get(name, 0.0) for name in names] for part in each]) for each in units]
    ).reshape(len(units), REWRITES + 1, len(names))
    found = []
    for number, name in enumerate(names):
        part = weights[:, :, number]
        used = part[(part != 0).any(axis=1)]
        if len(used) >= LEAST_UNITS:
            found.append(CategoryStability(name, len(used), signal_noise(used.T)))
    return tuple(sorted(found, key=lambda each: -np.nan_to_num(each.found.snr)))
