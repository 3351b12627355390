"""Fingerprints: what a line is recognized by after it moved, without a line number.

They depend on what the line says but for white space (`white_space`), the function or class it
stands in, and how many lines above it in there say the same. Decisions of the user and baselines
are kept by them; reports hold those `among_files`.

Once, a run of white space counted as one blank. What was kept then is still recognized, for as long
as nothing in the line changes: each line has a former fingerprint beside its own.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping

from attrs import frozen

from linewise.analysis.lines import LineTable
from linewise.analysis.white_space import squeezed, squeezed_lines
from linewise.results import CodeLine, LineScore

LENGTH = 16
AMONG_FILES_LENGTH = 32


@frozen(eq=False)
class Fingerprints(Mapping[int, str]):
    """The fingerprints of scored lines by 0-based line, in line order; and the ``former`` ones."""

    present: Mapping[int, str]
    former: Mapping[int, str]

    def __getitem__(self, line: int) -> str:
        return self.present[line]

    def __iter__(self) -> Iterator[int]:
        return iter(self.present)

    def __len__(self) -> int:
        return len(self.present)

    def of(self, line: int) -> frozenset[str]:
        """Return all fingerprints by which something may be known of a line; none are written."""
        return frozenset((self.present[line], self.former.get(line, self.present[line])))

    @property
    def known_by(self) -> frozenset[str]:
        """All fingerprints by which something may be known of any line."""
        return frozenset((*self.present.values(), *self.former.values()))


def fingerprint(text: str, unit: str, occurrence: int = 0) -> str:
    """Return the fingerprint of a line: 16 hexadecimal digits of a SHA-256.

    ``occurrence`` counts the lines above it in the ``unit`` that say the same.
    """
    return _digest(squeezed(text), unit, occurrence)


def among_files(name: str, fingerprint: str) -> str:
    """Return a line's fingerprint among the files of a repository: 32 hexadecimal digits.

    ``name`` is the file's path in there, with forward slashes.
    """
    identity = f"{name}\0{fingerprint}".encode("utf-8", "surrogatepass")
    return hashlib.sha256(identity).hexdigest()[:AMONG_FILES_LENGTH]


def fingerprints(table: LineTable, lines: Iterable[LineScore | CodeLine]) -> Fingerprints:
    """Return the fingerprints of the code lines of a text, all of them: which are alike counts."""
    lines = tuple(lines)
    said = squeezed_lines(table.content(line) for line in range(len(table)))
    present = _prints(lines, said.__getitem__)
    former = _prints(lines, lambda line: " ".join(table.content(line).split()))
    taken = frozenset(present.values())
    # What is the fingerprint of a line by now is not that of another by what was once.
    return Fingerprints(present, {line: each for line, each in former.items() if each not in taken})


def _prints(lines: Iterable[LineScore | CodeLine], said: Callable[[int], str]) -> dict[int, str]:
    seen: Counter[tuple[str, str]] = Counter()
    found: dict[int, str] = {}
    for each in lines:
        key = each.unit, said(each.line)
        found[each.line] = _digest(key[1], each.unit, seen[key])
        seen[key] += 1
    return found


def _digest(said: str, unit: str, occurrence: int) -> str:
    identity = "\0".join((unit, said, str(occurrence)))
    return hashlib.sha256(identity.encode("utf-8", "surrogatepass")).hexdigest()[:LENGTH]
