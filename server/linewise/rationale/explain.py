"""From a line to its explanation: weights by token and category, and how far they can be trusted.

The work has three steps of rising cost, so that a server can show each when it is done: `weigh`
reads the line's input a few times, `check` some ten times, and `repeat` explains rewritten code.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
from attrs import evolve, field, frozen

from linewise.errors import Cancelled, LinewiseError
from linewise.models.incremental import IncrementalModel
from linewise.models.runtime import TargetModel
from linewise.probe.runtime import Probe
from linewise.rationale.attribution import (
    DEFAULT_EDIT_METHOD,
    DEFAULT_TOKEN_METHOD,
    Attribution,
    EditRisks,
    NextTokens,
    attribute,
    methods,
)
from linewise.rationale.explanation import (
    Against,
    CategoryShare,
    Explanation,
    Predicted,
    Stability,
    Trust,
    WeighedToken,
)
from linewise.rationale.faithfulness.curves import AgainstRandom, faithfulness
from linewise.rationale.line_input import LineInput, NothingToExplainError, line_inputs
from linewise.rationale.noise.reformatting import random_style, reformat
from linewise.rationale.noise.renaming import rename_locals
from linewise.rationale.noise.rewrites import GONE, Rewrite, RewriteError
from linewise.rationale.noise.snr import normalised, rank_snr, signal_noise
from linewise.rationale.statistics.aggregators import Floats, aggregate, shares
from linewise.rationale.study.target import Target
from linewise.rationale.taxonomy.categories import NoCategories, categorize, read_text

DEFAULT_METHODS = {Target.EDIT: DEFAULT_EDIT_METHOD, Target.NEXT_TOKEN: DEFAULT_TOKEN_METHOD}
MOST_PLACES = 12
"""Where greedy rationales end that did not before."""
_BOUNDED = {name: {"max_places": MOST_PLACES} for name in ("greedy", "greedy-shortlist")}
_LEAST_REPETITIONS = 3
Bools = npt.NDArray[np.bool_]


@frozen
class Effort:
    """How closely to look: shares of tokens to test, random rationales, rewrites, seconds for them.

    Time is asked between rewrites.
    """

    fractions: tuple[float, ...]
    draws: int
    rewrites: int
    seconds: float


THOROUGH = Effort((0.1, 0.2, 0.4), 12, 6, 30.0)
BRIEF = Effort((0.2,), 8, 4, 5.0)
"""For each flagged line of an open document."""


def _never() -> bool:
    return False


class _Interruptible(EditRisks):
    """Edit risks whose reading stops, with `Cancelled`, once ``cancelled`` says so."""

    def __init__(self, cancelled: Callable[[], bool], *asked: Any) -> None:
        super().__init__(*asked)
        self._cancelled = cancelled

    def read(self, *asked: Any) -> Any:
        if self._cancelled():
            raise Cancelled
        return super().read(*asked)

    def scores(self, target: int, keep: Bools) -> Floats:
        if self._cancelled():
            raise Cancelled
        return super().scores(target, keep)


@frozen(eq=False)
class Question:
    """A line of a text, what the model reads of it, and what is asked."""

    text: str
    language: str
    line: int
    target: Target
    input: LineInput
    targets: EditRisks | NextTokens
    column: int | None = None
    cancelled: Callable[[], bool] = field(default=_never, repr=False)


class Explainer:
    """Explains lines with one target model and its probe. Used from the thread that owns them.

    Without a probe, only next tokens can be explained.
    """

    def __init__(self, model: TargetModel, probe: Probe | None) -> None:
        self._target = model
        self._probe = probe

    @cached_property
    def _model(self) -> IncrementalModel:
        # Another session on the same weights: only whoever wants an explanation pays for it.
        return IncrementalModel(self._target)

    def explain(
        self,
        text: str,
        line: int,
        *,
        method: str | None = None,
        target: Target = Target.EDIT,
        language: str = "python",
        column: int | None = None,
        effort: Effort = THOROUGH,
        told: Callable[[str], None] = lambda _: None,
    ) -> Explanation:
        """Explain a 0-based line in full; ``told`` hears what is being done.

        Raises
        ------
        LinewiseError
            As `ask` and `weigh`.
        """
        told("reading the line")
        question = self.ask(text, line, target=target, language=language, column=column)
        told("weighing its tokens")
        found = self.weigh(question, method)
        told("comparing with random rationales")
        found = self.check(question, found, effort)
        told("explaining harmless rewrites")
        return self.repeat(question, found, effort)

    def ask(
        self,
        text: str,
        line: int,
        *,
        target: Target = Target.EDIT,
        language: str = "python",
        column: int | None = None,
        cancelled: Callable[[], bool] = _never,
    ) -> Question:
        """Prepare a question about a 0-based line.

        Of next tokens, all of the line's visible tokens are asked about, or with ``column``
        (0-based) the one that stands there. ``cancelled`` is asked between readings of an edit
        risk, in this step and in later ones, which then raise `Cancelled`.

        Raises
        ------
        LinewiseError
            If the line has nothing to explain, or its input is longer than the model reads.
        """
        inputs = line_inputs(text, line, self._target)
        if target is Target.EDIT:
            if self._probe is None:
                raise LinewiseError(
                    f"there is no probe for {self._target.name}, so none of its lines is at risk: "
                    "choose --target next-token, or a model with a probe"
                )
            asked = [
                (_Interruptible(cancelled, self._model, self._probe, i.ids, (i.first, i.end)), i)
                for i in inputs
            ]
            # A line cut by two windows is as risky as its riskier part, if there are two.
            risks, chosen = (
                max(asked, key=lambda each: float(each[0].logits[0])) if asked[1:] else asked[0]
            )
            return Question(text, language, line, target, chosen, risks, None, cancelled)
        for each in inputs:
            if places := _predictable(each, column):
                tokens = NextTokens(self._model, each.ids, places)
                return Question(text, language, line, target, each, tokens, column, cancelled)
        where = f"line {line + 1}" if column is None else f"column {column + 1} of line {line + 1}"
        raise NothingToExplainError(
            f"{where} has no visible token with another one before it: nothing predicts it"
        )

    def weigh(self, question: Question, method: str | None = None) -> Explanation:
        """Weigh the tokens the answer rests on, by the method of that name.

        Weights of several next tokens are means over them, a token that stands behind one counting
        as 0 for it.

        Raises
        ------
        LinewiseError
            If there is no such method, it does not fit the target, or nothing can be left out.
        """
        method = method or DEFAULT_METHODS[question.target]
        if question.target is Target.EDIT and method in methods() and methods()[method].needs_torch:
            raise LinewiseError(
                f"{method} explains predicted tokens only: choose --target next-token, or another "
                "method such as occlusion"
            )
        options: dict[str, Any] = dict(_BOUNDED.get(method, {}))
        if method == DEFAULT_EDIT_METHOD:
            options["groups"] = _by_line(question.input)
        found = attribute(method, question.targets, **options)
        if np.isnan(found.weights).all():
            raise NothingToExplainError(
                f"line {question.line + 1} is a single token and nothing stands before it, so "
                "there is nothing its probability could rest on"
            )
        tokens, categories, reason = _read(question, found.weights)
        return Explanation(
            line=question.line,
            unit=question.input.unit,
            target=question.target,
            method=method,
            weight_unit=found.unit.replace("{}", question.targets.unit),
            tokens=tokens,
            categories=categories,
            weights=found.weights,
            without_categories=reason,
            predicted=_predicted(question, found),
        )

    def check(
        self, question: Question, explanation: Explanation, effort: Effort = THOROUGH
    ) -> Explanation:
        """Add `Explanation.trust`: whether the rationale beats random ones of its size.

        The last token of the line (before the target, of a next token) is always kept, and is part
        of no rationale: without it there would be no score.
        """
        targets = question.targets
        found = []
        for target in range(targets.count):
            context = targets.context(target)
            fixed = np.ones(len(targets.ids), bool)
            fixed[context[:-1]] = False
            if fixed.all():
                continue
            found.append(
                faithfulness(
                    np.nan_to_num(explanation.weights[target]),
                    lambda keep, target=target: targets.scores(target, keep),  # type: ignore[misc]
                    fixed=fixed,
                    fractions=effort.fractions,
                    draws=effort.draws,
                    # Where reading can be interrupted, one set of tokens at a time.
                    batch=1 if question.target is Target.EDIT else 64,
                )
            )
        if not found:
            reason = "the line is all the model reads, and of one token: none can be left out"
            return evolve(explanation, trust=Trust(effort.fractions, None, None, reason))
        trust = Trust(
            effort.fractions,
            _mean([each.sufficiency_area for each in found]),
            _mean([each.comprehensiveness_area for each in found]),
        )
        return evolve(explanation, trust=trust)

    def repeat(
        self, question: Question, explanation: Explanation, effort: Effort = THOROUGH
    ) -> Explanation:
        """Add `Explanation.stability`: how the categories' weights fare under harmless rewrites."""
        if question.language != "python":
            return _unknown(explanation, 1, "only Python can be rewritten")
        names = [each.name for each in explanation.categories]
        repetitions = [{each.name: each.weight for each in explanation.categories}]
        deadline = time.monotonic() + effort.seconds
        reason = "no rewrite of this code is known to be harmless and to change it"
        try:
            for rewrite in _rewrites(question.text, effort.rewrites):
                if time.monotonic() > deadline:
                    reason = f"explaining rewrites takes longer than {effort.seconds:g} s"
                    break
                if question.cancelled():
                    raise Cancelled
                line = rewrite.lines[question.line]
                if line == GONE:
                    continue
                again = self.ask(
                    rewrite.text, line, target=question.target, cancelled=question.cancelled
                )
                weighed = self.weigh(again, explanation.method)
                repetitions.append({each.name: each.weight for each in weighed.categories})
        except RewriteError as error:
            reason = str(error)
        if len(repetitions) < _LEAST_REPETITIONS:
            return _unknown(explanation, len(repetitions), reason)
        names = sorted({name for each in repetitions for name in each})
        if len(names) < 2:
            return _unknown(explanation, len(repetitions), "all tokens are of one category")
        weights = normalised([[each.get(name, 0.0) for name in names] for each in repetitions])
        found, ranks = signal_noise(weights), rank_snr(weights)
        if not np.isfinite(found.snr):
            same = "the rewrites change nothing of the explanation: its noise is 0"
            return _unknown(explanation, len(repetitions), same)
        stability = Stability(
            found.snr,
            ranks if np.isfinite(ranks) else None,
            found.reliability,
            len(repetitions),
        )
        return evolve(explanation, stability=stability)


