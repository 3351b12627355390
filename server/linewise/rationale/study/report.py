"""The result of a study for people, as tables, and for programs, as JSON."""

from __future__ import annotations

import math
from typing import Any

import cattrs
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from linewise.lab.evaluate.bootstrap import Interval
from linewise.rationale.study.agreement import MEASURES
from linewise.rationale.study.files import Study
from linewise.rationale.study.scoring import Comparison, PieceScore, Score

VERSION = 1


def payload(study: Study, score: Score) -> dict[str, Any]:
    """Return the JSON that docs/study.md describes; figures that are not defined are null."""
    about = {
        "version": VERSION,
        "study": study.sha256,
        "target": study.target.value,
        "model": {"name": study.model, "identity": study.identity, "probe": study.probe},
        "seed": study.seed,
    }
    found: dict[str, Any] = _defined(about | cattrs.unstructure(score))
    return found


def _defined(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _defined(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_defined(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def tables(study: Study, score: Score) -> RenderableType:
    """Return the result for a terminal."""
    answered = sum(piece.answers > 0 for piece in score.pieces)
    head = (
        f"{study.target}, {study.model}; participants: {len(score.participants)}, pieces answered: "
        f"{answered} of {len(study.pieces)}, answers: {score.answers}, of which say that no token "
        f"would help: {score.none}"
    )
    alpha = f"Krippendorff's alpha between people: {_with_interval(score.alpha)}"
    return Group(
        Text(head),
        Text(),
        _comparisons((*score.comparisons, score.people)),
        Text(alpha),
        Text("(low to high): 95 % bootstrap intervals over people and pieces; docs/study.md"),
        Text(),
        _pieces(study, score.pieces),
    )


def _comparisons(rows: tuple[Comparison, ...]) -> Table:
    table = _table("choice", "size", "n", "tokens", *MEASURES, "Jaccard above chance")
    for row in rows:
        table.add_row(
            row.method,
            row.selection,
            str(row.count),
            _number(row.tokens, 1),
            *(
                _with_interval(row.figures[name]) if name == "jaccard" else _number(each.value)
                for name, each in row.figures.items()
            ),
            _with_interval(row.above_chance["jaccard"]),
        )
    return table


def _pieces(study: Study, pieces: tuple[PieceScore, ...]) -> Table:
    methods = list(pieces[0].jaccard) if pieces else []
    table = _table("piece", "line", "answers", "marked", *(f"Jaccard {name}" for name in methods))
    answered = [each for each in zip(study.pieces, pieces, strict=True) if each[1].answers]
    for piece, found in answered:
        table.add_row(
            piece.id,
            f"{piece.source}:{piece.line}",
            str(found.answers),
            _number(found.marked, 1),
            *(_number(each) for each in found.jaccard.values()),
        )
    return table


def _table(*headings: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in headings:
        table.add_column(heading)
    return table


def _number(value: float, digits: int = 2) -> str:
    return f"{value:.{digits}f}" if math.isfinite(value) else "–"


def _with_interval(found: Interval) -> str:
    if not math.isfinite(found.low):
        return _number(found.value)
    return f"{found.value:.2f} ({found.low:.2f} to {found.high:.2f})"
