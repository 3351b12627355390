"""From a line to its explanation: weights by token and category, and how far they can be trusted.

The work has three steps of rising cost, so that a server can show each when it is done: `weigh`
reads the line's input a few times, `check` some ten times, and `repeat` explains rewritten code.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
from attrs import field, frozen

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
from linewise.rationale.explain_stability import (
    LEAST_REPETITIONS,
    Weights,
    by_category,
    repeated,
    stability,
)
from linewise.rationale.explain_text import ExplainedText
from linewise.rationale.explain_tokens import predicted_tokens, tokens_and_categories
from linewise.rationale.explain_trust import trust
from linewise.rationale.explanation import Explanation, Stability, Trust
from linewise.rationale.line_input import LineInput, NothingToExplainError, line_inputs
from linewise.rationale.study.target import Target

DEFAULT_METHODS = {Target.EDIT: DEFAULT_EDIT_METHOD, Target.NEXT_TOKEN: DEFAULT_TOKEN_METHOD}
MOST_PLACES = 12
"""Where greedy rationales end that did not before."""
_BOUNDED = {name: {"max_places": MOST_PLACES} for name in ("greedy", "greedy-shortlist")}


@frozen
class Effort:
    """How closely to look: the shares of tokens to test, random rationales, rewrites.

    Explaining rewrites ends after ``seconds``, and files of more than ``lines`` lines are not
    rewritten.
    """

    fractions: tuple[float, ...] = (0.2,)
    draws: int = 10
    rewrites: int = 4
    seconds: float = 20.0
    lines: int = 2_000


THOROUGH = Effort((0.1, 0.2, 0.4), 30, 12, 600.0, 100_000)


def _never() -> bool:
    return False


class _EditRisks(EditRisks):
    """Edit risks whose reading stops, with `Cancelled`, once ``cancelled`` says so.

    What was scored is kept, so that work which was interrupted goes on where it was.
    """

    def __init__(self, cancelled: Callable[[], bool], *asked: Any) -> None:
        super().__init__(*asked)
        self._cancelled = cancelled
        self._known: dict[tuple[int, bytes], float] = {}

    def read(self, *asked: Any) -> Any:
        if self._cancelled():
            raise Cancelled
        return super().read(*asked)

    def scores(self, target: int, keep: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
        for row in keep:
            key = (target, row.tobytes())
            if key not in self._known:
                if self._cancelled():
                    raise Cancelled
                self._known[key] = float(super().scores(target, row[None])[0])
        return np.array([self._known[target, row.tobytes()] for row in keep])


class _NextTokens(NextTokens):
    """Next tokens whose reading stops likewise."""

    def __init__(self, cancelled: Callable[[], bool], *asked: Any) -> None:
        super().__init__(*asked)
        self._cancelled = cancelled

    def read(self, *asked: Any) -> Any:
        if self._cancelled():
            raise Cancelled
        return super().read(*asked)


@frozen(eq=False)
class Question:
    """A line of a text, what the model reads of it, and what is asked of the model."""

    text: ExplainedText
    line: int
    target: Target
    input: LineInput
    targets: EditRisks | NextTokens
    column: int | None
    cancelled: Callable[[], bool] = field(repr=False)

    @property
    def key(self) -> bytes:
        """Equal if and only if the same is asked about the same tokens."""
        asked = self.targets.spans if isinstance(self.targets, EditRisks) else self.targets.places
        said = f"{self.target} {asked.tolist()} ".encode()
        return hashlib.sha256(said + self.input.ids.tobytes()).digest()

    def explanation(
        self,
        found: Attribution,
        trust: Trust | None = None,
        stability: Stability | None = None,
    ) -> Explanation:
        """Say what was found in terms of the text. Costs no reading of the model."""
        tokens, categories, reason = tokens_and_categories(self.text, self.input, found)
        places = self.targets.places if isinstance(self.targets, NextTokens) else ()
        return Explanation(
            line=self.line,
            unit=self.input.unit,
            target=self.target,
            method=found.method,
            weight_unit=found.unit.replace("{}", self.targets.unit),
            tokens=tokens,
            categories=categories,
            without_categories=reason,
            predicted=predicted_tokens(self.input, places, found),
            trust=trust,
            stability=stability,
        )


class Explainer:
    """Explains lines with one target model and its probe. Used from the thread that owns them.

    Without a probe, only next tokens can be explained.
    """

    def __init__(self, model: TargetModel, probe: Probe | None) -> None:
        self.target = model
        self._probe = probe

    @cached_property
    def model(self) -> IncrementalModel:
        """Another session on the model's weights: whoever wants an explanation pays for it.

        Raises
        ------
        LinewiseError
            If the model cannot read parts of a text where they stand.
        """
        return IncrementalModel(self.target)

    def explain(
        self, question: Question, method: str | None, effort: Effort, told: Callable[[str], None]
    ) -> Explanation:
        """Answer a question in full; ``told`` hears what is being done.

        Raises
        ------
        LinewiseError
            As `weigh`.
        """
        told("weighing tokens")
        began = time.monotonic()
        found = self.weigh(question, method)
        each = time.monotonic() - began
        told("comparing with random rationales")
        trusted = self.check(question, found, effort)
        told("explaining harmless rewrites")
        stable = self.repeat(question, found, effort, each=each)
        return question.explanation(found, trusted, stable)

    def ask(
        self,
        text: ExplainedText,
        line: int,
        *,
        target: Target = Target.EDIT,
        column: int | None = None,
        cancelled: Callable[[], bool] = _never,
    ) -> Question:
        """Prepare a question about a 0-based line.

        Of next tokens, all of the line's visible tokens are asked about, or with ``column``
        (0-based) the one that stands there. ``cancelled`` is asked between readings, in this step
        and in later ones, which then raise `Cancelled`.

        Raises
        ------
        LinewiseError
            If the line has nothing to explain, or its input is longer than the model reads.
        """
        inputs = line_inputs(text, line, self.target)
        if target is Target.EDIT:
            if self._probe is None:
                raise LinewiseError(
                    f"there is no probe for {self.target.name}, so none of its lines is at risk: "
                    "choose --target next-token, or a model with a probe"
                )
            asked = [
                (_EditRisks(cancelled, self.model, self._probe, i.ids, (i.first, i.end)), i)
                for i in inputs
            ]
            # A line cut by two windows is as risky as its riskier part, if there are two.
            risks, chosen = (
                max(asked, key=lambda each: float(each[0].logits[0])) if asked[1:] else asked[0]
            )
            return Question(text, line, target, chosen, risks, column, cancelled)
        for each in inputs:
            if places := _predictable(each, column):
                tokens = _NextTokens(cancelled, self.model, each.ids, places)
                return Question(text, line, target, each, tokens, column, cancelled)
        where = f"line {line + 1}" if column is None else f"column {column + 1} of line {line + 1}"
        raise NothingToExplainError(
            f"{where} has no visible token with another one before it: nothing predicts it"
        )

    def weigh(self, question: Question, method: str | None = None) -> Attribution:
        """Weigh the model's tokens by the method of that name, or the target's default.

        Raises
        ------
        LinewiseError
            If there is no such method, it does not fit the target, or nothing can be left out.
        """
        method = method_for(question.target, method)
        options: dict[str, Any] = dict(_BOUNDED.get(method, {}))
        if method == DEFAULT_EDIT_METHOD:
            options["groups"] = _by_line(question.input)
        found = attribute(method, question.targets, **options)
        if np.isnan(found.weights).all():
            raise NothingToExplainError(
                f"line {question.line + 1} is a single token and nothing stands before it, so "
                "there is nothing its probability could rest on"
            )
        return found

    def check(self, question: Question, found: Attribution, effort: Effort) -> Trust:
        """Test whether the tokens that weigh most beat random ones."""
        # Where scores are kept one by one, reading can be interrupted between any two.
        batch = 1 if question.target is Target.EDIT else 64
        return trust(question.targets, found, effort.fractions, effort.draws, batch=batch)

    def repeat(
        self, question: Question, found: Attribution, effort: Effort, *, each: float = 0.0
    ) -> Stability:
        """Measure how the categories' weights fare under harmless rewrites of the text.

        ``each`` is how long weighing takes, in seconds, if that is known.
        """
        if (refusal := _not_rewritten(question, effort, each)) is not None:
            return Stability(None, None, None, 1, refusal)
        deadline = time.monotonic() + effort.seconds

        def enough() -> str | None:
            if question.cancelled():
                raise Cancelled
            return _too_long(effort) if time.monotonic() > deadline else None

        def weigh(rewritten: ExplainedText, line: int) -> Weights:
            again = self.ask(rewritten, line, target=question.target, cancelled=question.cancelled)
            weighed = self.weigh(again, found.method)
            return by_category(again.explanation(weighed).categories)

        own = by_category(question.explanation(found).categories)
        others, reason = repeated(
            question.text, question.line, effort.rewrites, weigh, enough=enough
        )
        return stability([own, *others], reason)


def method_for(target: Target, name: str | None) -> str:
    """Return the name of the method to use; None asks for the target's default.

    Raises
    ------
    LinewiseError
        If there is no such method, or it does not fit the target.
    """
    if name is None:
        return DEFAULT_METHODS[target]
    if name not in methods():
        raise LinewiseError(
            f"there is no attribution method {name!r}; choose one of {', '.join(methods())}"
        )
    if target is Target.EDIT and (methods()[name].needs_torch or name in _BOUNDED):
        raise LinewiseError(
            f"{name} explains predicted tokens only: choose --target next-token, or another "
            "method such as occlusion"
        )
    if target is Target.NEXT_TOKEN and name == DEFAULT_EDIT_METHOD:
        raise LinewiseError(
            f"{name} explains edit risks only: choose --target edit, or another method"
        )
    return name


def _too_long(effort: Effort) -> str:
    return f"explaining rewrites takes longer than {effort.seconds:g} s"


def _not_rewritten(question: Question, effort: Effort, each: float) -> str | None:
    """Return why a question is not asked about rewrites, None if it is."""
    if not question.text.is_python:
        return "only Python can be rewritten"
    if question.column is not None:
        return "a single token cannot be followed through rewrites; explain its whole line"
    if len(question.text.syntax.lines) > effort.lines:
        return f"files of more than {effort.lines:,} lines are not rewritten"
    # One repetition is there already.
    return _too_long(effort) if each * (LEAST_REPETITIONS - 1) > effort.seconds else None


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
