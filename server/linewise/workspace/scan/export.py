"""The store as plain tables, for other programs: CSV, or Parquet where pyarrow is installed."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from sqlite3 import Connection
from typing import Any

import numpy as np
from attrs import frozen

from linewise.analysis.lines import without_surrogates
from linewise.errors import LinewiseError
from linewise.rationale.statistics.counts import Counted
from linewise.workspace.scan.formats import TableFormat
from linewise.workspace.scan.records import LINE, Method, Reader
from linewise.workspace.scan.store import Store

_PORTION = 10_000
"""Rows that are written at once."""
Row = tuple[Any, ...]


@frozen
class Table:
    """Rows with named columns; ``kinds`` are ``str``, ``int``, ``float`` or ``bool``."""

    name: str
    columns: tuple[str, ...]
    kinds: tuple[type, ...]
    rows: Callable[[], Iterator[Row]]


def write_table(table: Table, folder: Path, form: TableFormat) -> Path:
    """Write ``NAME.csv`` or ``NAME.parquet`` into a folder, in portions; return its path.

    Raises
    ------
    LinewiseError
        If Parquet is asked for and cannot be written, or the folder is not writable.
    """
    path = folder / f"{table.name}.{form}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if form is TableFormat.CSV:
            with path.open("w", encoding="utf-8", errors="surrogateescape", newline="") as file:
                writer = csv.writer(file)
                writer.writerow(table.columns)
                writer.writerows(table.rows())
        else:
            _write_parquet(table, path)
    except OSError as error:
        raise LinewiseError(f"{path}: cannot be written ({error.strerror})") from error
    return path


def store_tables(store: Store) -> tuple[Table, ...]:
    """Return what a store holds: files, units, lines, rationales. Lines count from 1."""

    def rows(of: Callable[[Connection], Iterator[Row]]) -> Callable[[], Iterator[Row]]:
        def read() -> Iterator[Row]:
            with store.database.reading() as connection:
                yield from of(connection)

        return read

    return (
        Table("files", ("path", "bytes", "problem"), (str, int, str), rows(_files)),
        Table(
            "units",
            ("path", "model", "unit", "kind", "name", "first_line", "last_line", "tokens", "key"),
            (str, str, int, str, str, int, int, int, str),
            rows(_units),
        ),
        Table(
            "lines",
            ("path", "model", "line", "unit", "logit", "statement", "calibrated"),
            (str, str, int, int, float, str, bool),
            rows(_lines),
        ),
        Table(
            "rationales",
            (
                *("path", "model", "unit", "method", "target", "target_category"),
                *("rationale_category", "tokens", "positive", "negative"),
            ),
            (str, str, int, str, str, str, str, int, float, float),
            rows(_rationales),
        ),
    )


def _files(rows: Connection) -> Iterator[Row]:
    for path, size, problem in rows.execute("SELECT path, size, problem FROM files ORDER BY path"):
        yield os.fsdecode(path), size, problem


def _units(rows: Connection) -> Iterator[Row]:
    query = (
        "SELECT path, model, ordinal, kind, name, first_line, last_line, tokens, lower(hex(key)) "
        "FROM files JOIN readings ON file = files.id JOIN readers ON readers.id = readings.reader "
        "JOIN placements ON reading = readings.id JOIN units ON units.id = unit "
        "ORDER BY path, readers.id, ordinal"
    )
    for path, model, ordinal, kind, name, first, last, tokens, key in rows.execute(query):
        yield os.fsdecode(path), model, ordinal, kind, name, first + 1, last + 1, tokens, key


def _lines(rows: Connection) -> Iterator[Row]:
    query = (
        "SELECT path, lines, model, identity, probe, statements FROM files "
        "JOIN readings ON file = files.id JOIN readers ON readers.id = reader "
        "ORDER BY path, readers.id"
    )
    for path, blob, *columns in rows.execute(query):
        reader, name = Reader.of_row(*columns), os.fsdecode(path)
        for line, unit, logit, statement, known in np.frombuffer(blob, LINE).tolist():
            kind = reader.statements[statement]
            yield name, reader.model, line + 1, unit, logit, kind, bool(known)


def _rationales(rows: Connection) -> Iterator[Row]:
    query = (
        "SELECT path, model, ordinal, sums, methods.name, target, options, schema FROM files "
        "JOIN readings ON file = files.id JOIN readers ON readers.id = readings.reader "
        "JOIN placements ON reading = readings.id "
        "JOIN rationales ON rationales.unit = placements.unit "
        "JOIN methods ON methods.id = method WHERE sums IS NOT NULL "
        "ORDER BY path, readers.id, ordinal, methods.id"
    )
    for path, model, ordinal, blob, *columns in rows.execute(query):
        method, counted = Method.of_row(*columns), Counted.from_bytes(blob)
        place = os.fsdecode(path), model, ordinal, method.name, method.target
        for row in counted.pairs(method.schema):
            yield *place, *row


def _write_parquet(table: Table, path: Path) -> None:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise LinewiseError(
            "writing Parquet needs pyarrow: `pip install pyarrow`, or choose csv"
        ) from None
    arrow = {
        str: pyarrow.string(),
        int: pyarrow.int64(),
        float: pyarrow.float64(),
        bool: pyarrow.bool_(),
    }
    schema = pyarrow.schema(
        [(name, arrow[kind]) for name, kind in zip(table.columns, table.kinds, strict=True)]
    )
    rows = table.rows()
    with pyarrow.parquet.ParquetWriter(path, schema) as writer:
        while portion := list(islice(rows, _PORTION)):
            arrays = [
                pyarrow.array([_plain(row[number]) for row in portion], each.type)
                for number, each in enumerate(schema)
            ]
            writer.write_table(pyarrow.table(arrays, schema=schema))


def _plain(value: Any) -> Any:
    return without_surrogates(value) if isinstance(value, str) else value
