"""Comparing trees of a repository where none of its settings and attributes hold.

What a difference between two trees is depends on the trees alone, but git lets settings (of the
repository, the user, the system) and attributes (``-diff``) have their say. A repository of its own
that borrows the objects, and nothing else, knows none of them.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from linewise.workspace import git

_SHA256 = "[core]\n\trepositoryformatversion = 1\n[extensions]\n\tobjectformat = sha256\n"
_NO_SETTINGS = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_ATTR_NOSYSTEM": "1",
}
_OPTIONS = (
    # The names of settings are heeded before version 2.32 of git; so they are stated.
    "-c", f"core.attributesFile={os.devnull}",
    "-c", "diff.suppressBlankEmpty=false",
    "-c", "core.bigFileThreshold=512m",
    "diff-tree",
    "--stdin",
    "-r",
    "--find-renames",
    "-l0",
    f"-O{os.devnull}",
    "--no-relative",
    "--ignore-submodules=none",
    "--no-color",
    "--no-ext-diff",
    "--no-textconv",
)  # fmt: skip


@contextmanager
def compared_trees(
    root: Path, pairs: Sequence[tuple[str, str]], *options: str
) -> Iterator[IO[bytes]]:
    """Yield what ``git diff-tree`` prints of pairs of trees of the repository at ``root``.

    Renames are looked for among all files, however many. Each pair begins with a line of both ids,
    even if its trees are the same.

    Raises
    ------
    GitError
        If git is missing, or if it failed and everything was read.
    """
    objects = git.output(root, "rev-parse", "--git-path", "objects")
    place = Path(os.path.normpath(root.absolute() / os.fsdecode(objects.rstrip(b"\n"))))
    asked = "".join(f"{old} {new}\n" for old, new in pairs).encode("ascii")
    with tempfile.TemporaryDirectory() as room:
        own = Path(room)
        (own / "refs").mkdir()
        (own / "HEAD").write_text("ref: refs/heads/none\n")
        if pairs and len(pairs[0][1]) == 64:
            (own / "config").write_text(_SHA256)
        borrowed = {"GIT_DIR": room, "GIT_OBJECT_DIRECTORY": str(place)}
        with git.stream(
            own, *_OPTIONS, *options, stdin=asked, env=borrowed | _NO_SETTINGS
        ) as stream:
            yield stream
