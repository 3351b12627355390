"""An explanation as JSON, version 1 of the schema in ``docs/schema/explain-v1.schema.json``.

The version changes only when a reader of the old one would be misled; keys may be added.
"""

from __future__ import annotations

import math
from typing import Any

import cattrs

from linewise.output.explanation.report import ExplanationReport
from linewise.rationale.explain_line import ScoredLine
from linewise.rationale.explanation import Explanation, Predicted, WeighedToken, sentence
from linewise.writing import to_json

VERSION = 1


def render(report: ExplanationReport) -> str:
    """Return strict JSON: no NaN, no lone surrogates, a newline at the end."""
    return to_json(payload(report)) + "\n"


def payload(report: ExplanationReport) -> dict[str, Any]:
    """Return what JSON can hold; numbers that are not finite are null, lines count from 1."""
    explanation = report.explanation
    scored = report.explained.scored
    found: dict[str, Any] = {
        "version": VERSION,
        "tool": {"name": "linewise", "version": report.version},
        "model": cattrs.unstructure(report.model),
        "probe": report.probe,
        "path": report.path,
        "language": report.language,
        "line": explanation.line + 1,
        "text": report.text,
        "unit": explanation.unit,
        "target": explanation.target.value,
        "method": explanation.method,
        "weight_unit": explanation.weight_unit,
        "note": report.note,
        "edit": None if scored is None else _edit(scored),
        "categories": [cattrs.unstructure(each) for each in explanation.categories],
        "without_categories": explanation.without_categories,
        "tokens": [_token(each, report) for each in explanation.tokens],
        "predicted": [_predicted(each, report) for each in explanation.predicted],
        "reached_argmax": explanation.reached_argmax,
        **_trust(explanation),
        **_stability(explanation),
        "elapsed_seconds": round(report.elapsed, 3),
    }
    clean: dict[str, Any] = _clean(found)
    return clean


def _edit(scored: ScoredLine) -> dict[str, Any]:
    score = scored.score
    return {
        "probability": score.probability,
        "base_rate": scored.base_rate,
        "calibrated": score.calibrated,
        "rank": score.rank,
        "code_lines": scored.lines,
        "logit": cattrs.unstructure(scored.logit),
        "problems": [
            {"kind": each.kind, "name": each.name, "message": sentence(each)}
            for each in scored.problems
        ],
    }


def _token(token: WeighedToken, report: ExplanationReport) -> dict[str, Any]:
    return {
        "text": token.text,
        "line": token.line + 1,
        "column": report.column(token.line, token.column),
        "weight": token.weight,
        "group": token.group,
        "category": token.category or None,
    }


def _predicted(predicted: Predicted, report: ExplanationReport) -> dict[str, Any]:
    return {
        "text": predicted.text,
        "line": predicted.line + 1,
        "column": report.column(predicted.line, predicted.column),
        "reached_argmax": predicted.reached_argmax,
        "rationale": [
            {
                "text": each.text,
                "line": each.line + 1,
                "column": report.column(each.line, each.column),
                "gain": each.weight,
            }
            for each in predicted.rationale
        ],
    }


def _trust(explanation: Explanation) -> dict[str, Any]:
    trust = explanation.trust
    return {
        "sufficiency": trust and cattrs.unstructure(trust.sufficiency),
        "comprehensiveness": trust and cattrs.unstructure(trust.comprehensiveness),
        "faithfulness": trust
        and {"fractions": list(trust.fractions), "draws": trust.draws, "reason": trust.reason},
    }


def _stability(explanation: Explanation) -> dict[str, Any]:
    stability = explanation.stability
    return {
        "snr": stability and stability.snr,
        "stability": stability
        and {
            "rank_snr": stability.rank_snr,
            "reliability": stability.reliability,
            "repetitions": stability.repetitions,
            "reason": stability.reason,
        },
    }


def _clean(value: Any) -> Any:
    match value:
        case float() if not math.isfinite(value):
            return None
        case dict():
            return {key: _clean(each) for key, each in value.items()}
        case list() | tuple():
            return [_clean(each) for each in value]
    return value
