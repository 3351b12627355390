"""Stores full of made-up units with known statistics: no model is needed to fill them."""

import numpy as np
from attrs import evolve

from linewise.analysis.units import UnitKind
from linewise.rationale.statistics.counts import Counted, Rationales
from linewise.settings import Settings
from linewise.workspace.scan.basis import basis_of
from linewise.workspace.scan.choice import Choice, method_of, statement_kinds
from linewise.workspace.scan.entry import Entry, content_hash
from linewise.workspace.scan.records import (
    HEAD,
    LINE,
    Placement,
    Reader,
    Reading,
    UnitRationale,
)
from linewise.workspace.scan.store import Store

READER = Reader("smollm2-135m", "0" * 64, "1" * 64, statement_kinds())
METHOD = method_of(Choice(), vocabulary=500)
BASIS = basis_of(Settings())
LINES = 5
"""Code lines of a unit."""
_TARGET = METHOD.schema.categories.index("line: return")
_CONTEXT = ("identifier", "punctuation", "indentation", "conditionals")


def fill(root, shape, *, prefer=(), seed=0, explained=True):
    """Fill a store: ``shape`` maps paths to numbers of units; return logits by path.

    In paths that begin with one of ``prefer``, rationales hold more conditionals than contexts do.
    """
    generator = np.random.default_rng(seed)
    logits = {}
    with Store.open(root, print) as store:
        reader, method = store.reader_id(READER), store.method_id(METHOD)
        for number, (path, units) in enumerate(shape.items()):
            favoured = any(path.startswith(each) for each in prefer)
            logits[path] = keep_file(
                store, reader, method if explained else None, path, units, generator, favoured,
                str((seed, number)),
            )  # fmt: skip
    return logits


def keep_file(store, reader, method, path, units, generator, favoured, name):
    heads = np.zeros(LINES, HEAD)
    heads["line"] = np.arange(LINES)
    keys = [content_hash(f"{name} {unit}".encode()) for unit in range(units)]
    store.keep_units(reader, [(key, 40, heads) for key in keys])
    known = store.known(reader, keys)
    rows = np.zeros(units * LINES, LINE)
    rows["line"] = np.arange(len(rows)) + np.arange(len(rows)) // LINES
    rows["unit"] = np.arange(len(rows)) // LINES
    rows["logit"] = generator.normal(-3, 1.2, len(rows))
    rows["statement"] = generator.integers(0, len(READER.statements), len(rows))
    rows["known"] = generator.random(len(rows)) > 0.05
    placements = tuple(
        Placement(
            known[key].id,
            list(UnitKind)[place % len(UnitKind)],
            f"f{place}",
            place * (LINES + 1),
            place * (LINES + 1) + LINES - 1,
        )
        for place, key in enumerate(keys)
    )
    reading = Reading(content_hash(name.encode()), units * (LINES + 1), rows, placements)
    entry = Entry(path.encode("utf-8", "surrogateescape"), 100, 10**18, 10**18, 1)
    store.keep_reading(entry, BASIS, True, reader, reading)
    if method is not None:
        for key in keys:
            store.keep_rationale(known[key].id, method, rationale(generator, favoured))
    return rows["logit"]


def rationale(generator, favoured=False, context=24, chosen=6):
    """Draw a unit's rationale and its control; a favoured one takes conditionals first."""
    names = METHOD.schema.categories
    category = generator.choice(
        [names.index(each) for each in _CONTEXT], context, p=[0.4, 0.3, 0.2, 0.1]
    )
    tokens = category * 10 + generator.integers(0, 10, context)
    liking = generator.random(context)
    if favoured:
        liking += 0.6 * (category == names.index("conditionals"))

    def counted(order):
        selected = np.zeros((1, context), bool)
        selected[0, order[:chosen]] = True
        return Counted.of(
            METHOD.schema,
            Rationales(
                np.where(selected, generator.normal(0.2, 0.1, (1, context)), 0.0),
                selected,
                np.eye(len(names), dtype=bool)[[_TARGET]],
                np.eye(len(names), dtype=bool)[category],
                tokens,
            ),
        )

    found = UnitRationale(counted(np.argsort(-liking)), counted(generator.permutation(context)))
    if generator.random() < 0.3:
        weights = generator.random(len(_CONTEXT)) + 0.1
        repeated = [
            dict(
                zip(
                    _CONTEXT,
                    (weights + generator.normal(0, 0.05, len(_CONTEXT))).tolist(),
                    strict=True,
                )
            )
            for _ in range(3)
        ]
        found = evolve(found, repetitions=tuple(repeated))
    return found
