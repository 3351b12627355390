"""Commands about no line in particular: a probability for any span, and the models there are."""

from __future__ import annotations

import threading
from typing import Any

from attrs import frozen
from lsprotocol import types

from linewise.errors import LinewiseError
from linewise.lsp.client import Client
from linewise.lsp.configuration import Configuration
from linewise.lsp.convert import finite, offsets
from linewise.lsp.documents import Documents
from linewise.lsp.model import ModelHost
from linewise.lsp.questions import Questions
from linewise.results import SpanScore
from linewise.wording import edit_message

QUERY_SPAN = "linewise.server.querySpan"
LIST_MODELS = "linewise.server.listModels"
RESET_FEEDBACK = "linewise.server.resetFeedback"


@frozen
class SpanQuery:
    """The argument of `linewise.server.querySpan`."""

    uri: str
    range: types.Range


class Commands:
    """Executes the server's commands; what it returns is what JSON can hold."""

    def __init__(
        self,
        client: Client,
        host: ModelHost,
        documents: Documents,
        questions: Questions,
        configuration: Configuration,
    ) -> None:
        self._client = client
        self._host = host
        self._documents = documents
        self._questions = questions
        self._configuration = configuration

    async def query_span(self, query: SpanQuery) -> dict[str, Any]:
        """Return the edit probability of any range of any Python document, open or not.

        Raises
        ------
        LinewiseError
            If the document cannot be scored, or there is no code in the range.
        """
        scored = (await self._questions.outcome(query.uri)).scored
        model = await self._questions.model()
        start, end = offsets(query.range, scored.table, self._client.encoding)

        # Not before somebody asks: `initialize` is answered without the engine.
        from linewise.spans import ask_span

        def ask(_: threading.Event) -> SpanScore | None:
            return ask_span(model.engine.probe, scored, start, end)

        answer = await self._host.run(ask)
        if answer is None:
            raise LinewiseError("there is no code in the selection")
        calibrated = all(each.calibrated for each in scored.lines if each.line in answer.lines)
        return {
            "probability": finite(answer.probability),
            "baseRate": finite(answer.base_rate),
            "baseRateOf": answer.level.value,
            "lines": [int(line) for line in answer.lines],
            "tokens": int(answer.tokens),
            "calibrated": calibrated,
            "message": edit_message(
                answer.probability, answer.base_rate, answer.level, calibrated=calibrated
            ),
        }

    def list_models(self) -> list[dict[str, Any]]:
        """Return the models that are registered or installed."""
        # Not needed before somebody asks, so not part of the start.
        from linewise.catalogue import known_models

        return [
            {
                "name": model.name,
                "description": model.description,
                "installed": model.size is not None,
                "active": model.name == self._configuration.settings.model,
                "probe": model.has_probe,
            }
            for model in known_models()
        ]

    def reset_feedback(self) -> dict[str, Any]:
        """Forget what edits in the open folder and documents taught; return the repositories.

        Raises
        ------
        LinewiseError
            While there is no model.
        """
        if (model := self._host.loaded) is None:
            raise LinewiseError(self._host.failure or "the model is loading; try again in a moment")
        places = [self._client.root, *(document.path for document in self._documents)]
        found = {workspace for place in places if (workspace := model.workspaces.of(place))}
        return {"reset": sorted(str(each.root) for each in found if each.reset_feedback())}
