"""What is kept of a workspace, as it goes into the store and comes out of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import cattrs
import numpy as np
import numpy.typing as npt
from attrs import field, frozen

from linewise.analysis.units import UnitKind
from linewise.rationale.statistics.counts import Counted, Schema

HEAD = np.dtype([("line", "<u4"), ("head", "<f4"), ("whole", "<f4"), ("known", "u1")])
"""Of a unit's code line: its number counted from the unit's first, the logits that the probe's
head gives the line and all that was read with it, and whether such code was calibrated on."""
LINE = np.dtype(
    [("line", "<u4"), ("unit", "<u4"), ("logit", "<f4"), ("statement", "u1"), ("known", "u1")]
)
"""Of a file's code line: its 0-based number, the ordinal of its unit, its logit before calibration,
the number of its kind among the reader's ``statements``, and `HEAD`'s ``known``."""
Rows = npt.NDArray[np.void]


@frozen
class Reader:
    """What reads code: a converted target model, and the probe on it ('' without one).

    ``statements`` are the kinds of statements by which lines are told apart.
    """

    model: str
    identity: str
    probe: str
    statements: tuple[str, ...]

    def row(self) -> tuple[str, str, str, str]:
        """Return its columns."""
        return self.model, self.identity, self.probe, json.dumps(self.statements)

    @classmethod
    def of_row(cls, model: str, identity: str, probe: str, statements: str) -> Reader:
        """Return what `row` wrote."""
        return cls(model, identity, probe, tuple(json.loads(statements)))


@frozen
class Method:
    """How rationales are found, and the schema of the sums they are counted in."""

    name: str
    target: str
    options: Mapping[str, Any]
    schema: Schema

    def row(self) -> tuple[str, str, str, str]:
        """Return the columns that identify it."""
        plain = json.dumps(cattrs.unstructure(self.schema))
        return self.name, self.target, json.dumps(dict(self.options), sort_keys=True), plain

    @classmethod
    def of_row(cls, name: str, target: str, options: str, schema: str) -> Method:
        """Return what `row` wrote."""
        return cls(name, target, json.loads(options), cattrs.structure(json.loads(schema), Schema))


@frozen(eq=False)
class KnownUnit:
    """What a reader made of a unit: ``heads`` is an array of `HEAD`, in line order."""

    id: int
    tokens: int
    heads: Rows = field(repr=False)


@frozen
class Placement:
    """A unit where it stands in a file, by its id in the store; lines are 0-based, inclusive."""

    unit: int
    kind: UnitKind
    name: str
    first_line: int
    last_line: int


@frozen(eq=False)
class Reading:
    """A file as a reader read it: ``lines`` is an array of `LINE`, in line order.

    ``length`` counts all lines of the file, also those without code.
    """

    content: bytes
    length: int
    lines: Rows = field(repr=False)
    placements: tuple[Placement, ...]


@frozen(eq=False)
class UnitRationale:
    """A unit's rationale in sums, and that of random ones of its sizes.

    Of some units, ``repetitions`` are the signed weights of the categories in the rationale and in
    those of harmless rewrites of the code.
    """

    sums: Counted
    control: Counted
    repetitions: tuple[Mapping[str, float], ...] = ()
