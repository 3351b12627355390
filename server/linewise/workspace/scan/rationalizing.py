"""The rationale of a unit at a bounded cost, as sums over categories of tokens.

Of every unit one thing is asked: what the risk of its riskiest line rests on, or what some of its
tokens, drawn by its content, are predicted from. Beside each rationale stands a random one of as
many tokens of the same context: what a category's share is to be compared with.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
from attrs import evolve, frozen

from linewise.errors import Cancelled
from linewise.models.runtime import TargetModel
from linewise.probe.runtime import Probe
from linewise.rationale.attribution import Attribution, NextTokens, attribute
from linewise.rationale.explain import Explainer
from linewise.rationale.explain_stability import Weights, by_category, repeated
from linewise.rationale.explain_text import ExplainedText
from linewise.rationale.line_input import LineInput, NothingToExplainError, line_inputs
from linewise.rationale.statistics.aggregators import one_hot
from linewise.rationale.statistics.counts import Counted, Rationales, Schema
from linewise.rationale.study.target import Target
from linewise.rationale.taxonomy.categories import NoCategories, categorize
from linewise.workspace.scan.choice import (
    GREEDY,
    LINE,
    MASS,
    REPEATED,
    REWRITES,
    REWRITTEN_LINES,
    Choice,
    method_of,
)
from linewise.workspace.scan.records import Rows, UnitRationale
from linewise.workspace.scan.scoring import ShownUnit

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]


@frozen(eq=False)
class _Explained:
    """A target's category and the tokens (C,) before it, with the method's weights of them.

    ``rationale`` are the places of its tokens, the first of them ``forced`` by the method or not.
    """

    category: str
    categories: tuple[str, ...]
    ids: npt.NDArray[np.int64]
    weights: Floats
    rationale: npt.NDArray[np.int64]
    forced: int


class Rationalizer:
    """Explains units with one model and its probe. Used from the thread that owns them."""

    def __init__(self, model: TargetModel, probe: Probe | None, choice: Choice) -> None:
        self._explainer = Explainer(model, probe)
        self._choice = choice
        self.method = method_of(choice, model.manifest.vocab_size)

    def explain(
        self, text: ExplainedText, shown: ShownUnit, heads: Rows, cancelled: Callable[[], bool]
    ) -> UnitRationale | None:
        """Return a unit's rationale, None if nothing in it rests on anything.

        Raises
        ------
        Cancelled
            If ``cancelled`` said so, which is asked between forward passes.
        """
        # Drawn by what the unit says, so that it is the same wherever and whenever that is done.
        generator = np.random.default_rng(list(shown.key))
        repetitions: tuple[Weights, ...] = ()
        try:
            if self._choice.target is Target.NEXT_TOKEN:
                found = self._some_tokens(text, shown, generator, cancelled)
            elif len(heads):
                # By the head alone: what facts say of a line depends on the file it stands in.
                line = shown.unit.first_line + int(heads["line"][heads["head"].argmax()])
                found = [self._line(text, line, cancelled)]
                if shown.key[0] % REPEATED == 0:
                    repetitions = self._repeated(text, line, cancelled)
            else:
                return None
        except NothingToExplainError:
            return None
        if not found:
            return None
        schema = self.method.schema
        control = [_drawn(each, generator) for each in found]
        return UnitRationale(
            Counted.of(schema, _together(found, schema)),
            Counted.of(schema, _together(control, schema)),
            repetitions,
        )

    def _line(self, text: ExplainedText, line: int, cancelled: Callable[[], bool]) -> _Explained:
        question = self._explainer.ask(text, line, cancelled=cancelled)
        found = self._explainer.weigh(question, self.method.name)
        begin = text.syntax.lines.starts[line]
        content = text.syntax.lines.content(line)
        begin += len(content) - len(content.lstrip())
        kind = _labels(text, [begin], [begin + 1], "statement")[0]
        return _explained(text, question.input, 0, LINE + kind, found)

    def _repeated(
        self, text: ExplainedText, line: int, cancelled: Callable[[], bool]
    ) -> tuple[Weights, ...]:
        """Return the categories' weights for a line and for what it becomes in rewrites."""
        if len(text.syntax.lines) > REWRITTEN_LINES:
            return ()

        def weigh(rewritten: ExplainedText, at: int) -> Weights:
            question = self._explainer.ask(rewritten, at, cancelled=cancelled)
            found = self._explainer.weigh(question, self.method.name)
            return by_category(question.explanation(found).categories)

        others, _ = repeated(text, line, REWRITES, weigh, enough=lambda: None)
        return (weigh(text, line), *others)

    def _some_tokens(
        self,
        text: ExplainedText,
        shown: ShownUnit,
        generator: np.random.Generator,
        cancelled: Callable[[], bool],
    ) -> list[_Explained]:
        lengths = [len(text.syntax.lines.content(line).strip()) for line in shown.lines]
        count = min(self._choice.tokens, len(lengths))
        chosen = generator.choice(
            shown.lines, count, replace=False, p=np.array(lengths) / sum(lengths)
        )
        found = []
        for line in sorted(chosen.tolist()):
            if cancelled():
                raise Cancelled
            read = line_inputs(text, line, self._explainer.target)[0]
            if places := _visible(read):
                place = int(generator.choice(places))
                begin = max(0, place - self._choice.context)
                targets = NextTokens(
                    self._explainer.model, read.ids[begin : place + 1], [place - begin]
                )
                name = self.method.name
                options = {"max_places": self._choice.places} if name in GREEDY else {}
                weighed = attribute(name, targets, **options)
                span = [read.starts[place]], [read.ends[place]]
                category = _labels(text, *span, "category")[0]
                found.append(_explained(text, read, begin, category, weighed))
        return found


