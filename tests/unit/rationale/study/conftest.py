"""A study of two small pieces, and answers to it."""

import pytest

from linewise.rationale.study.files import Answer, Answers, Piece, Study
from linewise.rationale.study.target import Target


def piece(name, *texts, sizes=None, target=None):
    sizes = sizes or (1,) * len(texts)
    return Piece(
        id=name,
        source="a.py",
        line=3,
        unit="f",
        stratum="upper third of risk",
        ids=tuple(range(sum(sizes))),
        texts=texts,
        sizes=sizes,
        target=target or (len(texts) - 1, len(texts)),
    )


@pytest.fixture
def study():
    return Study(
        target=Target.NEXT_TOKEN,
        question="Which?",
        model="tiny",
        identity="0" * 64,
        probe=None,
        seed=0,
        pieces=(
            piece("p1", "def", " f", "(x", "):", "\n    ", "return", " x"),
            piece("p2", "'", "😀", "</script>", "' ", "&", sizes=(1, 3, 1, 1, 1)),
        ),
    )


@pytest.fixture
def answers(study):
    """A function: what somebody marked, by piece."""

    def answers(participant, **marked):
        pieces = {name: Answer(tuple(each), not each) for name, each in marked.items()}
        return Answers(study.sha256, participant, tuple(marked), pieces)

    return answers
