"""Sums over many units that merge in any order: what a scan of a workspace or a corpus keeps.

A tally is a vector of non-negative integers, so merging is integer addition: associative,
commutative, exact, and undone exactly by `Tally.without` when a unit changes. Weights enter as
multiples of 2⁻³⁰ (`QUANTUM`), rounded once, when their unit is counted; from there on nothing is
rounded, so what is reported does not depend on the order of merging, to the last bit. The
rounding moves a mean by at most 2⁻³¹ of the unit of the weights.

Intervals survive merging because every sum is kept apart for `CLUSTERS` clusters of units, dealt
by a hash of the unit's name. A bootstrap over these clusters stands for one over units. Once there
are many units to a cluster, the standard error it finds has itself a relative standard error of
about 1/√(2 · 63) = 9 %.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any

import cattrs
import numpy as np
import numpy.typing as npt
from attrs import evolve, field, frozen
from scipy.sparse import coo_array, csr_array

from linewise.rationale.statistics.aggregators import Ints, grouping
from linewise.rationale.statistics.counts import (
    AXES,
    Cells,
    Counted,
    Rationales,
    Schema,
    TallyError,
)

VERSION = 1
CLUSTERS = 64
_NONE = np.empty(0, np.int64)


@frozen(eq=False)
class Tally:
    """Sums by cluster: each of `Cells` is an integer array (CLUSTERS, product of its shape)."""

    schema: Schema
    cells: Mapping[Cells, csr_array] = field(repr=False)

    @classmethod
    def empty(cls, schema: Schema) -> Tally:
        """Return the identity of `merge`."""
        return cls.gathered(schema, [])

    @classmethod
    def of(cls, schema: Schema, unit: str, rationales: Rationales) -> Tally:
        """Count one unit; ``unit`` and what is raised are as in `gathered` and `Counted.of`."""
        return cls.gathered(schema, [(unit, Counted.of(schema, rationales))])

    @classmethod
    def gathered(cls, schema: Schema, parts: Iterable[tuple[str, Counted]]) -> Tally:
        """Return the sums of units, each with the name it is resampled under.

        That name is of what is resampled as a whole, a file, say: all that bears it falls into one
        cluster. All parts are held at once; what outgrows memory is gathered in portions.
        """
        rows: dict[Cells, list[Ints]] = {each: [] for each in Cells}
        columns: dict[Cells, list[Ints]] = {each: [] for each in Cells}
        values: dict[Cells, list[Ints]] = {each: [] for each in Cells}
        for unit, part in parts:
            cluster = cluster_of(unit)
            for each, (places, sums) in part.cells.items():
                rows[each].append(np.full(len(places), cluster))
                columns[each].append(places)
                values[each].append(sums)
        return cls(
            schema,
            {
                each: _sums(
                    schema,
                    each,
                    *(np.concatenate([_NONE, *of[each]]) for of in (rows, columns, values)),
                )
                for each in Cells
            },
        )._checked()

    def merge(self, other: Tally) -> Tally:
        """Return the sums of both.

        Raises
        ------
        TallyError
            If they are of different schemas, or a sum outgrows 64 bits.
        """
        self._check_fits(other)
        return self._checked({each: self.cells[each] + other.cells[each] for each in Cells})

    def without(self, part: Tally) -> Tally:
        """Return what was there before ``part`` was merged; raise TallyError if it never was."""
        self._check_fits(part)
        return self._checked({each: self.cells[each] - part.cells[each] for each in Cells})

    def grouped(self, groups: Mapping[str, str]) -> Tally:
        """Return the tally by group of categories; every category needs one (KeyError).

        Pairs are summed: a token that has two categories of one group counts twice there, as in
        CodeQ's own reduction. Tag tokens with one category each where that is not wanted.
        """
        names, of_class = grouping(self.schema.categories, groups)
        coarse = evolve(self.schema, categories=names)
        cells = {}
        for each, found in self.cells.items():
            sums = found.tocoo()
            places = np.unravel_index(sums.col, self.schema.shape(each)) if AXES[each] else ()
            moved = [
                of_class[place] if axis == "category" else place
                for axis, place in zip(AXES[each], places, strict=True)
            ]
            columns = np.ravel_multi_index(moved, coarse.shape(each)) if moved else sums.col
            cells[each] = _sums(coarse, each, sums.row, columns, sums.data)
        return Tally(coarse, cells)

    @cached_property
    def occupied(self) -> Ints:
        """The clusters (J,) that hold any unit."""
        return np.flatnonzero(self.cells[Cells.UNITS].toarray()[:, 0])

    def rows(self, cells: Cells) -> Ints:
        """Return the sums of each of the J occupied clusters (J, …); weights are in quanta."""
        found = self.cells[cells][self.occupied].toarray()
        return np.asarray(found.reshape(len(found), *self.schema.shape(cells)))

    def as_json(self) -> dict[str, Any]:
        """Return the tally as plain integers and strings; integers may exceed 2⁵³."""
        sums = {each: found.tocoo() for each, found in self.cells.items()}
        return {
            "version": VERSION,
            "schema": cattrs.unstructure(self.schema),
            "cells": {
                str(each): {
                    "clusters": found.row.tolist(),
                    "columns": found.col.tolist(),
                    "values": found.data.tolist(),
                }
                for each, found in sums.items()
            },
        }

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Tally:
        """Return what `as_json` wrote; raise TallyError if it cannot have."""
        try:
            if raw["version"] != VERSION:
                raise TallyError(
                    f"statistics of version {raw['version']!r}, this Linewise reads {VERSION}; "
                    "scan again"
                )
            schema = cattrs.structure(raw["schema"], Schema)
            parts = {each: raw["cells"][each] for each in Cells}
            return cls(
                schema,
                {
                    each: _sums(schema, each, part["clusters"], part["columns"], part["values"])
                    for each, part in parts.items()
                },
            )._checked()
        except (
            KeyError,
            TypeError,
            ValueError,
            OverflowError,
            cattrs.BaseValidationError,
        ) as error:
            raise TallyError(
                f"these statistics are damaged ({type(error).__name__}); scan again"
            ) from error

    def as_arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return the tally as arrays for `numpy.savez`; no objects, so nothing is pickled."""
        arrays: dict[str, npt.NDArray[Any]] = {
            "schema": np.array(json.dumps([VERSION, cattrs.unstructure(self.schema)]))
        }
        for each, found in self.cells.items():
            sums = found.tocoo()
            arrays[each] = np.stack([sums.row, sums.col, sums.data]).astype(np.int64)
        return arrays

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> Tally:
        """Return what `as_arrays` wrote; raise TallyError if it cannot have."""
        try:
            version, schema = json.loads(str(arrays["schema"]))
            names = ("clusters", "columns", "values")
            cells = {each: dict(zip(names, arrays[each], strict=True)) for each in Cells}
        except (KeyError, TypeError, ValueError) as error:
            raise TallyError(
                f"these statistics are damaged ({type(error).__name__}); scan again"
            ) from error
        return cls.from_json({"version": version, "schema": schema, "cells": cells})

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Tally):
            return NotImplemented
        return self.schema == other.schema and not any(
            (self.cells[each] != other.cells[each]).nnz for each in Cells
        )

    __hash__ = None  # type: ignore[assignment]  # equal by content, and contents are large

    def _check_fits(self, other: Tally) -> None:
        if self.schema != other.schema:
            raise TallyError(
                "statistics of different taxonomies, vocabularies or weights cannot be merged; "
                "scan again with one of them"
            )

    def _checked(self, cells: Mapping[Cells, csr_array] | None = None) -> Tally:
        """Return these cells as a tally; a negative sum has wrapped, or lost what it never held."""
        found = self.cells if cells is None else cells
        if any((sums.data < 0).any() for sums in found.values()):
            raise TallyError("a sum left the range of 64 bits, or what is taken off was never in")
        return evolve(self, cells=found)


