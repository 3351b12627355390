"""Real code to measure with, scanned by the default model; and many times as much of it.

What a scan stores of a file can be stored again under another name, as units of their own. That
takes no model, so that ten thousand units are there in seconds, each as large as a real one.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from attrs import frozen

from linewise.workspace.scan.store import Store

PACKAGES = ("json", "concurrent", "logging")
_STDLIB = Path(sysconfig.get_path("stdlib"))
_STEP = 1_000_000
"""How far the ids of a copy are from those before."""
_FOLDERS = 12
"""That copies lie in."""
_TABLES = {
    # By table: its columns, and what they are in a copy.
    "units": (
        "id, reader, key, tokens, heads",
        "id + :shift, reader, CAST(substr(key, 1, 28) || :name AS BLOB), tokens, heads",
    ),
    "rationales": ("unit, method, sums, control", "unit + :shift, method, sums, control"),
    "repetitions": ("unit, method, weights", "unit + :shift, method, weights"),
    "files": (
        "id, path, size, modified, changed, inode, settled, content, problem",
        "id + :shift, CAST(:folder || '/' || :name || '/' || path AS BLOB), size, modified, "
        "changed, inode, settled, CAST(substr(content, 1, 28) || :name AS BLOB), problem",
    ),
    "readings": (
        "id, file, reader, content, length, lines",
        "id + :shift, file + :shift, reader, "
        "CAST(substr(content, 1, 28) || :name AS BLOB), length, lines",
    ),
    "totals": (
        "reading, method, explained, sums, control",
        "reading + :shift, method, explained, sums, control",
    ),
    "placements": (
        "reading, ordinal, unit, kind, name, first_line, last_line",
        "reading + :shift, ordinal, unit + :shift, kind, name, first_line, last_line",
    ),
}


def linewise(*arguments: object) -> None:
    """Run the command line; raise CalledProcessError if it fails."""
    command = [sys.executable, "-m", "linewise", *map(str, arguments)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


@frozen
class Sample:
    """A folder that was scanned; ``sizes`` are (units, bytes of the store) while that was done."""

    root: Path
    sizes: tuple[tuple[int, int], ...]


@contextmanager
def scanned(folder: Path) -> Iterator[Sample]:
    """Yield a sample in ``folder``; meanwhile, the state of workspaces is kept there too."""
    before = os.environ.get("LINEWISE_STATE_DIR")
    os.environ["LINEWISE_STATE_DIR"] = str(folder / "state")
    root, sizes = folder / "code", []
    try:
        for package in PACKAGES:
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(_STDLIB / package, root / package, ignore=ignored)
            linewise("scan", root)
            sizes.append(measured(root))
        yield Sample(root, tuple(sizes))
    finally:
        if before is None:
            del os.environ["LINEWISE_STATE_DIR"]
        else:
            os.environ["LINEWISE_STATE_DIR"] = before


def measured(root: Path) -> tuple[int, int]:
    """Return how many units a store holds, and its bytes."""
    with Store.open_existing(root, print) as store:
        return store.counts()["units"], store.database.size


def grow(root: Path, units: int) -> None:
    """Store the sample again under other names until there are at least so many units."""
    with Store.open_existing(root, print) as store:
        while store.counts()["units"] < units:
            with store.database.writing() as rows:
                number = rows.execute("SELECT max(id) FROM units").fetchone()[0] // _STEP + 1
                given = {
                    "shift": number * _STEP,
                    "name": f"{number:04}",
                    "folder": f"part{number % _FOLDERS}",
                    "step": _STEP,
                }
                for table, (columns, copied) in _TABLES.items():
                    key = columns.partition(",")[0]
                    rows.execute(
                        f"INSERT INTO {table} ({columns}) SELECT {copied} FROM {table} "
                        f"WHERE {key} < :step",
                        given,
                    )