def _predictable(each: LineInput, column: int | None) -> list[int]:
    """Return the places of the line's visible tokens that have one before them."""
    text, start = each.table.text, each.table.starts[each.line]
    return [
        place
        for place in range(max(each.first, 1), each.end)
        if text[each.starts[place] : each.ends[place]].strip()
        and (column is None or each.starts[place] <= start + column < each.ends[place])
    ]


def _by_line(each: LineInput) -> list[npt.NDArray[np.int64]]:
    """Return the places before the line, one group per line of the document, in reading order."""
    lines = each.lines[: each.first]
    return np.split(np.arange(len(lines)), np.flatnonzero(np.diff(lines)) + 1)


def _read(
    question: Question, weights: Floats
) -> tuple[tuple[WeighedToken, ...], tuple[CategoryShare, ...], str | None]:
    """Return what stands in the text for weights (N, T): tokens, categories or why there are none."""
    starts, ends, summed = _characters(question.input, weights)
    document = read_text(question.text, question.language)
    if isinstance(document, NoCategories):
        return _tokens(question.input, starts, ends, summed, None), (), document.reason
    tagged = categorize(document, starts, ends)
    labels = [tagged["category"].of(number)[0] for number in range(len(starts))]
    tokens = _tokens(question.input, starts, ends, summed, labels)
    level, groups = tagged["category"], tagged["group"]
    part = shares(aggregate(summed, level.members, "absolute sum"))
    signed = aggregate(summed, level.members, "sum")
    group_of = {label: groups.of(number)[0] for number, label in reversed(list(enumerate(labels)))}
    found = [
        CategoryShare(name, group_of[name], float(share), float(weight), int(count))
        for name, share, weight, count in zip(
            level.labels, part, signed, level.members.sum(axis=0), strict=True
        )
        if count
    ]
    if not part.any():
        return tokens, (), "no token weighs anything"
    return tokens, tuple(sorted(found, key=lambda each: -each.share)), None


