"""Where the statistics of a workspace lie: never in the workspace itself."""

from __future__ import annotations

import os
from pathlib import Path

from linewise.workspace.git import find_root
from linewise.workspace.store import folder_of

FILE = "statistics.sqlite"


def workspace_root(path: Path) -> Path:
    """Return the workspace that holds ``path``: its repository, or else the folder itself."""
    folder = path if path.is_dir() else path.parent
    return find_root(folder) or folder.absolute()


def path_of(root: Path, folder: Path | None = None) -> Path:
    """Return where the store of a workspace is, below ``folder`` or the user's state folder."""
    place = folder_of(root)
    return (place if folder is None else folder / place.name) / FILE


def below(root: Path, folder: Path) -> bytes:
    """Return what paths in a folder begin with, below the root: nothing, or it and a slash."""
    name = os.fsencode(folder.relative_to(root).as_posix())
    return b"" if name == b"." else name + b"/"
