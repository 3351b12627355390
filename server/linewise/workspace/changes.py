"""Which lines of a text changed since a revision of its repository, and which of its files.

Compared line by line, by what they say but for white space (`analysis.white_space`). A file that
git knows to be renamed is compared with what it was. Old texts are only ever compared with: they
have no limits, and no content that cannot be read (`old_texts`).
"""

from __future__ import annotations

import hashlib
import os
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from threading import Lock
from typing import Generic, TypeVar

from linewise.analysis.common_lines import common_pairs
from linewise.analysis.lines import LineTable
from linewise.analysis.white_space import squeezed_lines
from linewise.workspace.decisions import place_of
from linewise.workspace.git import GitError, git_folders, output, read_blob
from linewise.workspace.old_texts import lines_of
from linewise.workspace.revisions import base_name, resolve
from linewise.workspace.store import signature

KEPT_TEXTS = KEPT_ANSWERS = 64
_HEADS = ("refs/heads", "refs/remotes", "refs/tags", "refs")
_BLOCK = 1 << 20
Key = TypeVar("Key")
Value = TypeVar("Value")


_Key = tuple[str, str, object]


class Changes:
    """The lines that changed since revisions of one repository.

    Old texts are read once, and compared once with the same text. May be asked on several threads,
    none of which waits for another.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._commits: dict[str, tuple[str, str | None]] = {}
        self._texts: _Latest[_Key, tuple[str, ...] | None] = _Latest(KEPT_TEXTS)
        self._answers: _Latest[tuple[_Key, bytes], frozenset[int]] = _Latest(KEPT_ANSWERS)
        self._renames: tuple[object, dict[str, str]] = None, {}
        self.problem: str | None = None

    def version(self, revision: str) -> str:
        """Return what changes whenever ``revision`` may name another commit; starts no process."""
        own, common = git_folders(self._root)
        places = [own / "HEAD", own / "logs" / "HEAD", own / "index", common / "packed-refs"]
        places += [common / prefix / base_name(revision) for prefix in _HEADS]
        return repr([signature(place) for place in places])

    def lines(self, name: str, table: LineTable, revision: str) -> frozenset[int] | None:
        """Return the 0-based lines that are new or other than at ``revision``.

        All lines of a file that was not there yet. None, and ``problem`` says why, where git knows
        no such revision. Starts a process the first time.
        """
        commit = self._commit(revision)
        if commit is None:
            return None
        # The index is where git learns that a file was renamed.
        key = commit, name, signature(git_folders(self._root)[0] / "index")
        digest = hashlib.sha256(table.text.encode("utf-8", "surrogatepass")).digest()
        return self._answers.get((key, digest), lambda: self._compared(key, table))

    def _compared(self, key: _Key, table: LineTable) -> frozenset[int]:
        before = self._texts.get(key, lambda: self._text(*key))
        if before is None:
            return frozenset(range(len(table)))
        return changed_lines(before, [table.content(line) for line in range(len(table))])

    def _commit(self, revision: str) -> str | None:
        version = self.version(revision)
        if self._commits.get(revision, ("", None))[0] != version:
            self.problem, commit = None, None
            try:
                commit = resolve(self._root, revision)
            except GitError as error:
                self.problem = f"changedSince: {error}; all lines are shown"
            self._commits[revision] = version, commit
        return self._commits[revision][1]

    def _text(self, commit: str, name: str, index: object) -> tuple[str, ...] | None:
        data = self._content(commit, name, index)
        return None if data is None else tuple(lines_of(data))

    def _content(self, commit: str, name: str, index: object) -> bytes | None:
        place = f"{commit}:{name}"
        if (data := read_blob(self._root, place)) is not None:
            return data
        if not self._is_file(commit, name):
            old = self._renamed(commit, index).get(name)
            return None if old is None else read_blob(self._root, f"{commit}:{old}")
        self.problem = (
            f"changedSince: the content of {name} at {commit[:12]} is not in this partial clone; "
            f"all its lines are shown, until `git cat-file -e {commit[:12]}:{name}` fetched it"
        )
        return None

    def _is_file(self, commit: str, name: str) -> bool:
        """Whether there was a file of a name; its content need not be there."""
        place = ("-z", "--full-tree", commit, "--", f":(literal){name}")
        try:
            return b" blob " in output(self._root, "ls-tree", *place).partition(b"\t")[0]
        except GitError:
            return False

    def _renamed(self, commit: str, index: object) -> dict[str, str]:
        """Return the files of the index that had another name at a commit, and that name."""
        if self._renames[0] != (commit, index):
            options = ("--cached", "-M", "-z", "--name-status", "--diff-filter=R")
            try:
                listing = output(self._root, "diff-index", *options, commit, "--")
            except GitError:
                listing = b""
            # A status, the old name and the new one, over and over.
            words = [os.fsdecode(word) for word in listing.split(b"\0")]
            renames = dict(zip(words[2::3], words[1::3], strict=False))
            self._renames = (commit, index), renames
        return self._renames[1]


def changed_files(root: Path, revision: str, files: Iterable[Path]) -> list[Path]:
    """Return those of a repository's files that are other than at a revision, or were not there.

    What cannot be read is taken to be other. Starts three processes at most, and none of the
    programs that a repository's settings may name to convert files: a file whose line endings are
    converted may be returned without need.

    Raises
    ------
    GitError
        If git knows no such revision; the message says what to do.
    """
    commit = resolve(root, revision)
    listing = output(root, "ls-tree", "-r", "-z", "--full-tree", commit)
    blobs = dict(_tree_entry(entry) for entry in listing.split(b"\0") if entry)
    return [
        file
        for file in files
        if (blob := blobs.get(os.fsencode(place_of(file).name))) is None
        or blob != _blob_of(file, len(blob))
    ]


def unmerged(root: Path) -> list[str]:
    """Return the files in which a merge, a rebase or a cherry-pick left conflicts."""
    listing = output(root, "ls-files", "-u", "-z").split(b"\0")
    return sorted({os.fsdecode(entry.partition(b"\t")[2]) for entry in listing if entry})


def changed_lines(before: Sequence[str], after: Sequence[str]) -> frozenset[int]:
    """Return the indices of the lines of ``after`` that a line-by-line difference adds.

    As few as there can be. White space counts only where it changes what a line says.
    """
    same = {to for _, to in common_pairs(squeezed_lines(before), squeezed_lines(after))}
    return frozenset(line for line in range(len(after)) if line not in same)


class _Latest(Generic[Key, Value]):
    """Remembers the values asked for last; two threads that ask at once may both make one."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: OrderedDict[Key, Value] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Key, make: Callable[[], Value]) -> Value:
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
                return self._values[key]
        value = make()
        with self._lock:
            self._values[key] = value
            if len(self._values) > self._most:
                self._values.popitem(last=False)
        return value


def _tree_entry(entry: bytes) -> tuple[bytes, str]:
    facts, _, name = entry.partition(b"\t")
    return name, facts.rsplit(b" ", 1)[-1].decode()


def _blob_of(file: Path, digits: int) -> str | None:
    """Return the id that git gives a file's content, in a repository whose ids are that long."""
    found = hashlib.sha1(usedforsecurity=False) if digits == 40 else hashlib.sha256()
    try:
        if not file.is_file():
            return None  # reading a pipe would wait for somebody to write
        with file.open("rb") as content:
            found.update(b"blob %d\0" % os.fstat(content.fileno()).st_size)
            while block := content.read(_BLOCK):
                found.update(block)
    except OSError:
        return None
    return found.hexdigest()
