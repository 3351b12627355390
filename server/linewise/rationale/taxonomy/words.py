"""Words: what identifiers, comments and strings say in natural language."""

from __future__ import annotations

import re
from collections.abc import Iterator

# Letters with an English contraction's ending, or digits; `_` joins words as a space does.
_RUN = re.compile(r"[^\W\d_]+(?:['’](?:t|s|re|ve|ll|d|m)\b)?|\d+")


def words(text: str) -> tuple[tuple[int, int], ...]:
    """Return the spans of the words of ``text``, in order, in code points and end exclusive.

    A word is a run of letters or of digits, cut where its case says that a new one begins:
    ``parse_HTTPResponse2`` holds parse, HTTP, Response and 2. A text of one letter has no words:
    ``a`` as a name is a symbol, not a determiner.
    """
    if len(text) == 1:
        return ()
    return tuple(span for run in _RUN.finditer(text) for span in _cut(run.group(), run.start()))


def _cut(run: str, offset: int) -> Iterator[tuple[int, int]]:
    start = 0
    if not (run.islower() or run.isupper()):
        for at in range(1, len(run)):
            opens = run[at].isupper() and (run[at - 1].islower() or run[at + 1 : at + 2].islower())
            if opens:
                yield offset + start, offset + at
                start = at
    yield offset + start, offset + len(run)
