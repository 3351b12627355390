"""The page in which people mark tokens: one file that asks nothing of any network."""

from __future__ import annotations

import base64
import hashlib
from importlib.resources import files
from string import Template
from typing import Any

from linewise.rationale.study.files import (
    ANSWERS_FORMAT,
    RATINGS,
    VERSION,
    Piece,
    Study,
)
from linewise.rationale.study.target import Target
from linewise.writing import to_json


def render(study: Study) -> str:
    """Return the page as HTML; its policy forbids every script, style and request but its own."""
    page = files(__package__) / "page"
    style, script = ((page / f"study.{kind}").read_text("utf-8") for kind in ("css", "js"))
    policy = (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    return Template((page / "study.html").read_text("utf-8")).substitute(
        policy=policy, style=style, script=script, data=_embedded(_shown(study))
    )


def _shown(study: Study) -> dict[str, Any]:
    """Return what the page needs; probabilities and strata would tell people what to answer."""
    return {
        "sha256": study.sha256,
        "answers": {"format": ANSWERS_FORMAT, "version": VERSION},
        "target": study.target,
        "question": study.question,
        "ratings": list(RATINGS),
        "pieces": [_piece(piece, study.target) for piece in study.pieces],
    }


def _piece(piece: Piece, target: Target) -> dict[str, Any]:
    return {
        "id": piece.id,
        "source": piece.source,
        "line": piece.line,
        "unit": piece.unit,
        "texts": piece.texts,
        "target": piece.target,
        "markable": sorted(piece.markable(target)),
    }


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _embedded(value: object) -> str:
    """Return JSON that cannot end the script element it stands in."""
    return to_json(value, indent=None).replace("<", "\\u003c")
