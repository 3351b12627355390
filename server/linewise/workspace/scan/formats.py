"""The words that options of scans and reports take; importing it costs nothing."""

from __future__ import annotations

from enum import StrEnum


class TableFormat(StrEnum):
    """How tables are written."""

    CSV = "csv"
    PARQUET = "parquet"
