"""Files that git knows and leaves out of the work tree: sparse checkouts, ``skip-worktree``.

That they are not on the disk does not mean that somebody deleted them.
"""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath

from linewise.workspace.git import GitError, find_root, git_folders, output
from linewise.workspace.store import signature

_SKIPPED = b"S "


class LeftOut:
    """The files that repositories leave out; each is asked once, until its index changes."""

    def __init__(self) -> None:
        self._known: dict[Path, tuple[object, frozenset[str] | None]] = {}

    def holds(self, path: Path) -> bool:
        """Whether git leaves a file out; starts a process the first time.

        Where git cannot be asked, a file may be left out if any are by a sparse checkout.
        """
        root = find_root(path.parent)
        if root is None:
            return False
        names = self._of(root)
        name = PurePosixPath(path.relative_to(root).as_posix())
        # A submodule is left out with all that is in it.
        return names is None or any(str(each) in names for each in (name, *name.parents))

    def _of(self, root: Path) -> frozenset[str] | None:
        version = index_version(root)
        if self._known.get(root, (None, None))[0] != version:
            self._known[root] = version, _left_out(root)
        return self._known[root][1]


def index_version(root: Path) -> object:
    """Return what changes whenever what git leaves out in a repository may."""
    return signature(git_folders(root)[0] / "index")


def _left_out(root: Path) -> frozenset[str] | None:
    try:
        listing = output(root, "ls-files", "-t", "-z", "--full-name")
    except GitError:
        unknown = (git_folders(root)[0] / "info" / "sparse-checkout").exists()
        return None if unknown else frozenset()
    entries = listing.split(b"\0")
    return frozenset(
        os.fsdecode(entry.removeprefix(_SKIPPED)) for entry in entries if entry.startswith(_SKIPPED)
    )
