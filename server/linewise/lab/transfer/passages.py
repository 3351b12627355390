"""Answers in natural language with their wrong spans marked, cut into sentences."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from attrs import frozen

from linewise.lab.jsonl import rows

_NEEDED = {
    **dict.fromkeys(("ID", "user_query", "chatgpt_response", "hallucination"), str),
    "hallucination_spans": list,
}
# A sentence ends at its punctuation or with its line; lists and tables have no full stops.
_SENTENCE = re.compile(r"\S.*?(?:[.!?]+[\"')\]]*(?=\s)|$)", re.MULTILINE)


@frozen
class Passage:
    """A question, the answer a model gave, and the answer's sentences.

    ``sentences`` are code-point spans of ``answer``, end exclusive; ``wrong`` says of each whether
    it overlaps a span marked as wrong; ``unplaced`` counts marked spans that are not in the answer
    (remarks of the annotators, mostly).
    """

    passage_id: str
    question: str
    answer: str
    sentences: tuple[tuple[int, int], ...]
    wrong: tuple[bool, ...]
    is_wrong: bool
    unplaced: int


def read_passages(path: Path) -> Iterator[Passage]:
    """Yield the passages of a HaluEval file (JSON lines) that have a sentence, in order.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    LabDataError
        If it holds nothing usable.
    """
    for row in rows(path, _NEEDED):
        answer = row["chatgpt_response"]
        marked = [_places(answer, str(span)) for span in row["hallucination_spans"]]
        spans = [place for places in marked for place in places]
        sentences = tuple(match.span() for match in _SENTENCE.finditer(answer))
        if sentences:
            yield Passage(
                passage_id=row["ID"],
                question=row["user_query"],
                answer=answer,
                sentences=sentences,
                wrong=tuple(any(s < b and a < e for a, b in spans) for s, e in sentences),
                is_wrong=row["hallucination"] == "yes",
                unplaced=sum(not places for places in marked),
            )


def _places(answer: str, span: str) -> list[tuple[int, int]]:
    """Return where the lines of a marked span stand; annotators joined lines that are apart."""
    found = []
    for line in filter(None, map(str.strip, span.splitlines())):
        at = answer.find(line)
        if at >= 0:
            found.append((at, at + len(line)))
    return found
