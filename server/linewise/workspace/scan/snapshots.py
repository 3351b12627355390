"""The trend of a workspace: a few figures per commit, taken when it is scanned.

They are read with the calibration that comes with the probe, whatever is in force, so that they
change with the code and not with a fit.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import cattrs
from attrs import frozen

from linewise.workspace.git import GitError, output
from linewise.workspace.scan.store import Store

if TYPE_CHECKING:
    from linewise.workspace.scan.line_statistics import LineStatistics


@frozen
class Commit:
    """What is checked out; ``time`` in seconds since 1970, ``dirty`` if tracked files differ."""

    hash: str
    time: int
    dirty: bool


@frozen
class Figures:
    """Of all lines: their number, mean probability, the share from the threshold on."""

    files: int
    units: int
    lines: int
    mean: float
    flagged: float


@frozen
class Snapshot:
    """The figures of a commit."""

    commit: Commit
    figures: Figures


def commit_of(root: Path) -> Commit | None:
    """Return what is checked out at ``root``, None outside a repository or before any commit."""
    try:
        hash_, time = output(root, "log", "-1", "--format=%H %ct", "HEAD").decode().split()
        changed = output(root, "status", "--porcelain", "--untracked-files=no")
    except (GitError, ValueError):
        return None
    return Commit(hash_, int(time), bool(changed.strip()))


def has_snapshot(store: Store, reader: int, commit: Commit) -> bool:
    """Whether there is one of the commit itself, or one as dirty as ``commit``."""
    with store.database.reading() as rows:
        row = rows.execute(
            "SELECT dirty FROM snapshots WHERE reader = ? AND hash = ?", (reader, commit.hash)
        ).fetchone()
    return row is not None and row[0] <= commit.dirty


def keep_snapshot(store: Store, reader: int, commit: Commit, found: LineStatistics) -> None:
    """Keep the figures of a commit, unless it is dirty and there are those of the commit itself."""
    everything = found.everything
    figures = Figures(
        found.files,
        found.units,
        everything.lines,
        everything.mean.value,
        everything.flagged.value,
    )
    with store.database.writing() as rows:
        rows.execute(
            "INSERT INTO snapshots (reader, hash, committed, dirty, figures) "
            "VALUES (?, ?, ?, ?, ?) ON CONFLICT (reader, hash) DO UPDATE SET "
            "dirty = excluded.dirty, figures = excluded.figures "
            "WHERE excluded.dirty <= snapshots.dirty",
            (
                reader,
                commit.hash,
                commit.time,
                commit.dirty,
                json.dumps(cattrs.unstructure(figures)),
            ),
        )


def snapshots(store: Store, reader: int) -> tuple[Snapshot, ...]:
    """Return all snapshots, by the time of the commit."""
    with store.database.reading() as rows:
        found = rows.execute(
            "SELECT hash, committed, dirty, figures FROM snapshots WHERE reader = ? "
            "ORDER BY committed, hash",
            (reader,),
        ).fetchall()
    return tuple(
        Snapshot(Commit(hash_, time, bool(dirty)), cattrs.structure(json.loads(figures), Figures))
        for hash_, time, dirty, figures in found
    )
