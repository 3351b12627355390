"""Entries, readings and rationales as they go into a store, made up."""

import numpy as np

from linewise.analysis.units import UnitKind
from linewise.rationale.statistics.counts import Counted, Rationales, Schema
from linewise.settings import Settings
from linewise.workspace.scan.basis import basis_of
from linewise.workspace.scan.entry import Entry, content_hash
from linewise.workspace.scan.records import (
    HEAD,
    LINE,
    Method,
    Placement,
    Reader,
    Reading,
    UnitRationale,
)

READER = Reader("tiny", "0" * 64, "1" * 64, ("definition", "return"))
METHOD = Method("greedy", "next-token", {"max_places": 4}, Schema(("a", "b"), 10, "nats"))


BASIS = basis_of(Settings())


def entry(path, version=0):
    return Entry(path.encode(), 100 + version, 10**18 + version, 10**18 + version, 7)


def rationale(seed):
    generator = np.random.default_rng(seed)
    counted = Counted.of(
        METHOD.schema,
        Rationales(
            generator.normal(size=(1, 3)),
            np.ones((1, 3), bool),
            np.eye(2, dtype=bool)[[0]],
            np.eye(2, dtype=bool)[generator.integers(0, 2, 3)],
            generator.integers(0, 10, 3),
        ),
    )
    return UnitRationale(counted, counted)


def key(name):
    return content_hash(name.encode())


def reading(store, reader, content, *units):
    """Keep units of two lines each and return a file that consists of them."""
    heads = np.array([(0, 0.5, 1.0, 1), (1, -0.5, 1.0, 1)], HEAD)
    store.keep_units(reader, [(key(name), 12, heads) for name in units])
    known = store.known(reader, [key(name) for name in units])
    return Reading(
        key(content),
        2 * len(units),
        np.array([(n, n // 2, 0.25 * n, 3, 1) for n in range(2 * len(units))], LINE),
        tuple(
            Placement(known[key(name)].id, UnitKind.FUNCTION, name, 2 * n, 2 * n + 1)
            for n, name in enumerate(units)
        ),
    )
