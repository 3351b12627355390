"""Explanation payloads for the tests of the renderers, fixed and drawn by Hypothesis."""

from hypothesis import strategies as st

from linewise.analysis.lines import LineTable
from linewise.analysis.problems.problem import Problem
from linewise.output.explanation.report import ExplanationReport
from linewise.output.report import ModelReport
from linewise.rationale.explain_line import ExplainedLine, ScoredLine
from linewise.rationale.explanation import (
    Against,
    CategoryShare,
    Explanation,
    LogitShares,
    Predicted,
    Stability,
    Trust,
    WeighedToken,
)
from linewise.rationale.study.target import Target
from linewise.results import LineScore

TEXT = "import os\n\n\ndef f(x):\n    return lenght + x\n"
TABLE = LineTable(TEXT)
MODEL = ModelReport("tiny", "0" * 64, "int8", "CPUExecutionProvider")
SCORED = ScoredLine(
    LineScore(4, 0.41, 1, "f"),
    LogitShares(-0.4, -2.9, 0.9, 1.6),
    (Problem(4, "undefined", "lenght"),),
    3,
    0.08,
)
EXPLANATION = Explanation(
    line=4,
    unit="f",
    target=Target.EDIT,
    method="knockout",
    weight_unit="logits of the edit probability",
    tokens=(
        WeighedToken("def", 3, 0, 0.1, 0, "oop"),
        WeighedToken(" f(x):\n   ", 3, 3, 0.1, 0, "identifier"),
        WeighedToken(" return", 4, 3, -0.5, 1, "return"),
        WeighedToken(" len", 4, 10, 1.0, 2, "identifier"),
        WeighedToken("ght", 4, 14, 0.3, 3, "identifier"),
    ),
    categories=(
        CategoryShare("identifier", "sc_nl", 0.7, 1.4, 3),
        CategoryShare("return", "sc_not_semantic", 0.25, -0.5, 1),
        CategoryShare("oop", "sc_semantic", 0.05, 0.1, 1),
    ),
    trust=Trust((0.2,), 10, Against(-0.7, -2.5, 1.0), Against(2.4, 0.7, 0.9)),
    stability=Stability(14.3, 7.6, 0.93, 5),
)
REPORT = ExplanationReport(
    "1.2.3", "src/a b.py", "python", TABLE, MODEL, "1" * 64, ExplainedLine(SCORED, EXPLANATION), 3.1
)

numbers = st.floats(-1e6, 1e6)
texts = st.text(st.characters(exclude_characters="\r\n"), max_size=20)
maybe_share = st.none() | st.floats(0, 1)


@st.composite
def documents(draw):
    """A text with one token per line, somewhere in it, and the tokens."""
    contents = draw(st.lists(texts, min_size=1, max_size=5))
    tokens = []
    for line, content in enumerate(contents):
        start = draw(st.integers(0, len(content)))
        end = draw(st.integers(start, len(content)))
        tokens.append(
            WeighedToken(content[start:end], line, start, draw(numbers), line, draw(texts))
        )
    return "\n".join(contents), tuple(tokens)


@st.composite
def reports(draw):
    """Any report that the types allow for."""
    text, tokens = draw(documents())
    table = LineTable(text)
    against = st.none() | st.builds(Against, numbers, numbers, st.floats(0, 1))
    figures = draw(st.lists(st.tuples(texts, texts, st.floats(0, 1), numbers), max_size=9))
    predicted = st.builds(Predicted, texts, st.just(0), st.just(0), st.booleans(), st.just(tokens))
    explanation = Explanation(
        line=draw(st.integers(0, len(table) - 1)),
        unit=draw(texts),
        target=draw(st.sampled_from(Target)),
        method=draw(texts),
        weight_unit=draw(texts),
        tokens=tokens,
        categories=tuple(CategoryShare(*each, 1) for each in figures),
        without_categories=None if figures else draw(texts),
        predicted=tuple(draw(st.lists(predicted, max_size=2))),
        trust=Trust((0.1, 0.4), 10, draw(against), draw(against), draw(st.none() | texts)),
        stability=Stability(
            draw(st.none() | st.floats(0, allow_nan=False)),
            draw(st.none() | st.floats(0, 1e9)),
            draw(maybe_share),
            draw(st.integers(1, 9)),
            draw(st.none() | texts),
        ),
    )
    scored = st.builds(
        ScoredLine,
        st.builds(LineScore, st.just(0), st.floats(0, 1), st.integers(1, 99), texts, st.booleans()),
        st.builds(LogitShares, numbers, numbers, numbers, numbers),
        st.lists(
            st.builds(Problem, st.just(0), st.sampled_from(["unused", "undefined"]), texts),
            max_size=3,
        ).map(tuple),
        st.integers(1, 99),
        st.floats(0.01, 1),
    )
    return ExplanationReport(
        "1.2.3",
        draw(texts),
        draw(st.sampled_from(["python", "rs"])),
        table,
        MODEL,
        draw(st.none() | texts),
        ExplainedLine(draw(st.none() | scored), explanation),
        draw(st.floats(0, 1e6)),
    )
