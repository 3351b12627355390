"""Which lines of a text changed since a revision of its repository.

Compared line by line without their terminators, as git does when it normalizes line endings.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from difflib import SequenceMatcher
from pathlib import Path

from linewise.analysis.lines import LineTable
from linewise.files import Skipped, decode_source
from linewise.settings import Settings
from linewise.workspace.git import GitError, git_folders, output
from linewise.workspace.store import signature

KEPT_TEXTS = 64
_HEADS = ("refs/heads", "refs/remotes", "refs/tags", "refs")


class Changes:
    """The lines that changed since revisions of one repository; old texts are read once."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._commits: dict[str, tuple[str, str | None]] = {}
        self._texts: OrderedDict[tuple[str, str], str | None] = OrderedDict()
        self.problem: str | None = None

    def version(self, revision: str) -> str:
        """Return what changes whenever ``revision`` may name another commit; starts no process."""
        own, common = git_folders(self._root)
        places = [own / "HEAD", own / "logs" / "HEAD", common / "packed-refs"]
        places += [common / prefix / revision for prefix in _HEADS]
        return repr([signature(place) for place in places])

    def lines(self, name: str, table: LineTable, revision: str) -> frozenset[int] | None:
        """Return the 0-based lines that are new or other than at ``revision``.

        All lines of a file that was not there yet. None, and ``problem`` says why, where git knows
        no such revision. Starts a process the first time.
        """
        commit = self._commit(revision)
        if commit is None:
            return None
        old = self._text(commit, name)
        if old is None:
            return frozenset(range(len(table)))
        before, after = LineTable(old), table
        return changed_lines(
            [before.content(line) for line in range(len(before))],
            [after.content(line) for line in range(len(after))],
        )

    def _commit(self, revision: str) -> str | None:
        version = self.version(revision)
        if self._commits.get(revision, ("", None))[0] != version:
            self.problem, commit = None, None
            try:
                asked = output(
                    self._root,
                    "rev-parse",
                    "--verify",
                    "--end-of-options",
                    f"{revision}^{{commit}}",
                )
                commit = asked.decode().strip()
            except GitError as error:
                self.problem = (
                    f"changedSince: {revision!r} names no commit of {self._root} ({error}); "
                    "all lines are shown"
                )
            self._commits[revision] = version, commit
        return self._commits[revision][1]

    def _text(self, commit: str, name: str) -> str | None:
        key = commit, name
        if key not in self._texts:
            try:
                data = output(self._root, "cat-file", "blob", f"{commit}:{name}")
            except GitError:
                self._texts[key] = None
            else:
                source = decode_source(data, Settings())
                self._texts[key] = None if isinstance(source, Skipped) else source.text
            if len(self._texts) > KEPT_TEXTS:
                self._texts.popitem(last=False)
        self._texts.move_to_end(key)
        return self._texts[key]


def changed_lines(before: Sequence[str], after: Sequence[str]) -> frozenset[int]:
    """Return the indices of the lines of ``after`` that a line-by-line difference adds."""
    shared = min(len(before), len(after))
    first = next((at for at in range(shared) if before[at] != after[at]), shared)
    rest = shared - first
    # What both begin and end with is most of a file; the matcher is quadratic in what is left.
    last = next((at for at in range(rest) if before[-1 - at] != after[-1 - at]), rest)
    old, new = before[first : len(before) - last], after[first : len(after) - last]
    blocks = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    return frozenset(
        first + line
        for kind, _, _, start, end in blocks
        if kind != "equal"
        for line in range(start, end)
    )
