"""One file as a reader reads it: its units, each read once, and the logits of its code lines.

A line's logit has two sources: what the probe's head makes of the unit the line stands in, which is
costly and depends on what the model was shown alone; and facts of the line in its file, which are
cheap. The first is kept by unit, so an edit costs the units it touches, and a renamed file nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np
from attrs import field, frozen

from linewise.analysis.line_facts import line_facts
from linewise.analysis.model_input import Tokenizer, document_inputs
from linewise.analysis.units import Unit
from linewise.rationale.explain_text import ExplainedText
from linewise.rationale.taxonomy.categories import NoCategories, categorize
from linewise.workspace.scan.records import HEAD, LINE, Rows

if TYPE_CHECKING:
    from linewise.engine import Engine, ScoredText

PORTION_TOKENS = 4096
"""About how many tokens are read between two writes: what a kill can cost."""
_MOST_PORTIONS = 8
"""Of a file: what is read of a file as a whole is read again for each."""


@frozen(eq=False)
class ShownUnit:
    """A unit, and by what its model inputs are recognized.

    ``lines`` are the 0-based code lines it holds; ``tokens`` counts those of all its inputs.
    """

    unit: Unit
    key: bytes
    tokens: int
    lines: tuple[int, ...] = field(repr=False)


def shown_units(text: ExplainedText, tokenizer: Tokenizer) -> tuple[ShownUnit, ...]:
    """Return the units of a text that hold code, in order."""
    code = sorted(text.code)
    found = []
    inputs = document_inputs(text.syntax, code, tokenizer)
    for unit, windows in groupby(inputs, key=lambda each: each.unit):
        lines = tuple(line for line in code if unit.first_line <= line <= unit.last_line)
        digest, tokens = hashlib.sha256(), 0
        for each in windows:
            digest.update(b"%d %d " % (len(each.ids), each.scored.start) + each.ids.tobytes())
            tokens += len(each.ids)
        # The same text may hold code here and a docstring there.
        digest.update(repr([line - unit.first_line for line in lines]).encode())
        found.append(ShownUnit(unit, digest.digest(), tokens, lines))
    return tuple(found)


def read_units(
    engine: Engine,
    text: ExplainedText,
    units: Sequence[ShownUnit],
    cancelled: Callable[[], bool],
    run: Callable[[Callable[[], ScoredText]], ScoredText] = lambda work: work(),
) -> Iterator[list[tuple[ShownUnit, Rows]]]:
    """Read units of a text; yield them with their arrays of `HEAD`, some of them at a time.

    ``run`` runs what asks the model.

    Raises
    ------
    Cancelled
        If ``cancelled`` said so, which is asked between forward passes.
    """
    total = sum(each.tokens for each in units)
    for portion in _portions(units, max(PORTION_TOKENS, total / _MOST_PORTIONS)):
        wanted = {line for each in portion for line in each.lines}
        scored = run(
            partial(engine.score, text.text, names=text.names, only=wanted, cancelled=cancelled)
        )
        row = {score.line: number for number, score in enumerate(scored.lines)}
        found = []
        for each in portion:
            rows = [row[line] for line in each.lines if line in row]
            heads = np.empty(len(rows), HEAD)
            heads["line"] = [scored.lines[number].line - each.unit.first_line for number in rows]
            heads["head"], heads["whole"] = scored.heads[rows].T
            heads["known"] = [scored.lines[number].calibrated for number in rows]
            found.append((each, heads))
        yield found


def line_rows(
    engine: Engine, text: ExplainedText, units: Sequence[ShownUnit], heads: Sequence[Rows]
) -> Rows:
    """Return a file's array of `LINE` from its units and what was made of each of them."""
    found = np.concatenate([np.empty(0, HEAD), *heads])
    rows = np.empty(len(found), LINE)
    if not len(found):
        return rows
    counts = [len(each) for each in heads]
    rows["line"] = found["line"] + np.repeat([each.unit.first_line for each in units], counts)
    rows["unit"] = np.repeat(np.arange(len(units)), counts)
    rows["known"] = found["known"]
    code = sorted(text.code)
    facts = line_facts(text.syntax, code, text.names)[np.searchsorted(code, rows["line"])]
    said = np.stack((found["head"], found["whole"]), axis=1)
    rows["logit"] = engine.probe.line_logits(facts, said)
    rows["statement"] = _statements(text, rows["line"])
    return rows


def _statements(text: ExplainedText, lines: Rows) -> Rows:
    """Return the kind of the statement that each line begins with, as a place among the kinds."""
    table = text.syntax.lines
    starts = [
        table.starts[line] + len(content) - len(content.lstrip())
        for line in lines.tolist()
        for content in (table.content(line),)
    ]
    assert not isinstance(text.document, NoCategories)  # noqa: S101 - units are of Python
    first = np.array(starts)
    found: Rows = categorize(text.document, first, first + 1)["statement"].counts.argmax(axis=1)
    return found


def _portions(units: Sequence[ShownUnit], tokens: float) -> Iterator[list[ShownUnit]]:
    portion: list[ShownUnit] = []
    for each in units:
        portion.append(each)
        if sum(one.tokens for one in portion) >= tokens:
            yield portion
            portion = []
    if portion:
        yield portion
