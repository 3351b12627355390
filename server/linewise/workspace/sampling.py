"""Which of the labelled lines are scored: one unit of each of the most recent commits.

Lines of one commit rise and fall together, so a second unit of the same commit tells less than
one of another commit, and costs as much.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from pathlib import Path

from attrs import frozen

from linewise.analysis.code_lines import code_lines
from linewise.analysis.syntax import parse
from linewise.analysis.units import Unit, find_units
from linewise.files import Source, decode_source
from linewise.settings import Settings
from linewise.workspace.git import read_blob
from linewise.workspace.labels import Example, is_generated

MOST_COMMITS = 500
UNITS_OF_COMMIT = 1
LONGEST_UNIT = 200
"""Lines; longer units are tables of data more often than code, and cost minutes."""


@frozen(eq=False)
class Sampled:
    """Labelled code lines of one unit, and the text they stand in."""

    text: str
    unit: Unit
    examples: tuple[Example, ...]

    @property
    def blob(self) -> str:
        """The id of the text."""
        return self.examples[0].blob


def sample(
    root: Path,
    examples: Sequence[Example],
    *,
    most: int = MOST_COMMITS,
    progress: Callable[[int, int], None] = lambda _done, _of: None,
) -> tuple[Sampled, ...]:
    """Draw a unit from each of the last ``most`` commits with labelled code lines.

    ``examples`` are in the order they were written, and so is what is returned. The draw depends
    on nothing but the commits. ``progress`` hears (commits, of).
    """
    commits = [list(lines) for _, lines in groupby(examples, key=lambda each: each.commit)]
    found: list[list[Sampled]] = []
    for lines in reversed(commits):
        if len(found) == most:
            break
        if drawn := _draw(root, lines):
            found.append(drawn)
            progress(len(found), min(most, len(commits)))
    return tuple(each for drawn in reversed(found) for each in drawn)


def _draw(root: Path, lines: Sequence[Example]) -> list[Sampled]:
    """Draw units of one commit with labelled code lines, of as few files as will do."""
    found: list[Sampled] = []
    files: dict[str, list[Example]] = defaultdict(list)
    for each in lines:
        files[each.path].append(each)
    chance = random.Random(lines[0].commit)  # noqa: S311 - a draw, not a secret
    # File by file in random order, rather than all of them: reading and parsing is what costs.
    for path in chance.sample(sorted(files), len(files)):
        if len(found) == UNITS_OF_COMMIT:
            break
        units = list(_units(root, files[path]))
        found += chance.sample(units, min(UNITS_OF_COMMIT - len(found), len(units)))
    return found


def _units(root: Path, examples: Sequence[Example]) -> Iterator[Sampled]:
    content = read_blob(root, examples[0].blob)
    if content is None or is_generated(content):
        return
    source = decode_source(content, Settings())
    if not isinstance(source, Source):
        return
    syntax = parse(source.text)
    code = set(code_lines(syntax))
    valid = [
        each
        for each in examples
        # Git counts lines by line feeds alone; in a file with other ones the numbers differ.
        if each.line in code
        and syntax.lines.content(each.line).split() == _words(each.text, source.encoding)
    ]
    for unit in find_units(syntax):
        inside = tuple(each for each in valid if unit.first_line <= each.line <= unit.last_line)
        if inside and unit.last_line - unit.first_line < LONGEST_UNIT:
            yield Sampled(source.text, unit, inside)


def _words(line: bytes, encoding: str) -> list[str]:
    return line.decode(encoding, "replace").split()
