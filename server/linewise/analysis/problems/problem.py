"""One thing that is known to be wrong with a line."""

from __future__ import annotations

from attrs import frozen


@frozen
class Problem:
    """What is wrong on a 0-based line.

    ``kind`` is one of `linewise.analysis.problems.names.KINDS` or
    `linewise.analysis.problems.flow.KINDS`; ``name`` the variable or function it is about.
    """

    line: int
    kind: str
    name: str
