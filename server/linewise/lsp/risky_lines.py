"""The riskiest lines of what is open, and one line as Markdown to paste somewhere."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from attrs import frozen

from linewise.lsp.convert import finite
from linewise.lsp.documents import Documents
from linewise.lsp.hover import code_span
from linewise.lsp.outcome import Outcome
from linewise.lsp.questions import Questions
from linewise.lsp.review import Place
from linewise.lsp.scoring import Scorer
from linewise.wording import edit_message, ordinal, with_reason

if TYPE_CHECKING:
    from linewise.results import LineScore

RISKY_LINES = "linewise.server.riskyLines"
COPY_MARKDOWN = "linewise.server.copyMarkdown"


@frozen
class Request:
    """The argument of `linewise.server.riskyLines`: one document or all, the most probable first.

    ``limit`` is how many lines to return at most, over all documents.
    """

    uri: str | None = None
    limit: int | None = None


class RiskyLines:
    """Answers from what was scored; computes nothing."""

    def __init__(self, questions: Questions, documents: Documents, scorer: Scorer) -> None:
        self._questions = questions
        self._documents = documents
        self._scorer = scorer

    def listed(self, asked: Request) -> dict[str, Any]:
        """Return the lines above the lowest band by document, the riskiest document first."""
        wanted = None if asked.uri is None else self._documents.get(asked.uri)
        chosen = self._documents if asked.uri is None else filter(None, (wanted,))
        outcomes = [known for each in chosen if (known := self._scorer.known(each))]
        found = sorted(
            ((score, outcome) for outcome in outcomes for score in outcome.risky()),
            key=lambda pair: -pair[0].probability,
        )
        by_uri: dict[str, tuple[Outcome, list[LineScore]]] = {}
        for score, outcome in found[: asked.limit]:
            by_uri.setdefault(outcome.document.uri, (outcome, []))[1].append(score)
        return {"files": [_file(outcome, scores) for outcome, scores in by_uri.values()]}

    async def markdown(self, asked: Place) -> str:
        """Return a line, where it stands and how probable its edit is, as Markdown.

        Raises
        ------
        LinewiseError
            If the document cannot be scored, or the line holds no code.
        """
        outcome, score = await self._questions.line(asked.uri, asked.line)
        scored = outcome.scored
        name = PurePosixPath(unquote(asked.uri)).name
        text = scored.table.content(asked.line)
        message = edit_message(score.probability, scored.base_rate, calibrated=score.calibrated)
        fence = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
        return "\n".join(
            (
                f"**{name}:{asked.line + 1}** in {code_span(score.unit)}",
                "",
                f"{fence}python",
                text,
                fence,
                "",
                f"{with_reason(message, outcome.reasons.get(asked.line))}; "
                f"{ordinal(score.rank)} of {len(scored.lines)} code lines in this file.",
                "",
            )
        )


def _file(outcome: Outcome, scores: list[LineScore]) -> dict[str, Any]:
    return {
        "uri": outcome.document.uri,
        "baseRate": finite(outcome.scored.base_rate),
        "lines": [
            {
                "line": int(each.line),
                "probability": finite(each.probability),
                "band": outcome.band(each).value,
                "reviewed": each.line in outcome.suppressed.reviewed,
                "text": outcome.scored.table.content(each.line),
                "unit": each.unit,
            }
            for each in scores
        ],
    }
