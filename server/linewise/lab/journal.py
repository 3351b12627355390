"""What was already found, by content: a job that is started again goes on where it was."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

log = logging.getLogger(__name__)


class Journal:
    """Results under keys, in a file to which each is appended as soon as it is there.

    One process at a time may write it. A line cut off by a crash is dropped, and found again.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._results: dict[str, dict[str, Any]] = {}
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists():
            for number, line in enumerate(path.read_bytes().splitlines(), 1):
                if not line:
                    continue
                try:
                    entry = json.loads(line)
                    self._results[entry["key"]] = entry["result"]
                except (ValueError, KeyError, TypeError):
                    log.warning("%s:%d: damaged, will be made again", path, number)
        self._file = path.open("ab")
        if self._file.tell():
            self._file.write(b"\n")  # Whatever the last line lacked, the next one is whole.

    def get(self, key: str) -> dict[str, Any] | None:
        """Return the result under ``key``, None if there is none."""
        return self._results.get(key)

    def put(self, key: str, result: dict[str, Any]) -> None:
        """Remember a JSON-able result, now and for later runs."""
        self._results[key] = result
        self._file.write(json.dumps({"key": key, "result": result}).encode() + b"\n")
        self._file.flush()

    def rows(self, keys: Iterable[str]) -> Iterator[dict[str, Any]]:
        """Yield the rows of the results under ``keys``, in their order, once each."""
        for key in dict.fromkeys(keys):
            yield from self._results[key]["rows"]

    def close(self) -> None:
        """Close the file."""
        self._file.close()
