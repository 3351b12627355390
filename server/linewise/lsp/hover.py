"""The hover on a line: how probable its edit is, because of what, and how far to trust that.

Of lines that are not flagged it says in two lines why they are not.
Everything it says was computed when the document was scored, or in the background since; a hover
only looks it up. What is not there yet is said to be on its way.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from lsprotocol import types

from linewise.lsp.client import Client
from linewise.lsp.convert import line_range
from linewise.lsp.documents import Documents
from linewise.lsp.explanations import Explanations, LineExplanation
from linewise.lsp.outcome import Outcome
from linewise.lsp.scoring import Scorer
from linewise.rationale.explain_wording import (
    bar,
    logit_sentence,
    problems_sentence,
    quoted,
    short_unit,
    snippet,
    stability_sentence,
    sufficiency_sentence,
)
from linewise.wording import CAP, edit_message, ordinal, percent

if TYPE_CHECKING:
    from linewise.rationale.explanation import CategoryShare, Explanation
    from linewise.results import Finding, LineScore, TokenWeight

MOST_LINES = 12
CATEGORIES_SHOWN = 3
TOKENS_SHOWN = 3
LEAST_WEIGHT = 0.005
"""Log-odds below which a token is not named: it would read as 0.00."""
_CELLS = 8
_TOKEN_LENGTH = 24


class Hovers:
    """Answers `textDocument/hover`."""

    def __init__(
        self, client: Client, documents: Documents, scorer: Scorer, explanations: Explanations
    ) -> None:
        self._client = client
        self._documents = documents
        self._scorer = scorer
        self._explanations = explanations

    def at(self, params: types.HoverParams) -> types.Hover | None:
        """Return the hover, None where there is no code or the newest version is not scored."""
        document = self._documents.get(params.text_document.uri)
        outcome = self._scorer.known(document) if document is not None else None
        if outcome is None or not outcome.settings.hover:
            return None
        line, markdown = params.position.line, self._client.reads_markdown
        if (finding := outcome.finding(line)) is not None:
            known = self._explanations.of(outcome, line)
            lines = hover_lines(outcome, finding, known, markdown=markdown)
            if self._client.options.diagnostics_in_hovers and outcome.settings.diagnostics:
                del lines[:2]
        elif (score := outcome.scored.line(line)) is not None:
            lines = short_lines(outcome, score)
        else:
            return None
        return types.Hover(
            contents=types.MarkupContent(
                types.MarkupKind.Markdown if markdown else types.MarkupKind.PlainText,
                "\n".join(lines),
            ),
            range=line_range(line, outcome.scored.table, self._client.encoding),
        )


def short_lines(outcome: Outcome, score: LineScore) -> list[str]:
    """Return the lines of the hover on a line that is not flagged."""
    scored = outcome.scored
    return [
        edit_message(score.probability, scored.base_rate, calibrated=score.calibrated),
        "",
        f"{_unflagged(outcome, score)}; {ordinal(score.rank)} of {len(scored.lines)} code lines in "
        f"this {outcome.container}.",
    ]


def _unflagged(outcome: Outcome, score: LineScore) -> str:
    """Say why a line is not flagged."""
    settings, hidden = outcome.settings, outcome.suppressed
    changed = hidden.changed is None or score.line in hidden.changed
    for lines, why in (
        (hidden.ignored, "Ignored"),
        (hidden.baselined, f"Part of {settings.baseline}"),
        (hidden.reviewed, "Reviewed"),
        (() if changed else (score.line,), f"Not changed since {settings.changed_since}"),
    ):
        if score.line in lines:
            return why
    if score.probability < outcome.bands.threshold:
        return f"Not flagged, that begins at {percent(outcome.bands.threshold)}"
    if outcome.hidden:
        return f"Not flagged, others are more probable ({CAP})"
    return "Not flagged, that begins at a higher severity (linewise.minimumSeverity)"


def hover_lines(
    outcome: Outcome, finding: Finding, known: LineExplanation | None, *, markdown: bool
) -> list[str]:
    """Return the lines of the hover on a flagged line; None is known of what nobody explains.

    They are `MOST_LINES` at most, and the first two say what the diagnostic says.
    """
    code = code_span if markdown else quoted
    scored = outcome.scored
    message = edit_message(finding.probability, scored.base_rate, calibrated=finding.calibrated)
    problem = None
    if known is not None and known.scored is not None:
        problem = problems_sentence(known.scored.problems, lambda name: code(snippet(name)))
    times = f"{finding.probability / scored.base_rate:.1f} times the base rate"
    return [
        f"**{message}**" if markdown else message,
        "",
        f"{times}; {ordinal(finding.rank)} of {len(scored.lines)} code lines in this "
        f"{outcome.container}." + (f" {problem}" if problem else ""),
        *([logit_sentence(known.scored.logit)] if known is not None and known.scored else []),
        "",
        *_reasons(outcome, finding, known, code, markdown=markdown),
        _promise(outcome, finding),
    ]


def _reasons(
    outcome: Outcome,
    finding: Finding,
    known: LineExplanation | None,
    code: Callable[[str], str],
    *,
    markdown: bool,
) -> Iterator[str]:
    explanation = known.explanation if known is not None else None
    if explanation is not None:
        yield from _categories(explanation, markdown=markdown)
        yield _heaviest(explanation, code)
    elif weights := _of_the_line(outcome.weights[finding.line]):
        said = ", ".join(f"{code(readable(each.text))} {each.weight:+.2f}" for each in weights)
        yield f"- Heaviest on the line, in log-odds: {said}"
    yield ""
    if known is None:
        return
    if known.refusal is not None:
        yield f"Not explained further: {known.refusal}."
    elif explanation is None:
        yield "What this rests on is being computed; hover again."
    elif explanation.trust is None or explanation.stability is None:
        yield _trust(explanation, "Its stability is being computed; hover again.")
    else:
        yield _trust(explanation, stability_sentence(explanation.stability))


def _categories(explanation: Explanation, *, markdown: bool) -> Iterator[str]:
    if explanation.without_categories is not None:
        yield f"- No categories: {explanation.without_categories}."
        return
    shown = explanation.categories[:CATEGORIES_SHOWN]
    yield from (_category(each, shown[0].share, markdown=markdown) for each in shown)


def _category(category: CategoryShare, most: float, *, markdown: bool) -> str:
    # Filled up: whoever strips blanks at the end of code would undo the columns.
    cells = f"{bar(category.share, _CELLS, most):░<{_CELLS}}"
    return f"- {f'`{cells}`' if markdown else cells} {percent(category.share)} {category.name}"


def _heaviest(explanation: Explanation, code: Callable[[str], str]) -> str:
    said = ", ".join(
        f"{code(snippet(each.text, _TOKEN_LENGTH))} {each.weight:+.2f} (line {each.line + 1})"
        for each in explanation.heaviest(TOKENS_SHOWN)
    )
    return f"- Heaviest, in {short_unit(explanation.weight_unit)}: {said}"


def _trust(explanation: Explanation, stability: str) -> str:
    if explanation.trust is None:
        return "How far to trust it is being computed; hover again."
    return f"{sufficiency_sentence(explanation.trust, explanation.weight_unit)} {stability}"


def _promise(outcome: Outcome, finding: Finding) -> str:
    if not finding.calibrated:
        return "This code is unlike any the probabilities were fitted on: read ranks, not numbers."
    about = percent(finding.probability)
    return f"Of lines shown at about {about}, about {about} {outcome.scored.calibration.promise}."


def _of_the_line(weights: tuple[TokenWeight, ...]) -> list[TokenWeight]:
    """Return the tokens of the line itself that raise its risk most and can be named."""
    return [
        each
        for each in weights
        if each.text.strip() and math.isfinite(each.weight) and each.weight >= LEAST_WEIGHT
    ][:TOKENS_SHOWN]


_READABLE = {"\n": "⏎", "\r": "⏎", "\t": "⇥"}


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
