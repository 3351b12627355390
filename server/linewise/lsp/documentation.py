"""Where the pages lie that come with Linewise: they are read from the disk, not from a site."""

from __future__ import annotations

from functools import cache
from pathlib import Path

FINDINGS = "findings.md#edit-risk"
_ROOTS = ("pages", "../../docs")  # in a wheel, in a checkout


@cache
def address(page: str) -> str | None:
    """Return the URI of a page, with its anchor if it names one; None if it is not there."""
    name, _, anchor = page.partition("#")
    for root in _ROOTS:
        path = (Path(__file__).parent.parent / root / name).resolve()
        if path.is_file():
            return f"{path.as_uri()}#{anchor}" if anchor else path.as_uri()
    return None
