"""The difference between a failing program and a donor, in units that can be taken or left."""

from __future__ import annotations

from collections.abc import Collection
from difflib import SequenceMatcher

from attrs import frozen

from linewise.lab.patches.donors import Anonymised
from linewise.lab.patches.edits import whole_lines


@frozen
class Unit:
    """One line's change: replace or delete line ``at``, or insert a line before it.

    ``at`` counts code lines of the failing program from 0; ``new`` is None for a deletion.
    ``order`` sorts units within a program; ``hunk`` numbers the difference a unit is part of.
    """

    at: int
    new: str | None
    insert: bool
    order: int
    hunk: int


@frozen(eq=False)
class Patchable:
    """A failing program, ready to have units applied to it."""

    lines: tuple[str, ...]
    """All its lines, with line ends."""
    code: Anonymised
    newline: str

    @classmethod
    def of(cls, text: str) -> Patchable:
        """Read a failing program."""
        newline = "\r\n" if "\r\n" in text else "\n"
        return cls(whole_lines(text), Anonymised.of(text), newline)

    def units(self, donor: tuple[str, ...]) -> list[Unit]:
        """Return what has to change for the code lines to be ``donor``'s."""
        ours = self.code.lines
        units: list[Unit] = []
        matcher = SequenceMatcher(None, ours, donor, autojunk=False)
        for hunk, (tag, first, last, start, end) in enumerate(matcher.get_opcodes()):
            if tag == "equal":
                continue
            for at, new, insert in _paired(ours, donor, range(first, last), range(start, end)):
                units.append(Unit(at, new, insert, len(units), hunk))
        return units

    def apply(self, units: Collection[Unit]) -> str:
        """Return the program with these units applied; all other lines stay as they are."""
        before: dict[int, list[str]] = {}
        changed: dict[int, str | None] = {}
        for unit in sorted(units, key=lambda each: each.order):
            if unit.insert:
                before.setdefault(self._line(unit.at), []).append(unit.new or "")
            else:
                changed[self._line(unit.at)] = unit.new
        pieces: list[str] = []
        for number, line in enumerate(self.lines):
            pieces += [new + self.newline for new in before.get(number, ())]
            if number not in changed:
                pieces.append(line)
            elif (new := changed[number]) is not None:
                pieces.append(new + line[len(line.rstrip("\r\n")) :])
        tail = before.get(len(self.lines), ())
        if tail and pieces and not pieces[-1].endswith(("\n", "\r")):
            pieces.append(self.newline)
        return "".join((*pieces, *(new + self.newline for new in tail)))

    def _line(self, at: int) -> int:
        """Return the 0-based line of a code line; one past the last is past its line."""
        numbers = self.code.numbers
        if at < len(numbers):
            return numbers[at]
        return numbers[-1] + 1 if numbers else len(self.lines)


def _paired(
    ours: tuple[str, ...], donor: tuple[str, ...], old: range, new: range
) -> list[tuple[int, str | None, bool]]:
    """Pair the lines of a hunk in order, the most similar with each other.

    Returns (line, new text, inserted before it), in the order of the text.
    """
    # best[i][j]: the most similarity that the first i old and j new lines can have in pairs.
    best = [[0.0] * (len(new) + 1) for _ in range(len(old) + 1)]
    alike = {
        (i, j): 0.1 + SequenceMatcher(None, ours[old[i]], donor[new[j]], autojunk=False).ratio()
        for i in range(len(old))
        for j in range(len(new))
    }
    for i in range(1, len(old) + 1):
        for j in range(1, len(new) + 1):
            best[i][j] = max(
                best[i - 1][j], best[i][j - 1], best[i - 1][j - 1] + alike[i - 1, j - 1]
            )
    i, j = len(old), len(new)
    found: list[tuple[int, str | None, bool]] = []
    while i or j:
        if i and j and best[i][j] == best[i - 1][j - 1] + alike[i - 1, j - 1]:
            i, j = i - 1, j - 1
            found.append((old[i], donor[new[j]], False))
        elif j and (not i or best[i][j] == best[i][j - 1]):
            j -= 1
            found.append((old[i] if i < len(old) else old.stop, donor[new[j]], True))
        else:
            i -= 1
            found.append((old[i], None, False))
    return found[::-1]
