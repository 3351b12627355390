"""Making a study: source files in, pieces of code with one question out."""

from __future__ import annotations

from collections.abc import Iterable

from linewise.rationale.study.files import Study, StudyError
from linewise.rationale.study.models import Subject
from linewise.rationale.study.pieces import Candidate, by_risk, draw, flagged_lines, next_tokens
from linewise.rationale.study.target import Target
from linewise.settings import Settings

QUESTIONS = {
    Target.EDIT: (
        "The highlighted line may have to be edited. Which tokens, in it or before it, would you "
        "rely on to judge that?"
    ),
    Target.NEXT_TOKEN: (
        "The highlighted token is the last. Which tokens before it would you rely on to predict it?"
    ),
}


def make_study(
    subject: Subject,
    kind: Target,
    sources: Iterable[tuple[str, str]],
    *,
    settings: Settings,
    pieces: int,
    seed: int,
    max_tokens: int,
) -> Study:
    """Draw ``pieces`` from sources (name, text), fewer if there are not as many.

    ``settings`` say which lines are flagged. Pieces of more than ``max_tokens`` tokens are left
    out.

    Raises
    ------
    StudyError
        If there is nothing to draw.
    """
    found = draw(
        _candidates(subject, kind, sources, settings), pieces, seed, max_tokens, subject.decoder()
    )
    if not found:
        raise StudyError(
            f"there is nothing to draw: no line is flagged that ends within {max_tokens} tokens; "
            "name more files, lower --threshold or raise --max-tokens"
            if kind is Target.EDIT
            else "there is nothing to draw: name files with more code"
        )
    return Study(
        kind,
        QUESTIONS[kind],
        subject.target.name,
        subject.target.identity,
        subject.identity,
        seed,
        found,
    )


def _candidates(
    subject: Subject, kind: Target, sources: Iterable[tuple[str, str]], settings: Settings
) -> list[Candidate]:
    engine, tokenizer = subject.engine, subject.target
    if kind is Target.NEXT_TOKEN or engine is None:
        return [each for name, text in sources for each in next_tokens(name, text, tokenizer)]
    return by_risk(
        [
            each
            for name, text in sources
            for each in flagged_lines(name, text, engine, tokenizer, settings)
        ]
    )
