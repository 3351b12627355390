"""How long ago lines were written by their author, by what git says of each line."""

from __future__ import annotations

import re
from pathlib import Path

from linewise.workspace.clones import explained
from linewise.workspace.git import GitFailedError, output

_DAY = 86_400
_LIMITS = ((7, "a week"), (30, "a month"), (182, "half a year"), (730, "two years"))
UNKNOWN_AGE = "not committed"
AGES = (UNKNOWN_AGE, *(f"up to {name}" for _, name in _LIMITS), "older", "before the clone begins")
"""By age; what a shallow clone does not know the age of comes last."""
_BLAME = (
    # All that it depends on is stated; and nothing that the repository names is run.
    "-c", "blame.ignoreRevsFile=",
    "-c", "blame.markIgnoredLines=false",
    "-c", "blame.markUnblamableLines=false",
    "-c", "blame.showRoot=false",
    "blame", "-w", "--porcelain", "--no-textconv", "--encoding=none",
)  # fmt: skip
_UNTRACKED = re.compile("fatal: (no such path|cannot stat path)")
_HEADER = re.compile(rb"([0-9a-f]{40,64}) \d+ (\d+)")
_NOT_COMMITTED = re.compile(r"0+")


def line_ages(root: Path, path: str, now: float, *, shallow: bool) -> dict[int, int]:
    """Return, by 0-based line of a file below ``root``, the place of its age among `AGES`.

    ``now`` is in seconds since 1970. Lines without an entry are not known to git, all of them if
    the file is not tracked.

    Raises
    ------
    GitError
        If git cannot say: it is missing, does not read the repository, or lacks contents of it; the
        message says what to do.
    """
    try:
        blamed = output(root, *_BLAME, "--", path)
    except GitFailedError as error:
        if _UNTRACKED.match(error.reason):
            return {}
        raise explained(root, error) from error
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


def _place(commit: str, time: int, now: float) -> int:
    if _NOT_COMMITTED.fullmatch(commit):
        return 0
    days = (now - time) / _DAY
    return next((n for n, (limit, _) in enumerate(_LIMITS, 1) if days <= limit), len(_LIMITS) + 1)
