"""Reading repositories through ``git`` itself, so that nothing in one can make it act.

A repository's own settings may name programs (signature checks, external diffs, file system
monitors) and servers to fetch missing objects from; every call here switches them off.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from linewise.errors import LinewiseError

_SAFE = (
    "-c", "core.fsmonitor=false",
    "-c", "log.showSignature=false",
    "-c", "core.quotePath=true",
    "-c", "protocol.allow=never",
)  # fmt: skip
_QUIET = {"GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", "GIT_NO_LAZY_FETCH": "1"}


class GitError(LinewiseError):
    """There is no git, no repository, or one that git cannot read."""


def find_root(path: Path) -> Path | None:
    """Return the top folder of the work tree (or bare repository) that holds ``path``, if any.

    Looks for ``.git`` upwards and starts no process.
    """
    start = normal(path)
    for folder in (start, *start.parents):
        if (folder / ".git").exists():
            return folder
        if (folder / "HEAD").is_file() and (folder / "objects").is_dir():
            return folder
    return None


def normal(path: Path) -> Path:
    """Return a path from the root of the file system on, without ``..``; links stay as they are."""
    return Path(os.path.normpath(path.absolute()))


def output(root: Path, *arguments: str, stdin: bytes = b"") -> bytes:
    """Run a git command in ``root`` and return what it printed.

    Raises
    ------
    GitError
        If git is missing or failed; the message is git's own.
    """
    try:
        done = subprocess.run(
            command(root, arguments), input=stdin, capture_output=True, check=True, env=_env()
        )
    except OSError as error:
        raise _missing() from error
    except subprocess.CalledProcessError as error:
        raise _failed(arguments, error.stderr) from error
    return done.stdout


@contextmanager
def stream(root: Path, *arguments: str) -> Iterator[IO[bytes]]:
    """Run a git command and yield its output while it runs.

    Raises
    ------
    GitError
        If git is missing, or if it failed and everything was read.
    """
    try:
        process = subprocess.Popen(
            command(root, arguments),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            # Not a pipe: nobody reads it while the output is read, and a full pipe would block.
            stderr=subprocess.DEVNULL,
            env=_env(),
        )
    except OSError as error:
        raise _missing() from error
    with process:
        assert process.stdout is not None  # noqa: S101 - it was asked for above
        try:
            yield process.stdout
        except BaseException:
            process.kill()
            raise
    if process.returncode:
        raise _failed(arguments, b"")


def read_blob(root: Path, blob: str) -> bytes | None:
    """Return the content of a blob by its id, None where the object is missing."""
    try:
        return output(root, "cat-file", "blob", blob)
    except GitError:
        return None


def command(root: Path, arguments: Sequence[str]) -> list[str]:
    """Return the full command line of a git call in ``root``."""
    return ["git", *_SAFE, "-C", str(root), *arguments]


def _env() -> dict[str, str]:
    # GIT_DIR and its like, set inside hooks, would point every call at another repository.
    kept = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    return kept | _QUIET


def _missing() -> GitError:
    return GitError("git cannot be started; install it and make sure it is on the PATH")


def _failed(arguments: Sequence[str], said: bytes) -> GitError:
    reason = said.decode("utf-8", "replace").strip().splitlines()
    detail = f": {reason[-1]}" if reason else ""
    return GitError(f"`git {arguments[0]}` failed{detail}")


def git_folders(root: Path) -> tuple[Path, Path]:
    """Return where a work tree's own HEAD lies and where the refs it shares do; starts no process.

    They differ in linked work trees, and a submodule's lie outside of it.
    """
    own = root / ".git"
    if not own.exists():
        return root, root  # a bare repository
    try:
        if own.is_file():
            own = root / own.read_text("utf-8").partition("gitdir:")[2].strip()
        return own, own / (own / "commondir").read_text("utf-8").strip()
    except (OSError, ValueError):
        return own, own
