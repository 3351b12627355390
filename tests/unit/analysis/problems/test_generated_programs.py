"""Programs made by a generator: nothing of them is left out; broken code costs no other."""

import ast

import hypothesmith
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from linewise.analysis.lines import LineTable
from linewise.analysis.problems.find import find
from linewise.analysis.problems.problem import LeftOut
from linewise.results import OmissionKind

BROKEN = ("= =", "1 1", "] )", "0 = = 'a'", "?")
generated = settings(max_examples=10, suppress_health_check=list(HealthCheck))


def told(text):
    return [(each.line, each.kind, each.name) for each in find(text).problems]


@generated
@given(hypothesmith.from_grammar("file_input", auto_target=False) | hypothesmith.from_node())
def test_all_of_what_parses_is_looked_at(text):
    ast.parse(text)
    found = find(text)
    assert not found.left_out
    assert all(0 <= each.line < len(LineTable(text)) for each in found.problems)


@generated
@given(hypothesmith.from_node(), st.sampled_from(BROKEN))
def test_a_broken_line_between_statements_costs_them_nothing(after, broken):
    before = "first = missing\n"
    at = 1
    ast.parse(whole := f"{before}second = 2\n{after}")
    text = f"{before}{broken}\nsecond = 2\n{after}"
    moved = [(line + (line >= at), kind, name) for line, kind, name in told(whole)]
    assert told(text) == moved
    assert find(text).left_out == (LeftOut(at, at, OmissionKind.SYNTAX),)
