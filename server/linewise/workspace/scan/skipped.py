"""Why files were skipped, each reason once: without what is true of one file alone."""

from __future__ import annotations

import re
from collections.abc import Iterable

from linewise.results import Omission, OmissionKind, merged

_OF_ONE_FILE = (
    (re.compile(r"^[\d,]+ lines, above the limit of ([\d,]+)"), r"above the limit of \1 lines"),
    (re.compile(r" \([^()]* in line [\d,]+\)"), ""),
)


def skipped(problems: Iterable[tuple[str, str]]) -> tuple[Omission, ...]:
    """Return what to say of files by name, and why each of them could not be read."""
    return merged(
        Omission(OmissionKind.SKIPPED, 1, (name,), _kind(reason)) for name, reason in problems
    )


def _kind(reason: str) -> str:
    for pattern, instead in _OF_ONE_FILE:
        reason = pattern.sub(instead, reason)
    return reason