def _characters(
    each: LineInput, weights: Floats
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], Floats]:
    """Return spans (n,) in reading order and their weights, tokens that overlap being one.

    Tokens without a weight for any target are left out.
    """
    places = np.flatnonzero(~np.isnan(weights).all(axis=0))
    means = np.nan_to_num(weights[:, places]).mean(axis=0)
    order = places[np.lexsort((each.ends[places], each.starts[places]))]
    value = dict(zip(places.tolist(), means.tolist(), strict=True))
    spans: list[list[int]] = []
    sums: list[float] = []
    for place in order.tolist():
        start, end = int(each.starts[place]), int(each.ends[place])
        if spans and start < spans[-1][1]:
            spans[-1][1] = max(spans[-1][1], end)
            sums[-1] += value[place]
        else:
            spans.append([start, end])
            sums.append(value[place])
    starts, ends = np.array(spans, np.int64).T
    return starts, ends, np.array(sums)


def _tokens(
    each: LineInput,
    starts: npt.NDArray[np.int64],
    ends: npt.NDArray[np.int64],
    weights: Floats,
    labels: list[str] | None,
) -> tuple[WeighedToken, ...]:
    table = each.table
    found = []
    for number, (start, end) in enumerate(zip(starts.tolist(), ends.tolist(), strict=True)):
        line = table.line_at(start)
        found.append(
            WeighedToken(
                table.text[start:end],
                line,
                start - table.starts[line],
                float(weights[number]),
                labels[number] if labels is not None else "",
            )
        )
    return tuple(found)


