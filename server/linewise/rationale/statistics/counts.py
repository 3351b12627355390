"""What one unit adds to statistics: sums over its rationales by category, before any are merged.

All are non-negative integers. Weights enter as multiples of 2⁻³⁰ (`QUANTUM`), rounded once, here.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum

import numpy as np
from attrs import field, frozen

from linewise.errors import LinewiseError
from linewise.rationale.statistics import sketch
from linewise.rationale.statistics.aggregators import Bools, Floats, Ints

QUANTUM = 2.0**-30
"""Weights are counted in multiples of it; sums hold up to 2³³ of the unit of the weights."""


class TallyError(LinewiseError):
    """Statistics do not fit together, were damaged, or have outgrown their integers."""


class Cells(StrEnum):
    """What is summed, each by cluster."""

    UNITS = "units"
    TARGETS = "targets"
    """Target tokens by category."""
    PAIRS = "pairs"
    """Rationale tokens by category of target and of rationale."""
    POSITIVE = "positive"
    NEGATIVE = "negative"
    """Positive parts and sizes of negative parts of weights, in quanta, as `PAIRS`."""
    SPREAD = "spread"
    """Rationale tokens by category and by bin of their weight (`sketch`)."""
    TOKENS = "tokens"
    """Rationale tokens by token id and category."""
    MASS = "mass"
    """Absolute weights in quanta, as `TOKENS`."""


AXES: dict[Cells, tuple[str, ...]] = {
    Cells.UNITS: (),
    Cells.TARGETS: ("category",),
    Cells.PAIRS: ("category", "category"),
    Cells.POSITIVE: ("category", "category"),
    Cells.NEGATIVE: ("category", "category"),
    Cells.SPREAD: ("category", "bin"),
    Cells.TOKENS: ("token", "category"),
    Cells.MASS: ("token", "category"),
}


_NONE = np.empty(0, np.int64)


@frozen
class Schema:
    """What tallies must share to be merged.

    ``vocabulary`` is one more than the largest token id, ``weight`` names the weights and their
    unit (``"greedy, Δ log p in nats"``).
    """

    categories: tuple[str, ...]
    vocabulary: int
    weight: str

    def shape(self, cells: Cells) -> tuple[int, ...]:
        """Return the shape of one cluster's sums."""
        sizes = {"category": len(self.categories), "bin": sketch.BINS, "token": self.vocabulary}
        return tuple(sizes[axis] for axis in AXES[cells])


@frozen(eq=False)
class Rationales:
    """The rationales of a unit's T target tokens among its C context tokens.

    ``weights`` (T, C) are signed and finite where ``selected`` (T, C), which says what belongs to
    a rationale. Tokens have any number of categories: ``target_members`` (T, K) and
    ``context_members`` (C, K). ``token_ids`` (C,) are those of the target model's vocabulary.
    """

    weights: Floats
    selected: Bools
    target_members: Bools
    context_members: Bools
    token_ids: Ints


