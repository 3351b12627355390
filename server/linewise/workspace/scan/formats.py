"""The words that options of scans and reports take; importing it costs nothing."""

from __future__ import annotations

from enum import StrEnum


class TableFormat(StrEnum):
    """How tables are written."""

    CSV = "csv"
    PARQUET = "parquet"


class ReportFormat(StrEnum):
    """What a report is written as."""

    HTML = "html"
    MD = "md"
    JSON = "json"
    PDF = "pdf"


class Links(StrEnum):
    """What a place in the report leads to."""

    VSCODE = "vscode"
    FILE = "file"
    NONE = "none"
