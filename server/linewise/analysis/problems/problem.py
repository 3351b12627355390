"""One thing that is known to be wrong with a line, and what nothing is known of."""

from __future__ import annotations

from attrs import frozen

from linewise.results import OmissionKind


@frozen
class Problem:
    """What is wrong on a 0-based line.

    ``kind`` is one of `linewise.analysis.problems.names.KINDS` or
    `linewise.analysis.problems.flow.KINDS`; ``name`` the variable or function it is about.
    """

    line: int
    kind: str
    name: str


@frozen
class LeftOut:
    """Lines (0-based, both inclusive) of a statement that was not looked at, and why."""

    first: int
    last: int
    kind: OmissionKind
