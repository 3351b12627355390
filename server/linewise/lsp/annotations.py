"""What can be drawn into the text: code lenses, inlay hints, semantic tokens. Each is off at first.

Asked for after each edit, they wait for the same scoring as the diagnostics. Lenses stand on a
function's first line and hints at a line's end, so they stay where they are when code is folded.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from linewise.lsp.client import Client
from linewise.lsp.configuration import Configuration
from linewise.lsp.convert import finite
from linewise.lsp.documents import Documents
from linewise.lsp.model import ModelLoading
from linewise.lsp.outcome import Outcome
from linewise.lsp.scoring import Scorer, Superseded, Unsaved
from linewise.lsp.tasks import Tasks
from linewise.results import Band, LineScore
from linewise.settings import Settings
from linewise.wording import edit_message, percent, with_reason

if TYPE_CHECKING:
    from linewise.analysis.units import Unit

SHOW_LINE = "linewise.server.showLine"
_MODIFIERS = (Band.MEDIUM.value, Band.HIGH.value, "reviewed")
LEGEND = types.SemanticTokensLegend(token_types=("linewise",), token_modifiers=_MODIFIERS)


class Annotations:
    """Answers requests for annotations; nothing is answered for what is switched off."""

    def __init__(
        self,
        client: Client,
        documents: Documents,
        scorer: Scorer,
        configuration: Configuration,
        tasks: Tasks,
    ) -> None:
        self._client = client
        self._documents = documents
        self._scorer = scorer
        self._configuration = configuration
        self._tasks = tasks
        self._drawn: set[str] = set()

    async def lenses(self, uri: str) -> list[types.CodeLens] | None:
        """Return how many lines of each function lie above the status threshold.

        Raises
        ------
        JsonRpcException
            ContentModified, if the document changed meanwhile.
        """
        outcome = await self._outcome(uri, "code_lens")
        return None if outcome is None else list(_lenses(outcome))

    async def hints(self, params: types.InlayHintParams) -> list[types.InlayHint] | None:
        """Return the probabilities of the lines above the lowest band, at their ends.

        Raises
        ------
        JsonRpcException
            ContentModified, if the document changed meanwhile.
        """
        outcome = await self._outcome(params.text_document.uri, "inlay_hint")
        if outcome is None:
            return None
        wanted = range(params.range.start.line, params.range.end.line + 1)
        return [self._hint(outcome, each) for each in _drawn(outcome) if each.line in wanted]

    async def tokens(self, uri: str) -> types.SemanticTokens | None:
        """Return a token for each line above the lowest band; its modifiers name the band.

        Raises
        ------
        JsonRpcException
            ContentModified, if the document changed meanwhile.
        """
        outcome = await self._outcome(uri, "semantic_tokens")
        return None if outcome is None else types.SemanticTokens(data=self._encoded(outcome))

    def refresh(self) -> None:
        """Make the client ask again for what is switched on, and for what was until now."""
        now = {
            kind
            for document in self._documents
            for kind, is_on in _switches(self._configuration.of(document.path)).items()
            if is_on
        }
        for kind in sorted(now | self._drawn):
            if self._client.refreshes_annotations(kind):
                self._tasks.spawn(self._client.refresh_annotations(kind))
        self._drawn = now

    async def _outcome(self, uri: str, kind: str) -> Outcome | None:
        document = self._documents.get(uri)
        if document is None or not _switches(self._configuration.of(document.path))[kind]:
            return None
        try:
            return await self._scorer.outcome(document)
        except ModelLoading:
            return None  # asked for again once it is there
        except (Superseded, Unsaved):
            # The client then leaves what it shows.
            raise JsonRpcException(
                "the document changed", types.LSPErrorCodes.ContentModified.value
            ) from None

    def _hint(self, outcome: Outcome, score: LineScore) -> types.InlayHint:
        scored = outcome.scored
        end = scored.table.starts[score.line] + len(scored.table.content(score.line).rstrip())
        message = edit_message(
            finite(score.probability), finite(scored.base_rate), calibrated=score.calibrated
        )
        reviewed = ", reviewed" if score.line in outcome.suppressed.reviewed else ""
        return types.InlayHint(
            position=types.Position(*scored.table.position(end, self._client.encoding)),
            label=f"{percent(score.probability)}{reviewed}",
            tooltip=with_reason(message, outcome.reasons.get(score.line)),
            padding_left=True,
        )

    def _encoded(self, outcome: Outcome) -> list[int]:
        """Encode a token per line as the protocol wants it: five numbers, relative to the last."""
        table, data, before = outcome.scored.table, [], 0
        for score in _drawn(outcome):
            content, start = table.content(score.line), table.starts[score.line]
            first = start + len(content) - len(content.lstrip())
            _, character = table.position(first, self._client.encoding)
            _, end = table.position(start + len(content.rstrip()), self._client.encoding)
            reviewed = score.line in outcome.suppressed.reviewed
            modifiers = 1 << _MODIFIERS.index(outcome.band(score).value) | reviewed << 2
            data += [score.line - before, character, end - character, 0, modifiers]
            before = score.line
        return data


def _switches(settings: Settings) -> dict[str, bool]:
    return {
        "code_lens": settings.code_lens,
        "inlay_hint": settings.inlay_hints,
        "semantic_tokens": settings.semantic_tokens,
    }


def _drawn(outcome: Outcome) -> list[LineScore]:
    return sorted(outcome.risky(), key=lambda each: each.line)


def _functions(outcome: Outcome) -> Iterator[Unit]:
    from linewise.analysis.units import UnitKind

    seen = set()
    for each in outcome.scored.evidence:
        unit = each.unit
        # One that is too long for one pass of the model has several.
        if unit.kind in (UnitKind.FUNCTION, UnitKind.METHOD) and unit.first_line not in seen:
            seen.add(unit.first_line)
            yield unit


def _lenses(outcome: Outcome) -> Iterator[types.CodeLens]:
    threshold, hidden = outcome.settings.status_threshold, outcome.suppressed
    left_alone = hidden.ignored | hidden.baselined | hidden.reviewed
    for unit in _functions(outcome):
        above = [
            each
            for each in outcome.scored.lines
            if unit.first_line <= each.line <= unit.last_line
            and each.probability >= threshold
            and each.line not in left_alone
        ]
        if above and unit.signature is not None:
            line = outcome.scored.table.line_at(unit.signature[0])
            riskiest = min(above, key=lambda each: each.rank)
            lines = "1 line" if len(above) == 1 else f"{len(above)} lines"
            yield types.CodeLens(
                range=types.Range(types.Position(line, 0), types.Position(line, 0)),
                command=types.Command(
                    title=f"{lines} above {percent(threshold)}",
                    command=SHOW_LINE,
                    arguments=[{"uri": outcome.document.uri, "line": int(riskiest.line)}],
                ),
            )
