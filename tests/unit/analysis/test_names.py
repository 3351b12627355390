"""Name resolution: what is undefined or unused, line by line."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linewise.analysis.code_lines import code_lines
from linewise.analysis.line_facts import FACTS, line_facts
from linewise.analysis.names import NAME_FEATURES, NameProblem, name_features, name_problems
from linewise.analysis.syntax import parse

TEXT = """\
import os

def area(r):
    unused = 1
    return math.pi * r * math.tau

def twice(r):
    return math.pi * 2
"""


def test_problems_name_what_is_undefined_and_what_nothing_reads():
    assert name_problems(TEXT) == (
        NameProblem(0, "unused import", "os"),
        NameProblem(3, "unused", "unused"),
        NameProblem(4, "undefined", "math"),
        NameProblem(4, "undefined", "math"),
        NameProblem(7, "undefined", "math"),
    )


def test_features_count_by_line_and_document_and_mark_the_first_use():
    features = name_features(name_problems(TEXT), [0, 2, 3, 4, 6, 7])
    columns = {name: features[:, at].tolist() for at, name in enumerate(NAME_FEATURES)}
    assert columns["undefined names"] == [0, 0, 0, 2, 0, 1]
    assert columns["first undefined names"] == [0, 0, 0, 1, 0, 0]
    assert columns["undefined names in document"] == [3] * 6
    assert columns["unused names"] == [0, 0, 1, 0, 0, 0]


@pytest.mark.parametrize(
    "text", ["def f(:\n", "x = \x00", "'\\d'\n", "", "(" * 500, "𝟙 = 1\n", "from x import *\ny\n"]
)
def test_whatever_does_not_parse_has_no_problems_and_warns_of_nothing(text, recwarn):
    assert all(problem.kind != "undefined" for problem in name_problems(text))
    assert not recwarn.list


@given(st.text(alphabet="abdefimnprtx =():\n\t 'é\U0001f600", max_size=200))
def test_facts_of_any_text_are_finite(text):
    syntax = parse(text)
    wanted = code_lines(syntax)
    facts = line_facts(syntax, wanted)
    assert facts.shape == (len(wanted), len(FACTS))
    assert facts.dtype == np.float32
    assert np.isfinite(facts).all()


def test_facts_do_not_tell_how_large_the_file_is() -> None:
    first = "def total(prices):\n    return sum(prices)\n"
    more = "".join(f"\n\ndef f{n}(a{n}):\n    b{n} = a{n}\n    return b{n}\n" for n in range(9))
    alone, among = (
        line_facts(syntax, code_lines(syntax)) for syntax in (parse(first), parse(first + more))
    )
    differ = {
        name for name, *pair in zip(FACTS, alone[0], among[0], strict=True) if len(set(pair)) > 1
    }
    assert differ == {"words used later"}
