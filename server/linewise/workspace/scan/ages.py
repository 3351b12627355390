"""How long ago lines were written by their author, by what git says of each line."""

from __future__ import annotations

import re
from pathlib import Path

from linewise.workspace.git import GitError, output

_DAY = 86_400
_LIMITS = ((7, "a week"), (30, "a month"), (182, "half a year"), (730, "two years"))
UNKNOWN_AGE = "not committed"
AGES = (UNKNOWN_AGE, *(f"up to {name}" for _, name in _LIMITS), "older", "before the clone begins")
"""By age; what a shallow clone does not know the age of comes last."""
_HEADER = re.compile(rb"([0-9a-f]{40,64}) \d+ (\d+)")
_NOT_COMMITTED = re.compile(r"0+")


def line_ages(root: Path, path: str, now: float, *, shallow: bool) -> dict[int, int]:
    """Return, by 0-based line of a file below ``root``, the place of its age among `AGES`.

    ``now`` is in seconds since 1970. Lines without an entry are not known to git, all of them if
    the file is not tracked.
    """
    try:
        blamed = output(root, "blame", "-w", "--porcelain", "--", path)
    except GitError:
        return {}
    times: dict[str, int] = {}
    bounds: set[str] = set()
    lines: list[tuple[int, str]] = []
    commit = ""
    for line in blamed.split(b"\n"):
        if line.startswith(b"\t"):
            continue
        if (found := _HEADER.match(line)) is not None:
            commit = found[1].decode()
            lines.append((int(found[2]) - 1, commit))
        elif line.startswith(b"author-time "):
            times[commit] = int(line.split()[1])
        elif line == b"boundary" and shallow:
            bounds.add(commit)
    return {
        number: len(AGES) - 1 if commit in bounds else _place(commit, times[commit], now)
        for number, commit in lines
    }


def is_shallow(root: Path) -> bool:
    """Whether a clone's history was cut off."""
    try:
        return output(root, "rev-parse", "--is-shallow-repository").strip() == b"true"
    except GitError:
        return False


def _place(commit: str, time: int, now: float) -> int:
    if _NOT_COMMITTED.fullmatch(commit):
        return 0
    days = (now - time) / _DAY
    return next((n for n, (limit, _) in enumerate(_LIMITS, 1) if days <= limit), len(_LIMITS) + 1)
