"""Greedy rationales of held-out tokens, before and after: how long, and whether they suffice.

Only tokens that a model predicts from its whole context have a rationale that suffices for sure.
Two models are compared on the tokens that both predict; neither choice favours one of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
from attrs import frozen

from linewise.lab.compat.perplexity import Passage
from linewise.lab.compat.text import Ints
from linewise.lab.journal import Journal
from linewise.models.incremental import IncrementalModel
from linewise.rationale.attribution import NextTokens, attribute
from linewise.rationale.statistics.intervals import Intervals, percentile, resampling

CONTEXTS = range(16, 97)
"""How many tokens precede a target."""
MOST_PLACES = 16
"""A rationale that is longer counts as this long and as not sufficient."""

Row = dict[str, int | bool]
Read = Callable[[], IncrementalModel]


@frozen(eq=False)
class Rationales:
    """Of N targets: how many tokens (1 to `MOST_PLACES`), and whether those suffice."""

    length: Ints
    reached: npt.NDArray[np.bool_]


def targets(passages: Sequence[Passage]) -> list[Passage]:
    """Cut each passage behind a random token, its target; drop those that are too short."""
    found = []
    for number, each in enumerate(passages):
        places = range(CONTEXTS.start, min(CONTEXTS.stop, len(each.ids)))
        if places:
            place = int(np.random.default_rng(number).choice(places))
            found.append(Passage(each.package, each.ids[: place + 1]))
    return found


def predicted(
    read: Read, identity: str, asked: Sequence[Passage], journal: Journal
) -> npt.NDArray[np.bool_]:
    """Return whether the last token of each passage is the most probable one, (N,)."""

    def ask(passage: Passage) -> Row:
        question = _question(read(), passage)
        return {"predicted": bool(question.predicted[0] == question.token(0))}

    rows = (_kept(journal, f"predicted {identity} {each.key}", ask, each) for each in asked)
    return np.array([row["predicted"] for row in rows], bool)


def rationales(
    read: Read,
    identity: str,
    asked: Sequence[Passage],
    journal: Journal,
    progress: Callable[[float], None],
) -> Rationales:
    """Return the greedy rationale of the last token of each passage.

    ``read`` returns the model, which ``identity`` stands for in the journal; it is not called if
    the journal knows all.
    """

    def ask(passage: Passage) -> Row:
        question = _question(read(), passage)
        (found,) = attribute("greedy", question, max_places=MOST_PLACES).rationales
        return {"length": len(found.places), "reached": found.reached_argmax}

    rows = []
    for number, each in enumerate(asked):
        progress(number / len(asked))
        rows.append(_kept(journal, f"greedy {MOST_PLACES} {identity} {each.key}", ask, each))
    return Rationales(
        np.array([row["length"] for row in rows], np.int64),
        np.array([row["reached"] for row in rows], bool),
    )


def compare(before: Rationales, after: Rationales, clusters: Ints) -> dict[str, Intervals]:
    """Return mean length and share that suffices: (2,) before, after and after less before.

    Intervals are from resampling packages, the same for both models.
    """
    columns = (before.length, before.reached, after.length, after.reached, np.ones(len(clusters)))
    sums = np.zeros((int(clusters.max(initial=0)) + 1, len(columns)))
    np.add.at(sums, clusters, np.column_stack(columns).astype(float))
    sums = sums[sums[:, -1] > 0]
    drawn = np.concatenate((np.ones((1, len(sums))), resampling(len(sums)))) @ sums
    with np.errstate(invalid="ignore"):
        mean = drawn[:, :-1] / drawn[:, -1:]
    found = {"before": mean[:, :2], "after": mean[:, 2:], "change": mean[:, 2:] - mean[:, :2]}
    return {name: percentile(each[0], each[1:]) for name, each in found.items()}


def _question(model: IncrementalModel, passage: Passage) -> NextTokens:
    return NextTokens(model, passage.ids, [len(passage.ids) - 1])


def _kept(journal: Journal, key: str, ask: Callable[[Passage], Row], passage: Passage) -> Row:
    row = journal.get(key)
    if row is None:
        row = ask(passage)
        journal.put(key, row)
    return row