def cluster_of(unit: str) -> int:
    """Return the cluster, 0 to `CLUSTERS` - 1, a unit falls into, on every machine the same."""
    digest = hashlib.blake2b(unit.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest) % CLUSTERS


def total(schema: Schema, tallies: Iterable[Tally]) -> Tally:
    """Merge any number of tallies, in pairs of like size: n of them cost n log n, not n²."""
    level = [Tally.empty(schema), *tallies]
    while len(level) > 1:
        pairs = zip(level[::2], level[1::2], strict=False)
        level = [one.merge(other) for one, other in pairs] + level[len(level) & ~1 :]
    return level[0]


def _sums(
    schema: Schema, cells: Cells, clusters: npt.ArrayLike, columns: npt.ArrayLike, values: Any
) -> csr_array:
    """Return integers at (cluster, column) as one canonical array: sorted, without zeros."""
    amounts = np.asarray(values, np.int64)
    places = np.broadcast_to(np.asarray(clusters, np.int64), amounts.shape)
    width = int(np.prod(schema.shape(cells), dtype=np.int64))
    found = coo_array(
        (amounts, (places, np.asarray(columns, np.int64))), shape=(CLUSTERS, width), dtype=np.int64
    ).tocsr()
    found.eliminate_zeros()
    found.sort_indices()
    return found
