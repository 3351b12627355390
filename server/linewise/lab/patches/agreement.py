"""How far two datasets of patches agree on the same failing programs, and whose are smaller."""

from __future__ import annotations

import random
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from attrs import asdict, frozen

from linewise.lab.jsonl import rows
from linewise.lab.patches.edits import line_edits
from linewise.lab.record import write_record
from linewise.lab.table import read_table

_PATCH = {
    **dict.fromkeys(("sample_id", "program", "repaired_program"), str),
    "passing": bool,
}


@frozen
class Agreement:
    """Over the programs that both have a patch for; shares are between 0 and 1.

    ``identical`` counts patches with the same edited lines; ``overlap`` is the mean Jaccard index
    of the labelled lines (edited, or right after an insertion). ``smaller`` and ``larger`` say how
    often ours touches or adds fewer or more lines.
    """

    wanted: int
    found: int
    identical: float
    overlap: float
    smaller: float
    equal: float
    larger: float
    our_lines: float
    their_lines: float


def compare(ours: Iterable[dict[str, Any]], theirs: Iterable[dict[str, Any]]) -> Agreement:
    """Compare rows by ``sample_id``; ``theirs`` are those looked for, ``ours`` those found.

    Both patches are measured from the texts, by one rule. All shares are 0 where nothing was found.
    """
    known = {row["sample_id"]: row for row in theirs}
    pairs = [(row, known[row["sample_id"]]) for row in ours if row["sample_id"] in known]
    identical, overlap, sizes = 0, 0.0, []
    for mine, yours in pairs:
        a, b = (line_edits(row["program"], row["repaired_program"]) for row in (mine, yours))
        identical += a.lines == b.lines
        overlap += len(a.labelled & b.labelled) / max(1, len(a.labelled | b.labelled))
        sizes.append((a.size, b.size))
    count = max(1, len(pairs))
    return Agreement(
        wanted=len(known),
        found=len(pairs),
        identical=identical / count,
        overlap=overlap / count,
        smaller=sum(mine < yours for mine, yours in sizes) / count,
        equal=sum(mine == yours for mine, yours in sizes) / count,
        larger=sum(mine > yours for mine, yours in sizes) / count,
        our_lines=sum(mine for mine, _ in sizes) / count,
        their_lines=sum(yours for _, yours in sizes) / count,
    )


def drawn(folder: Path, count: int) -> frozenset[str]:
    """Return the ids of ``count`` programs with a patch in the folder, always the same ones."""
    known = sorted(_known(folder))
    random.Random(0).shuffle(known)  # noqa: S311 - no secret
    return frozenset(known[:count])


def write_agreement(record: Path, folder: Path, only: frozenset[str], table: Path) -> None:
    """Compare a table with the folder's patches of the programs ``only``; write the figures."""
    known = _known(folder)
    figures = compare(read_table(table), (known[sample] for sample in only))
    write_record(record, f"linewise lab patches --check {len(only)}", asdict(figures))


def _known(folder: Path) -> dict[str, dict[str, Any]]:
    found = rows(folder / "patches.jsonl.gz", _PATCH)
    return {row["sample_id"]: row for row in found if not row["passing"]}
