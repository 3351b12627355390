"""Patches in parquet: the columns, writing in place, reading back.

The columns of ``patches.jsonl.gz`` and some more: ``kept_lines`` and ``edited_tokens`` (code-point
spans) spell out the labels, ``tests`` what was to pass, ``provenance`` where the repair is from.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

_BATCH = 500


def schema() -> pa.Schema:
    """Return the columns of the parquet files."""
    import pyarrow as pa

    lines, text = pa.list_(pa.int32()), pa.string()
    columns: dict[str, pa.DataType] = {
        **dict.fromkeys(("sample_id", "task_id", "dataset", "model", "source", "licence"), text),
        "fold": pa.int32(),
        "passing": pa.bool_(),
        "program": text,
        "repaired_program": text,
        **dict.fromkeys(("code_lines", "kept_lines", "edited_lines"), lines),
        **dict.fromkeys(("replaced_lines", "deleted_lines"), lines),
        "inserts": pa.list_(pa.struct({"insert_before": pa.int32(), "n_lines": pa.int32()})),
        "edited_tokens": pa.list_(pa.struct({"start": pa.int32(), "end": pa.int32()})),
        "n_code_lines": pa.int32(),
        "n_units": pa.int32(),
        **dict.fromkeys(("touched_frac", "patch_size_frac"), pa.float64()),
        "error": text,
        "error_class": text,
        "flags": pa.list_(text),
        "tests": pa.dictionary(pa.int32(), text),
        "provenance": pa.struct(
            {
                "method": text,
                "kind": text,
                "parent": text,
                "donor_model": text,
                "donor_sample": text,
                "donor_renamed": pa.bool_(),
                "runs": pa.int32(),
            }
        ),
    }
    return pa.schema(list(columns.items()))


def write_table(path: Path, rows: Iterable[dict[str, Any]]) -> int:
    """Write rows in place of what was there, and return how many.

    Whoever reads the old file meanwhile is not disturbed.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    form, written = schema(), 0
    batch: list[dict[str, Any]] = []
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    with pq.ParquetWriter(partial, form, compression="zstd") as writer:
        for row in rows:
            batch.append(row)
            written += 1
            if len(batch) == _BATCH:
                writer.write_table(pa.Table.from_pylist(batch, form))
                batch = []
        writer.write_table(pa.Table.from_pylist(batch, form))
    partial.replace(path)
    return written


def read_table(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the rows of a parquet file that `write_table` wrote, without the tests."""
    import pyarrow.parquet as pq

    columns = [name for name in schema().names if name != "tests"]
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(_BATCH, columns=columns):
            yield from batch.to_pylist()
