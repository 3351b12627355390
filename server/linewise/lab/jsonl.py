"""JSON lines that may be damaged: bad ones are skipped, named and counted, never guessed at."""

from __future__ import annotations

import gzip
import json
import logging
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import UnionType
from typing import IO, Any

from linewise.errors import LabDataError

Kind = type | UnionType
_NOTHING: Mapping[str, Kind] = {}

log = logging.getLogger(__name__)


def rows(path: Path, required: Mapping[str, Kind] = _NOTHING) -> Iterator[dict[str, Any]]:
    """Yield the objects of a JSON lines file, gzip or plain, in order.

    A line that is not a JSON object, is not UTF-8 or lacks a ``required`` key, or has another kind
    of value there, is skipped: a warning names file, line and reason, and another at the end
    counts them.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    LabDataError
        If the compressed data are damaged, or no line is left.
    """
    good = skipped = 0
    with _open(path) as file:
        try:
            for number, line in enumerate(file, 1):
                if not line.strip():
                    continue
                row, reason = _parse(line, required)
                if row is None:
                    skipped += 1
                    log.warning("%s:%d: %s; skipped", path, number, reason)
                    continue
                good += 1
                yield row
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise LabDataError(
                f"{path}: damaged after line {good + skipped} ({error}); fetch it again"
            ) from error
    if skipped:
        log.warning("%s: %d of %d lines were skipped", path, skipped, good + skipped)
    if not good:
        raise LabDataError(f"{path}: holds no usable line ({skipped} were skipped)")


def _open(path: Path) -> gzip.GzipFile | IO[bytes]:
    return gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb")


def _parse(line: bytes, required: Mapping[str, Kind]) -> tuple[dict[str, Any] | None, str]:
    try:
        row = json.loads(line)
    except ValueError as error:  # UnicodeDecodeError is one, too
        return None, f"not JSON ({error})"
    if not isinstance(row, dict):
        return None, "not a JSON object"
    if missing := sorted(required.keys() - row.keys()):
        return None, f"lacks {', '.join(missing)}"
    if wrong := [key for key, kind in required.items() if not isinstance(row[key], kind)]:
        return None, f"{', '.join(wrong)}: not what belongs there"
    return row, ""
