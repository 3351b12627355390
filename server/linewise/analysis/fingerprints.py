"""Fingerprints: what a line is recognized by after it moved, without a line number.

They depend on what the line says but for white space, the function or class it stands in, and how
many lines above it in there say the same. Decisions of the user and baselines are kept by them;
reports hold those `among_files`.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable

from linewise.analysis.lines import LineTable
from linewise.results import LineScore

LENGTH = 16
AMONG_FILES_LENGTH = 32


def fingerprint(text: str, unit: str, occurrence: int = 0) -> str:
    """Return the fingerprint of a line: 16 hexadecimal digits of a SHA-256.

    ``occurrence`` counts the lines above it in the ``unit`` that say the same.
    """
    identity = "\0".join((unit, " ".join(text.split()), str(occurrence)))
    return hashlib.sha256(identity.encode("utf-8", "surrogatepass")).hexdigest()[:LENGTH]


def among_files(name: str, fingerprint: str) -> str:
    """Return a line's fingerprint among the files of a repository: 32 hexadecimal digits.

    ``name`` is the file's path in there, with forward slashes.
    """
    identity = f"{name}\0{fingerprint}".encode("utf-8", "surrogatepass")
    return hashlib.sha256(identity).hexdigest()[:AMONG_FILES_LENGTH]


def fingerprints(table: LineTable, scores: Iterable[LineScore]) -> dict[int, str]:
    """Return the fingerprints of scored lines, in line order, by 0-based line."""
    seen: Counter[tuple[str, str]] = Counter()
    found: dict[int, str] = {}
    for score in scores:
        text = table.content(score.line)
        key = score.unit, " ".join(text.split())
        found[score.line] = fingerprint(text, score.unit, seen[key])
        seen[key] += 1
    return found
