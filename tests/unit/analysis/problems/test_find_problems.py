"""What is known to be wrong with a text, and the facts made of it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linewise.analysis.code_lines import code_lines
from linewise.analysis.line_facts import FACTS, line_facts
from linewise.analysis.problems.features import PROBLEM_FEATURES, problem_features
from linewise.analysis.problems.find import find, problems
from linewise.analysis.problems.problem import Problem
from linewise.analysis.syntax import parse

TEXT = """\
import os

def area(r):
    unused = 1
    return math.pi * r * math.tau

def sign(r: int):
    if r > math.nan:
        return 1
"""


def columns(text, wanted, units):
    features = problem_features(find(text), wanted, units)
    return {name: features[:, at].tolist() for at, name in enumerate(PROBLEM_FEATURES)}


def test_problems_of_names_and_of_flow_by_line():
    assert problems(TEXT) == (
        Problem(0, "unused import", "os"),
        Problem(3, "unused", "unused"),
        Problem(4, "undefined", "math"),
        Problem(4, "undefined", "math"),
        Problem(7, "undefined", "math"),
        Problem(7, "no value", "sign"),
    )


def test_features_count_by_line_unit_and_document_and_mark_the_first_use():
    found = columns(TEXT, [0, 2, 3, 4, 6, 7, 8], [0, 2, 6])
    assert found["undefined names"] == [0, 0, 0, 2, 0, 1, 0]
    assert found["first undefined names"] == [0, 0, 0, 1, 0, 0, 0]
    assert found["undefined names in unit"] == [0, 2, 2, 2, 1, 1, 1]
    assert found["undefined names in document"] == [3] * 7
    assert found["unused names"] == [0, 0, 1, 0, 0, 0, 0]
    assert found["flow problems"] == [0, 0, 0, 0, 0, 1, 0]
    assert found["flow problems in unit"] == [0, 0, 0, 0, 1, 1, 1]
    assert found["annotated"] == [0, 0, 0, 0, 1, 1, 1]


def test_problems_of_lines_not_asked_for_count_for_their_unit():
    found = columns(TEXT, [2, 8], [2, 6])
    assert found["first undefined names"] == [0, 0]
    assert found["undefined names in unit"] == [2, 1]
    assert found["flow problems"] == [0, 0]
    assert found["flow problems in unit"] == [0, 1]
    assert columns(TEXT, [2], [2, 6])["undefined names in unit"] == [2]


def test_a_function_inside_an_annotated_one_is_as_it_is_itself():
    text = "def f(a: int):\n    def g(b):\n        return b\n    return g(a)\n"
    assert columns(text, [0, 1, 2, 3], [0])["annotated"] == [1, 0, 0, 1]


@pytest.mark.parametrize(
    "text", ["def f(:\n", "x = \x00", "'\\d'\n", "", "(" * 500, "𝟙 = 1\n", "from x import *\ny\n"]
)
def test_whatever_does_not_parse_has_no_problems_and_warns_of_nothing(text, recwarn):
    assert all(problem.kind != "undefined" for problem in problems(text))
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


def test_names_that_are_given_are_not_undefined() -> None:
    text = "def f(x: List) -> spark:\n    return other\n"
    names = [each.name for each in problems(text, frozenset({"List", "spark"}))]
    assert names == ["f", "other"]
    assert [each.name for each in problems(text)] == ["List", "spark", "f", "other"]
    syntax = parse(text)
    code = code_lines(syntax)
    column = FACTS.index("undefined names")
    assert line_facts(syntax, code)[:, column].tolist() == [2, 1]
    assert line_facts(syntax, code, frozenset({"List", "spark"}))[:, column].tolist() == [0, 1]


@pytest.mark.parametrize(
    ("text", "undefined"),
    [
        ("import gettext\ngettext.install('x')\nprint(_('a'))\n", []),
        ("from gettext import install\ninstall('x')\n_('a')\n", []),
        ("import gettext\ngettext.translation('x').install()\n_('a')\n", []),
        ("import builtins\nbuiltins._ = str\n_('a')\n", []),
        ("import builtins\nbuiltins.__dict__['_'] = str\n_('a')\n", []),
        ("reveal_type(1)\n", []),
        ("import gettext\n_('a', gettext)\n", ["_"]),
        ("import x\nx.install()\n_('a')\n", ["_"]),
        ("display(1)\n", ["display"]),
    ],
)
def test_names_that_a_module_installs_are_not_undefined(text, undefined):
    assert [each.name for each in problems(text) if each.kind == "undefined"] == undefined
