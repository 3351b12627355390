"""States of a repository: what changed since a commit, beside what git itself says."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random

from benchmarks.fuzz.faults import FaultError
from benchmarks.fuzz.texts import draw_text, mutate
from linewise.analysis.lines import LineTable
from linewise.analysis.white_space import squeezed_lines
from linewise.workspace.changes import Changes

FILES = 25
"""In one repository: each is one input."""
_NAMES = ("a b.py", "é.py", "tab\there.py", 'quote".py', "new\nline.py", "-f.py", "[x].py", "a.py")
_ENVIRONMENT = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "a",
    "GIT_AUTHOR_EMAIL": "a@example.org",
    "GIT_COMMITTER_NAME": "a",
    "GIT_COMMITTER_EMAIL": "a@example.org",
}


def check_states(random: Random) -> int:
    """Compare files of one repository with its last commit; return how many.

    Raises
    ------
    FaultError
        If more lines are said to be changed than git says, or what is left is not in the old text.
    """
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        _git(root, "init", "-q")
        before = {name: draw_text(random) for name in _names(random)}
        _write(root, before)
        _git(root, "add", "-A")
        _git(root, "commit", "-q", "--allow-empty", "-m", "a")
        after = {name: _edited(text, random) for name, text in before.items()}
        _write(root, after)
        counts = _added(root)
        changes = Changes(root)
        for name, text in after.items():
            _check(changes, name, before[name], text, counts.get(name, 0))
        return len(after)


def _names(random: Random) -> Iterator[str]:
    for number in range(FILES):
        yield f"{number}/{random.choice(_NAMES)}"


def _edited(text: str, random: Random) -> str:
    for _ in range(random.choice((0, 1, 2, 5))):
        text = mutate(text, random)
    return random.choice((text, text, draw_text(random)))


def _write(root: Path, texts: dict[str, str]) -> None:
    for name, text in texts.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_bytes(text.encode("utf-8", "surrogatepass"))


def _check(changes: Changes, name: str, old: str, new: str, added: int | None) -> None:
    if "\0" in new or "\ud800" in new:
        return  # no reader takes such a file
    table = LineTable(_clean(new))
    changed = changes.lines(name, table, "HEAD")
    if changed is None:
        raise FaultError(f"{changes.problem}")
    if not changed <= set(range(len(table))):
        raise FaultError("a line is changed that is not there")
    kept = [line for line in range(len(table)) if line not in changed]
    if not any(_in_order(lines(old), lines(new), kept) for lines in (_lines, _squeezed)):
        raise FaultError("a line counts as unchanged that was not there")
    # A single return ends lines here and not for git; of binary files it counts nothing.
    single = "\r" in old.replace("\r\n", "\n") + new.replace("\r\n", "\n")
    # The empty last line of an editor is no line of git's.
    if added is not None and not single and len(changed - {len(table) - 1}) > added:
        raise FaultError(f"{len(changed)} lines are changed, and {added} for git")


def _in_order(old: list[str], new: list[str], kept: list[int]) -> bool:
    was = iter(old)
    return all(new[line] in was for line in kept)


def _lines(text: str) -> list[str]:
    table = LineTable(_clean(text))
    return [table.content(line) for line in range(len(table))]


def _squeezed(text: str) -> list[str]:
    return squeezed_lines(_lines(text))


def _clean(text: str) -> str:
    """Return a text as a reader of its file has it."""
    return text.encode("utf-8", "surrogatepass").decode("utf-8", "replace").removeprefix("\ufeff")


def _added(root: Path) -> dict[str, int | None]:
    """Return how many lines git says were added to each file."""
    listing = _git(root, "diff", "--text", "--numstat", "-z", "HEAD")
    found: dict[str, int | None] = {}
    for entry in listing.split(b"\0"):
        if entry:
            count, _, name = entry.split(b"\t", 2)
            found[os.fsdecode(name)] = None if count == b"-" else int(count)
    return found


def _git(root: Path, *arguments: str) -> bytes:
    command: Sequence[str] = ("git", "-C", str(root), "-c", "core.autocrlf=false", *arguments)
    done = subprocess.run(
        command, capture_output=True, check=True, env={**os.environ, **_ENVIRONMENT}
    )
    return done.stdout
