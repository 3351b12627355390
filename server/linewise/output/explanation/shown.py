"""What the picture and the page both show of an explanation, worded and cut."""

from __future__ import annotations

from attrs import frozen
from rich.cells import cell_len, set_cell_size

from linewise.output.explanation.heat import HeatLine, Piece, heat_lines
from linewise.output.explanation.report import ExplanationReport
from linewise.output.text import visible
from linewise.rationale.explain_wording import (
    comprehensiveness_sentence,
    logit_sentence,
    problems_sentence,
    short_unit,
    snippet,
    stability_sentence,
    standing,
    sufficiency_sentence,
)
from linewise.rationale.explanation import CategoryShare, Explanation, WeighedGroup
from linewise.rationale.study.target import Target

CATEGORIES = 6
GROUPS = 5
RATIONALES = "Greedy rationales, as their tokens were added"


@frozen
class Run:
    """A piece of code as it is drawn, ``cells`` wide from cell ``at``.

    ``level`` is that of `heat.Piece`; ``title`` says what the piece weighs, if it does.
    """

    text: str
    at: int
    cells: int
    level: int
    title: str


@frozen
class Row:
    """A line of code as it is drawn; ``number`` counts from 1."""

    number: int
    weight: float
    explained: bool
    gap: bool
    runs: tuple[Run, ...]


@frozen
class Rationale:
    """A predicted token and its greedy rationale."""

    token: str
    rationale: tuple[str, ...]
    reached_argmax: bool


@frozen
class Shown:
    """All texts of a picture, safe to print; ``others`` are the categories that are not shown."""

    title: str
    unit_name: str
    about: tuple[str, ...]
    heading: str
    method: str
    unit: str
    without_categories: str | None
    categories: tuple[CategoryShare, ...]
    others: tuple[CategoryShare, ...]
    rows: tuple[Row, ...]
    rationales: tuple[Rationale, ...]
    groups: tuple[WeighedGroup, ...]
    trust: tuple[str, ...]
    footer: str


def shown(report: ExplanationReport, widest: int | None = None) -> Shown:
    """Return what to draw; lines of code are cut at ``widest`` cells."""
    explanation = report.explanation
    unit = short_unit(explanation.weight_unit)
    provider = report.model.provider.removesuffix("ExecutionProvider")
    categories = leading(explanation)
    return Shown(
        title=f"{visible(report.path)}:{explanation.line + 1}",
        unit_name=visible(explanation.unit),
        about=about(report),
        heading=heading(explanation),
        method=f"{explanation.method}, {explanation.weight_unit}",
        unit=unit,
        without_categories=explanation.without_categories,
        categories=categories,
        others=explanation.categories[len(categories) :],
        rows=tuple(_row(each, widest, unit) for each in heat_lines(report.table, explanation)),
        rationales=tuple(
            Rationale(
                snippet(each.text),
                tuple(snippet(token.text) or "⏎" for token in each.rationale),
                each.reached_argmax,
            )
            for each in explanation.predicted
        ),
        groups=explanation.heaviest(GROUPS),
        trust=trust_sentences(explanation),
        footer=f"{report.model.name} on {provider} · Linewise {report.version}",
    )


def about(report: ExplanationReport) -> tuple[str, ...]:
    """Return what is said of the line before the model's reading of it is taken apart."""
    scored = report.explained.scored
    if scored is None:
        return ()
    problem = problems_sentence(scored.problems)
    said = (
        f"{standing(scored)}.",
        None if problem is None else visible(problem),
        report.note,
        logit_sentence(scored.logit),
    )
    return tuple(each for each in said if each is not None)


def heading(explanation: Explanation) -> str:
    """Return what the explanation is one of."""
    if explanation.target is Target.EDIT:
        return "What the model's reading rests on"
    return "What the line's tokens are predicted from"


def leading(explanation: Explanation) -> tuple[CategoryShare, ...]:
    """Return the categories to show: the first ones, as far as they weigh anything."""
    return tuple(each for each in explanation.categories[:CATEGORIES] if each.share)


def trust_sentences(explanation: Explanation) -> tuple[str, ...]:
    """Return how far an explanation can be trusted, as far as anybody looked."""
    trust, unit = explanation.trust, explanation.weight_unit
    said = []
    if trust is not None:
        said += [sufficiency_sentence(trust, unit), comprehensiveness_sentence(trust, unit)]
    if explanation.stability is not None:
        said.append(stability_sentence(explanation.stability))
    return tuple(said)


def _row(line: HeatLine, widest: int | None, unit: str) -> Row:
    runs: list[Run] = []
    at = 0
    for piece in line.pieces:
        text = visible(piece.text)
        room = None if widest is None else widest - at
        if room is not None and cell_len(text) > room:
            text = set_cell_size(text, max(room - 1, 0)) + "…"
        cells = cell_len(text)
        runs.append(Run(text, at, cells, piece.level, _title(piece, unit)))
        at += cells
        if text.endswith("…") and room is not None and cells >= room:
            break
    return Row(line.line + 1, line.weight, line.explained, line.gap, tuple(runs))


def _title(piece: Piece, unit: str) -> str:
    if piece.token is None:
        return ""
    category = f", {piece.token.category}" if piece.token.category else ""
    return f"{piece.token.weight:+.2f} {unit}{category}"
