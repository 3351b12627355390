"""The command `linewise.server.explainLine`: what the command line answers, as JSON."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

from attrs import frozen

from linewise import __version__
from linewise.errors import Cancelled, LinewiseError
from linewise.lsp.addresses import path_of
from linewise.lsp.client import Client
from linewise.lsp.explanations import Explanations
from linewise.lsp.model import LoadedModel, ModelHost
from linewise.lsp.outcome import Outcome
from linewise.lsp.questions import Questions
from linewise.lsp.scoring import SLICE

if TYPE_CHECKING:
    from linewise.lsp.explaining import Draft, Drafts
    from linewise.rationale.explain_text import ExplainedText

EXPLAIN_LINE = "linewise.server.explainLine"


@frozen
class ExplainLine:
    """The argument: a 0-based line, and what of `linewise explain` may be chosen."""

    uri: str
    line: int
    target: str | None = None
    method: str | None = None


class LineExplainer:
    """Explains any line on request: somebody waits, so it comes before the background's work."""

    def __init__(
        self, client: Client, questions: Questions, host: ModelHost, explanations: Explanations
    ) -> None:
        self._client = client
        self._questions = questions
        self._host = host
        self._explanations = explanations

    async def answer(self, asked: ExplainLine) -> dict[str, Any]:
        """Return what `linewise explain --json` says of the line.

        Raises
        ------
        LinewiseError
            If the line cannot be explained, or was edited meanwhile.
        """
        outcome = await self._questions.outcome(asked.uri, any_language=True)
        model = await self._questions.model()
        explaining = _Explaining(asked, outcome, model, self._host, self._explanations)
        with self._host.status.busy():
            while True:
                try:
                    report = await self._host.run(explaining.step)
                except Cancelled:
                    if explaining.unwanted():
                        message = "the document changed meanwhile; ask again"
                        raise LinewiseError(message) from None
                    continue  # it gave way to others: again, behind them
                if report is not None:
                    return report | {"path": self._name(asked.uri)}

    def _name(self, uri: str) -> str:
        path, root = path_of(uri), self._client.root
        if path is None:
            return uri
        below = root is not None and path.is_relative_to(root)
        return (path.relative_to(root) if root and below else path).as_posix()


class _Explaining:
    """One request in work, a step at a time on the model's thread."""

    def __init__(
        self,
        asked: ExplainLine,
        outcome: Outcome,
        model: LoadedModel,
        host: ModelHost,
        explanations: Explanations,
    ) -> None:
        self._asked = asked
        self._outcome = outcome
        self._model = model
        self._host = host
        self._explanations = explanations
        self._text: ExplainedText | None = None
        self._draft: Draft | None = None
        self._token = threading.Event()
        self._begun = self._started = time.monotonic()

    def unwanted(self) -> bool:
        """Whether there is no use in going on."""
        return self._outcome.document.outdated.is_set() or self._host.loaded is not self._model

    def step(self, token: threading.Event) -> dict[str, Any] | None:
        """Take one step; return the answer after the last."""
        self._token, self._begun = token, time.monotonic()
        if self.unwanted():
            raise Cancelled
        drafts = self._explanations.drafts
        if self._text is None:
            self._text = drafts.read(self._outcome)
        if self._draft is None:
            self._draft = drafts.begin(
                self._model,
                self._outcome.document,
                self._text,
                self._asked.line,
                target=_target(self._asked.target),
                method=self._asked.method,
                cancelled=self._stop,
            )
        elif not self._draft.complete:
            self._draft = drafts.advance(self._model, self._draft)
        return self._payload(drafts, self._draft, self._text) if self._draft.complete else None

    def _stop(self) -> bool:
        late = time.monotonic() - self._begun > SLICE
        return self._token.is_set() or self.unwanted() or (self._host.wanted and late)

    def _payload(self, drafts: Drafts, draft: Draft, text: ExplainedText) -> dict[str, Any]:
        from linewise.output.explanation.json import payload
        from linewise.output.explanation.report import ExplanationReport
        from linewise.output.report import ModelReport
        from linewise.rationale.explain_line import ExplainedLine
        from linewise.rationale.study.target import Target

        model, explanation = drafts.explainer(self._model).target, draft.explanation()
        assert explanation is not None  # noqa: S101 - the draft is complete
        at_risk = explanation.target is Target.EDIT
        line = self._asked.line
        scored = drafts.score(self._model, self._outcome, text, line)
        return payload(
            ExplanationReport(
                version=__version__,
                path=self._asked.uri,
                language=text.language,
                table=self._outcome.scored.table,
                model=ModelReport(
                    model.name, model.identity, model.manifest.scheme, model.provider
                ),
                probe=self._model.engine.manifest.identity if at_risk else None,
                explained=ExplainedLine(scored if at_risk else None, explanation),
                elapsed=time.monotonic() - self._started,
            )
        )


def _target(name: str | None) -> Any:
    from linewise.rationale.study.target import Target

    try:
        return Target(name or Target.EDIT)
    except ValueError:
        known = ", ".join(Target)
        raise LinewiseError(f"there is no target {name!r}; choose one of: {known}") from None