def _predicted(question: Question, found: Attribution) -> tuple[Predicted, ...]:
    """Return the greedy rationales in terms of the text."""
    if not found.rationales or not isinstance(question.targets, NextTokens):
        return ()
    each = question.input

    def tokens(places: npt.ArrayLike, weights: Floats) -> tuple[WeighedToken, ...]:
        chosen = np.asarray(places, np.int64)
        return _tokens(each, each.starts[chosen], each.ends[chosen], weights, None)

    targets = tokens(question.targets.places, np.zeros(question.targets.count))
    return tuple(
        Predicted(
            token.text,
            token.line,
            token.column,
            rationale.reached_argmax,
            tokens(rationale.places, np.array(rationale.gains)),
        )
        for token, rationale in zip(targets, found.rationales, strict=True)
    )


def _rewrites(text: str, count: int) -> Iterator[Rewrite]:
    """Yield rewrites that change the text, renamed and reformatted by turns."""
    refused: RewriteError | None = None
    for seed in range(count):
        try:
            rewrite = (
                reformat(text, random_style(seed)) if seed % 2 else rename_locals(text, seed=seed)
            )
        except RewriteError as error:
            refused = error
            continue
        if rewrite.text != text:
            yield rewrite
            refused = None
    if refused is not None:
        raise refused


def _mean(figures: list[AgainstRandom]) -> Against:
    values = np.array([(each.value, each.random, each.beaten) for each in figures])
    return Against(*values.mean(axis=0).tolist())


def _unknown(explanation: Explanation, repetitions: int, reason: str) -> Explanation:
    return evolve(explanation, stability=Stability(None, None, None, repetitions, reason))
