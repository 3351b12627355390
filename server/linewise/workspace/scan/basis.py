"""What a stored answer about a file rests on beside the file: it holds only while that holds."""

from __future__ import annotations

from attrs import frozen

from linewise import __version__
from linewise.settings import Settings
from linewise.writing import to_json

RULES = 1
"""Raised whenever anything changes that decides whether a file is read, or the facts of its lines.

Files are then read once more. What a model made of their units is kept, so that costs no pass.
"""
_MOST = 2**63 - 1
"""What SQLite holds; nothing is as long."""


@frozen
class Basis:
    """What is stored of a file holds if it was found out on this.

    A refusal holds on the same ``refusal``. A reading holds on the same ``facts``, whatever the
    limits were, as long as the file has no more than ``most_lines`` and ``most_bytes``.
    """

    most_lines: int
    most_bytes: int
    refusal: str
    facts: str


def basis_of(settings: Settings) -> Basis:
    """Return what is found out of a file with these settings rests on."""
    lines, size = settings.max_file_lines, settings.max_file_bytes
    return Basis(
        min(lines, _MOST),
        min(size, _MOST),
        # Also on the version: one that refuses by mistake is followed by one that does not.
        to_json([RULES, __version__, lines, size], indent=None),
        to_json([RULES, sorted(settings.names)], indent=None),
    )
