"""Explanations in the making, step by step on the model's thread, and what is kept of them."""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable
from weakref import WeakKeyDictionary

from attrs import evolve, frozen

from linewise.engine import Engine
from linewise.errors import LinewiseError
from linewise.lsp.addresses import path_of
from linewise.lsp.documents import PYTHON, Document
from linewise.lsp.model import LoadedModel
from linewise.lsp.outcome import Outcome, names_of
from linewise.rationale.attribution import Attribution
from linewise.rationale.explain import Effort, Explainer, Question, method_for
from linewise.rationale.explain_line import ScoredLine, explainer_of, scored_line
from linewise.rationale.explain_text import ExplainedText, language_of
from linewise.rationale.explanation import Explanation, Stability, Trust
from linewise.rationale.line_input import require_line
from linewise.rationale.study.target import Target

EFFORT = Effort()
ROOM = 1_000
"""Lines whose explanations are kept, 8 kB each at most."""


@frozen(eq=False)
class Kept:
    """What was found about what the model reads of a line, wherever the line stands.

    ``seconds`` is how long its tokens took to be weighed.
    """

    found: Attribution
    seconds: float
    trust: Trust | None = None
    stability: Stability | None = None


@frozen(eq=False)
class Draft:
    """A question about a line of a document and how much of the answer is there."""

    key: bytes
    document: Document
    question: Question
    method: str
    kept: Kept | None

    @property
    def steps(self) -> int:
        """How many steps are done: begun, weighed, compared with random rationales, repeated."""
        kept = self.kept
        if kept is None:
            return 1
        return 2 + (kept.trust is not None) + (kept.stability is not None)

    @property
    def complete(self) -> bool:
        """Whether nothing is left to be done."""
        return self.kept is not None and self.kept.stability is not None

    def explanation(self) -> Explanation | None:
        """Say what is known so far in terms of the text, None before its tokens are weighed."""
        kept = self.kept
        if kept is None:
            return None
        found = self.question.explanation(kept.found, kept.trust, kept.stability)
        cell = self.document.cell
        return found if cell is None else cell.own(found, self.document.text)


class Drafts:
    """Begins and advances drafts. Used on the model's thread only."""

    def __init__(self, room: int = ROOM) -> None:
        self._room = room
        self._kept: OrderedDict[bytes, Kept] = OrderedDict()
        # Gone with the engine: nothing here may keep one that was replaced or unloaded.
        self._explainers: WeakKeyDictionary[Engine, Explainer] = WeakKeyDictionary()
        self._refusals: WeakKeyDictionary[LoadedModel, str] = WeakKeyDictionary()

    def explainer(self, model: LoadedModel) -> Explainer:
        """Return what explains lines with a model; making it takes a second or two, once.

        Raises
        ------
        LinewiseError
            If the model cannot be asked about parts of a text.
        """
        if (refusal := self._refusals.get(model)) is not None:
            raise LinewiseError(refusal)
        if (known := self._explainers.get(model.engine)) is None:
            try:
                known = explainer_of(model.engine)
                known.model  # noqa: B018 - made on first use
            except LinewiseError as error:
                self._refusals[model] = str(error)
                raise
            self._explainers[model.engine] = known
        return known

    def read(self, outcome: Outcome) -> ExplainedText:
        """Return the text of a scored document, to ask about its lines."""
        document = outcome.document
        path = path_of(document.uri)
        language = PYTHON if path is None else language_of(path, document.text)
        # An open document is Python, whatever its file is called.
        text = document.text if document.cell is None else document.cell.notebook.text
        names = names_of(document, outcome.settings)
        return ExplainedText(text, PYTHON if document.version is not None else language, names)

    def score(
        self, model: LoadedModel, outcome: Outcome, text: ExplainedText, line: int
    ) -> ScoredLine | None:
        """Return what is known of a 0-based line without asking the model again."""
        known = scored_line(model.engine, outcome.scored, text, line)
        if known is None or (cell := outcome.document.cell) is None:
            return known
        at = line + cell.first_line
        problems = tuple(evolve(each, line=line) for each in text.problems if each.line == at)
        return evolve(known, problems=problems)

    def begin(
        self,
        model: LoadedModel,
        document: Document,
        text: ExplainedText,
        line: int,
        *,
        target: Target = Target.EDIT,
        method: str | None = None,
        cancelled: Callable[[], bool],
    ) -> Draft:
        """Ask about a 0-based line of a document whose text was `read`; known parts are filled in.

        Raises
        ------
        LinewiseError
            If the line cannot be explained, or not so.
        Cancelled
            If ``cancelled`` said so.
        """
        named = method_for(target, method)
        at = line
        if document.cell is not None:
            # The lines of a cell are not those of the text that it is read in.
            require_line(document.text, line, "cell")
            at += document.cell.first_line
        question = self.explainer(model).ask(text, at, target=target, cancelled=cancelled)
        key = hashlib.sha256(f"{model.identity} {named} ".encode() + question.key).digest()
        return Draft(key, document, question, named, self._look_up(key))

    def advance(self, model: LoadedModel, draft: Draft) -> Draft:
        """Take the next step: weigh, compare with random rationales, or explain rewrites.

        Raises
        ------
        LinewiseError
            If there is nothing to weigh.
        Cancelled
            If the question's ``cancelled`` said so.
        """
        explainer, question, kept = self.explainer(model), draft.question, draft.kept
        if kept is None:
            began = time.monotonic()
            found = explainer.weigh(question, draft.method)
            kept = Kept(found, time.monotonic() - began)
        elif kept.trust is None:
            kept = evolve(kept, trust=explainer.check(question, kept.found, EFFORT))
        elif kept.stability is None:
            stability = explainer.repeat(question, kept.found, EFFORT, each=kept.seconds)
            kept = evolve(kept, stability=stability)
        self._keep(draft.key, kept)
        return evolve(draft, kept=kept)

    def _look_up(self, key: bytes) -> Kept | None:
        if key in self._kept:
            self._kept.move_to_end(key)
        return self._kept.get(key)

    def _keep(self, key: bytes, kept: Kept) -> None:
        self._kept[key] = kept
        self._kept.move_to_end(key)
        while len(self._kept) > self._room:
            self._kept.popitem(last=False)
