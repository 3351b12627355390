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
from linewise.workspace.clones import explained, explained_content
from linewise.workspace.decisions import place_of
from linewise.workspace.git import GitError, GitFailedError, git_folders, output
from linewise.workspace.old_texts import lines_of
from linewise.workspace.revisions import resolve, watched
from linewise.workspace.store import signature

KEPT_TEXTS = KEPT_ANSWERS = 64
_BLOCK = 1 << 20
_RENAMES = (
    # All that it depends on is stated: no setting has a say, and no number of files is too large.
    "-c", f"core.attributesFile={os.devnull}",
    "diff-index", "--cached", "-M", "-l0", "-z", "--name-status", "--diff-filter=R",
    f"-O{os.devnull}", "--no-relative", "--ignore-submodules=none",
)  # fmt: skip
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
        return repr([signature(place) for place in watched(self._root, revision)])

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
        try:
            found = self._blob(commit, name)
            if found is None and (old := self._renamed(commit, name, index)) is not None:
                found = self._blob(commit, old)
        except GitError as error:
            self._lacks(commit, name, error)
            return None
        return found

    def _blob(self, commit: str, name: str) -> bytes | None:
        """Return the content of a file at a commit, None if there is no such file."""
        place = ("-z", "--full-tree", commit, "--", f":(literal){name}")
        if b" blob " not in output(self._root, "ls-tree", *place).partition(b"\t")[0]:
            return None
        return output(self._root, "cat-file", "blob", f"{commit}:{name}")

    def _lacks(self, commit: str, name: str, error: GitError) -> None:
        said = explained_content(self._root, commit, name, error)
        self.problem = f"changedSince: {said}; until then all lines that may have are shown"

    def _renamed(self, commit: str, name: str, index: object) -> str | None:
        """Return the name that a file of the index had at a commit, None if it had no other."""
        if self._renames[0] != (commit, index):
            try:
                listing = output(self._root, *_RENAMES, commit, "--")
            except GitFailedError as error:
                # Without contents git still knows the files that are the same.
                self._lacks(commit, name, error)
                listing = output(self._root, *_RENAMES, "-M100%", commit, "--")
            # A status, the old name and the new one, over and over.
            words = [os.fsdecode(word) for word in listing.split(b"\0")]
            renames = dict(zip(words[2::3], words[1::3], strict=False))
            self._renames = (commit, index), renames
        return self._renames[1].get(name)


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
    try:
        listing = output(root, "ls-tree", "-r", "-z", "--full-tree", commit)
    except GitError as error:
        raise explained(root, error) from error
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

    As few as there can be. White space counts only where it changes what a line says; a string
    that one text leaves open may change what all lines below say, so they are also compared as
    they stand.
    """
    pairs = common_pairs(squeezed_lines(before), squeezed_lines(after))
    pairs = max(pairs, common_pairs(before, after), key=len)
    same = {to for _, to in pairs}
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
