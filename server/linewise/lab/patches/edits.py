"""Which lines and words of a program a repair touches: the labels of a patch.

Follows arXiv 2512.24560 §2.1: what a difference replaces or deletes is edited; what it inserts is
kept apart, and counts for what stands right after it.
"""

from __future__ import annotations

import difflib
from itertools import pairwise

from attrs import frozen

from linewise.analysis.code_lines import code_lines
from linewise.analysis.lines import LineTable
from linewise.analysis.syntax import parse


@frozen
class Edits:
    """A patch by lines, all counted from 1. ``inserts`` are (line inserted before, lines)."""

    replaced: tuple[int, ...]
    deleted: tuple[int, ...]
    inserts: tuple[tuple[int, int], ...]

    @property
    def lines(self) -> tuple[int, ...]:
        """Return the lines replaced or deleted."""
        return tuple(sorted((*self.replaced, *self.deleted)))

    @property
    def size(self) -> int:
        """Return how many lines the patch touches or adds."""
        return len(self.lines) + sum(lines for _, lines in self.inserts)

    @property
    def labelled(self) -> frozenset[int]:
        """Return the lines replaced, deleted, or right after an insertion."""
        return frozenset((*self.lines, *(at for at, _ in self.inserts)))


def line_edits(program: str, repaired: str) -> Edits:
    """Compare two programs line by line; white space at the end of a line does not count."""
    ours, theirs = ([line.rstrip() for line in whole_lines(text)] for text in (program, repaired))
    replaced: list[int] = []
    deleted: list[int] = []
    inserts: list[tuple[int, int]] = []
    matcher = difflib.SequenceMatcher(None, ours, theirs, autojunk=False)
    for _, first, last, start, end in matcher.get_opcodes():
        if ours[first:last] == theirs[start:end]:
            continue
        both = min(last - first, end - start)
        replaced += range(first + 1, first + both + 1)
        deleted += range(first + both + 1, last + 1)
        if end - start > both:
            inserts.append((last + 1, end - start - both))
    return Edits(tuple(replaced), tuple(deleted), tuple(inserts))


def whole_lines(text: str) -> tuple[str, ...]:
    """Return the lines of a text with their ends; nothing follows a last line end."""
    starts = [*LineTable(text).starts, len(text)]
    return tuple(text[start:end] for start, end in pairwise(starts) if end > start)


def code_line_numbers(program: str) -> list[int]:
    """Return the lines, counted from 1, that are not blank, comments or docstrings."""
    return [line + 1 for line in code_lines(parse(program))]
