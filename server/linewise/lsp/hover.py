"""The hover on a flagged line: how probable, against what, and because of which tokens.

Everything it says was computed when the document was scored; a hover only looks it up.
"""

from __future__ import annotations

import math
import re

from lsprotocol import types

from linewise.lsp.client import Client
from linewise.lsp.convert import finding_range
from linewise.lsp.documents import Documents
from linewise.lsp.outcome import Outcome
from linewise.lsp.scoring import Scorer
from linewise.results import Finding, TokenWeight
from linewise.wording import edit_message, percent

TOKENS_SHOWN = 3
_READABLE = {"\n": "⏎", "\r": "⏎", "\t": "⇥"}


class Hovers:
    """Answers `textDocument/hover`."""

    def __init__(self, client: Client, documents: Documents, scorer: Scorer) -> None:
        self._client = client
        self._documents = documents
        self._scorer = scorer

    def at(self, params: types.HoverParams) -> types.Hover | None:
        """Return the hover, None where nothing is flagged or the newest version is not scored."""
        document = self._documents.get(params.text_document.uri)
        outcome = self._scorer.known(document) if document is not None else None
        finding = outcome.finding(params.position.line) if outcome is not None else None
        if outcome is None or finding is None:
            return None
        markdown = self._client.reads_markdown
        return types.Hover(
            contents=types.MarkupContent(
                types.MarkupKind.Markdown if markdown else types.MarkupKind.PlainText,
                "\n".join(_lines(outcome, finding, markdown)),
            ),
            range=finding_range(finding, outcome.scored.table, self._client.encoding),
        )


def _lines(outcome: Outcome, finding: Finding, markdown: bool) -> list[str]:
    scored = outcome.scored
    message = edit_message(finding.probability, scored.base_rate)
    times = f"{finding.probability / scored.base_rate:.1f} times the base rate"
    weights = [
        weight
        for weight in outcome.weights[finding.line]
        if weight.text.strip() and math.isfinite(weight.weight) and weight.weight >= 0.005
    ][:TOKENS_SHOWN]
    about = percent(finding.probability)
    return [
        f"**{message}**" if markdown else message,
        "",
        f"{times}; {ordinal(finding.rank)} of {len(scored.lines)} code lines in this file.",
        "",
        *(["What weighs most (log-odds):", ""] if weights else []),
        *(_token(weight, markdown) for weight in weights),
        *([""] if weights else []),
        f"Of lines shown at about {about}, about {about} {scored.calibration.promise}.",
    ]


def _token(weight: TokenWeight, markdown: bool) -> str:
    text = readable(weight.text)
    return f"- {code_span(text) if markdown else text} {weight.weight:+.2f}"


def readable(token: str) -> str:
    """Return a token as it can stand in a line: outer blanks cut, the others visible."""
    return "".join(
        character if character.isprintable() else _READABLE.get(character, ascii(character)[1:-1])
        for character in token.strip()
    )


def code_span(text: str) -> str:
    """Quote code for Markdown, whatever it contains: a fence longer than any inside it."""
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", text)), default=0))
    # A blank on each side is stripped again by Markdown; it keeps a backtick off the fence.
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def ordinal(number: int) -> str:
    """Write 1 as 1st, 2 as 2nd, 11 as 11th."""
    suffixes = {1: "st", 2: "nd", 3: "rd"}
    return f"{number}{'th' if number % 100 in (11, 12, 13) else suffixes.get(number % 10, 'th')}"