@frozen(eq=False)
class Counted:
    """What one unit adds to a tally, before it is dealt to a cluster.

    ``cells`` are, for each of `Cells`, ascending columns and their positive sums, (n,) each.
    """

    cells: Mapping[Cells, tuple[Ints, Ints]] = field(repr=False)

    @classmethod
    def of(cls, schema: Schema, rationales: Rationales) -> Counted:
        """Count a unit once for every pair of a target's and a rationale token's categories.

        Raises TallyError if a selected weight is not finite.
        """
        if not np.isfinite(rationales.weights[rationales.selected]).all():
            raise TallyError("a weight is not a finite number; the attribution failed")
        return cls.merged([cls(_counted(schema, rationales))])

    @classmethod
    def merged(cls, parts: Iterable[Counted]) -> Counted:
        """Return the sums of units that fall into one cluster, as those of a file."""
        every = list(parts)
        cells = {}
        for each in Cells:
            columns, values = (
                np.concatenate([_NONE, *(part.cells[each][side] for part in every)])
                for side in (0, 1)
            )
            used, place = np.unique(columns, return_inverse=True)
            sums = np.zeros(len(used), np.int64)
            np.add.at(sums, place, values)
            cells[each] = used[sums > 0], sums[sums > 0]
        return cls(cells)

    def pairs(self, schema: Schema) -> Iterator[tuple[str, str, int, float, float]]:
        """Yield each pair of categories: target's, rationale's, how many, both parts of weights.

        The parts of weights are sums of the positive ones and of the sizes of the negative ones,
        in the unit of the weights.
        """
        signed = {
            each: dict(zip(*(part.tolist() for part in self.cells[each]), strict=True))
            for each in (Cells.PAIRS, Cells.POSITIVE, Cells.NEGATIVE)
        }
        for pair, tokens in signed[Cells.PAIRS].items():
            target, rationale = divmod(pair, len(schema.categories))
            yield (
                schema.categories[target],
                schema.categories[rationale],
                tokens,
                signed[Cells.POSITIVE].get(pair, 0) * QUANTUM,
                signed[Cells.NEGATIVE].get(pair, 0) * QUANTUM,
            )

    def to_bytes(self) -> bytes:
        """Return a compact form for a database."""
        sizes = np.array([len(self.cells[each][0]) for each in Cells], "<u4")
        parts = [sizes.tobytes()]
        for each in Cells:
            columns, values = self.cells[each]
            parts += [columns.astype("<u4").tobytes(), values.astype("<i8").tobytes()]
        return zlib.compress(b"".join(parts))

    @classmethod
    def from_bytes(cls, data: bytes) -> Counted:
        """Return what `to_bytes` wrote; raise TallyError if it cannot have."""
        try:
            raw = zlib.decompress(data)
            sizes = np.frombuffer(raw, "<u4", len(Cells)).tolist()
            at, cells = 4 * len(Cells), {}
            for each, size in zip(Cells, sizes, strict=True):
                columns = np.frombuffer(raw, "<u4", size, at).astype(np.int64)
                cells[each] = columns, np.frombuffer(raw, "<i8", size, at + 4 * size)
                at += 12 * size
        except (ValueError, zlib.error) as error:
            raise TallyError("the statistics of a unit are damaged; scan again") from error
        return cls(cells)


def _counted(schema: Schema, unit: Rationales) -> dict[Cells, tuple[Ints, Ints]]:
    """Return the columns and values of one unit's sums; columns may repeat."""
    target, context = unit.target_members.astype(np.int64), unit.context_members.astype(np.int64)
    kept = np.where(unit.selected, unit.weights, 0.0)
    if np.abs(kept).sum() >= 2.0**62 * QUANTUM:
        raise TallyError("the weights of a unit add up to 2³² or more; scale the attribution")
    positive = np.rint(np.maximum(kept, 0.0) / QUANTUM).astype(np.int64)
    negative = np.rint(np.maximum(-kept, 0.0) / QUANTUM).astype(np.int64)
    rows, columns = np.nonzero(unit.selected)
    of_pair, category = np.nonzero(unit.context_members[columns])
    bins = sketch.bin_of(unit.weights[rows, columns])[of_pair]
    token, own = np.nonzero(unit.context_members)
    symbol = np.ravel_multi_index(
        (unit.token_ids[token], own), (schema.vocabulary, len(schema.categories))
    )
    spread = np.ravel_multi_index((category, bins), schema.shape(Cells.SPREAD))
    by_pair = np.arange(target.shape[1] * context.shape[1])
    return {
        Cells.UNITS: (np.zeros(1, np.int64), np.ones(1, np.int64)),
        Cells.TARGETS: (np.arange(target.shape[1]), target.sum(axis=0)),
        Cells.PAIRS: (by_pair, (target.T @ unit.selected.astype(np.int64) @ context).ravel()),
        Cells.POSITIVE: (by_pair, (target.T @ positive @ context).ravel()),
        Cells.NEGATIVE: (by_pair, (target.T @ negative @ context).ravel()),
        Cells.SPREAD: (spread, np.ones_like(spread)),
        Cells.TOKENS: (symbol, unit.selected.sum(axis=0, dtype=np.int64)[token]),
        Cells.MASS: (symbol, (positive + negative).sum(axis=0)[token]),
    }