def _explained(
    text: ExplainedText, read: LineInput, begin: int, category: str, found: Attribution
) -> _Explained:
    """Return what was found for one target among the tokens from place ``begin`` on."""
    weights = found.weights[0]
    known = np.flatnonzero(~np.isnan(weights))
    places = begin + known
    sizes = np.abs(weights[known])
    if found.rationales:
        chosen, forced = np.searchsorted(known, found.rationales[0].places), 1
    else:
        order = np.argsort(-sizes, kind="stable")
        enough = np.searchsorted(np.cumsum(sizes[order]), MASS * sizes.sum()) + 1
        chosen, forced = order[: enough if sizes.any() else 0], 0
    labels = _labels(text, read.starts[places], read.ends[places], "category")
    return _Explained(category, labels, read.ids[places], weights[known], chosen, forced)


def _visible(read: LineInput) -> list[int]:
    """Return the places of a line's visible tokens that have one before them."""
    text = read.table.text
    return [
        place
        for place in range(max(read.first, 1), read.end)
        if text[read.starts[place] : read.ends[place]].strip()
    ]


def _drawn(found: _Explained, generator: np.random.Generator) -> _Explained:
    """Return a random rationale of the same size and weight, but for what the method forced."""
    kept, free = np.split(found.rationale, [found.forced])
    others = np.setdiff1d(np.arange(len(found.ids)), kept)
    drawn = generator.choice(others, len(free), replace=False)
    rationale = np.concatenate((kept, drawn))
    weights = np.zeros(len(found.ids))
    weights[kept] = found.weights[kept]
    weights[drawn] = np.abs(found.weights[free]).mean() if len(free) else 0.0
    return evolve(found, rationale=rationale, weights=weights)


def _together(found: Sequence[_Explained], schema: Schema) -> Rationales:
    """Return targets with contexts of their own as one, each resting on its own tokens only."""
    place = {name: number for number, name in enumerate(schema.categories)}
    ends = np.cumsum([len(each.ids) for each in found])
    weights = np.zeros((len(found), int(ends[-1])))
    selected = np.zeros(weights.shape, bool)
    for row, (each, end) in enumerate(zip(found, ends.tolist(), strict=True)):
        begin = end - len(each.ids)
        weights[row, begin:end] = each.weights
        selected[row, begin + each.rationale] = True
    context = [place[label] for each in found for label in each.categories]
    return Rationales(
        weights,
        selected,
        one_hot([place[each.category] for each in found], len(place)),
        one_hot(context, len(place)),
        np.concatenate([each.ids for each in found]),
    )


def _labels(
    text: ExplainedText, starts: npt.ArrayLike, ends: npt.ArrayLike, level: str
) -> tuple[str, ...]:
    """Return the one label that each span has at a level."""
    assert not isinstance(text.document, NoCategories)  # noqa: S101 - units are of Python
    spans = np.asarray(starts, np.int64), np.asarray(ends, np.int64)
    found = categorize(text.document, *spans)[level]
    return tuple(found.labels[each] for each in found.counts.argmax(axis=1).tolist())
