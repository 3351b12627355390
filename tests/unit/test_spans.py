"""Spans: one judgement with lines, monotone, whole lines as they were scored."""

from itertools import pairwise

import numpy as np
import pytest
from attrs import evolve
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from linewise.results import SpanLevel
from linewise.spans import ask_span, chance

SOURCE = '''\
import os


def first(x):
    """Say."""
    return x + 1


def second(y):
    z = y * 2
    return z


class Third:
    limit = 3

    def method(self):
        if self.limit > 2:
            return [self.limit, os.sep]
        return []
'''
LONG = "def f(x):\n" + "".join(f"    x = x + {n}\n" for n in range(60))
probabilities = st.floats(0, 1)


def of(engine, scored, start, end):
    return ask_span(engine.probe, scored, start, end)


def test_a_span_costs_no_pass(engine, tiny_model):
    scored = engine.score(SOURCE)
    before = tiny_model.passes
    start = SOURCE.index("y * 2")
    answer = of(engine, scored, start, start + 5)
    assert answer.lines == (9,)
    assert answer.tokens == 5
    assert answer.level is SpanLevel.LINE
    assert 0 < answer.probability < 1
    assert tiny_model.passes == before


@pytest.mark.parametrize("text", [SOURCE, LONG, SOURCE.replace("\n", "\r\n"), "\ta = [1]  \r"])
def test_the_span_of_a_line_is_the_line(engine, text):
    scored = engine.score(text)
    for score in scored.lines:
        start, end = scored.table.full_span(score.line)
        content = scored.table.content(score.line)
        indent = len(content) - len(content.lstrip())
        for span in ((start, end), (start + indent, start + len(content.rstrip()))):
            answer = of(engine, scored, *span)
            assert answer.probability == pytest.approx(score.probability)
            assert answer.level is SpanLevel.LINE
            assert answer.base_rate == scored.calibration.line.base_rate


def test_a_span_is_the_same_from_either_end_and_none_without_code(engine):
    scored = engine.score(SOURCE)
    assert of(engine, scored, 40, 70) == of(engine, scored, 70, 40)
    start = SOURCE.index('"""Say."""')
    assert of(engine, scored, start, start + 5) is None
    blank = SOURCE.index("\n\n\ndef second")
    assert of(engine, scored, blank, blank + 3) is None


def test_a_part_of_a_line_is_less_than_the_line(engine):
    scored = engine.score(SOURCE)
    line = SOURCE[: SOURCE.index("    z = ")].count("\n")
    start = scored.table.starts[line]
    values = [of(engine, scored, start, start + length).probability for length in range(5, 14)]
    assert values == sorted(values)
    assert 0 < values[0] < values[-1] == pytest.approx(scored.line(line).probability)


def test_several_lines_are_compared_with_functions(engine):
    scored = engine.score(SOURCE)
    answer = of(engine, scored, SOURCE.index("def second"), SOURCE.index("\n\n\nclass"))
    assert answer.lines == (8, 9, 10)
    assert answer.level is SpanLevel.UNIT
    assert answer.base_rate == scored.calibration.unit.base_rate


@pytest.mark.parametrize("text", [SOURCE, LONG])
def test_no_span_is_less_probable_than_what_is_in_it(engine, text):
    scored = engine.score(text)
    table = scored.table

    @settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.lists(st.integers(0, len(text)), min_size=4, max_size=4, unique=True).map(sorted))
    def check(ends):
        outer, inner = of(engine, scored, ends[0], ends[3]), of(engine, scored, *ends[1:3])
        if inner is not None:
            assert outer is not None
            assert outer.probability >= inner.probability - 1e-9
        for score in scored.lines:
            if ends[0] <= table.starts[score.line] and table.ends[score.line] <= ends[3]:
                assert outer.probability >= score.probability - 1e-9

    check()


def test_it_grows_through_a_whole_file(engine):
    scored = engine.score(SOURCE)
    answers = [of(engine, scored, 0, end) for end in range(1, len(SOURCE) + 1)]
    values = [0.0 if each is None else each.probability for each in answers]
    assert all(later >= before - 1e-9 for before, later in pairwise(values))
    assert all(each is not None for each in answers)


def test_facts_count_in_spans_as_in_lines(engine):
    scored = engine.score(SOURCE)
    risky = scored.line(10)
    raised = evolve(
        scored,
        lines=tuple(
            evolve(each, probability=0.9) if each is risky else each for each in scored.lines
        ),
    )
    start, end = SOURCE.index("def second"), SOURCE.index("\n\n\nclass")
    assert of(engine, raised, start, end).probability >= 0.9
    assert of(engine, raised, start, end).probability > of(engine, scored, start, end).probability


@given(st.lists(probabilities, min_size=1, max_size=30), probabilities, st.data())
def test_the_chance_of_a_part_of_a_unit(lines, whole, data):
    every = np.array(lines)
    chosen = data.draw(st.lists(st.sampled_from(range(len(lines))), min_size=1, unique=True))
    part = chance(every[chosen], every, whole)
    assert every[chosen].max() - 1e-6 <= part <= chance(every, every, whole) + 1e-9 <= 1 + 1e-9
    smaller = chance(every[chosen[:1]], every, whole)
    assert smaller == pytest.approx(every[chosen[0]], abs=1e-6)
    assert part >= smaller - 1e-9


@given(st.lists(st.floats(0.01, 0.9), min_size=2, max_size=30), st.floats(0, 0.99))
def test_a_whole_unit_is_what_the_head_says_or_its_riskiest_line(lines, whole):
    every = np.array(lines)
    assert chance(every, every, whole) == pytest.approx(max(whole, *lines))
