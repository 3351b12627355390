"""Weights by model token as tokens and categories of a text, for any cut and any weights."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linewise.rationale.attribution import Attribution
from linewise.rationale.explain_text import ExplainedText
from linewise.rationale.explain_tokens import tokens_and_categories
from linewise.rationale.line_input import LineInput

TEXT = """\
def f(x, *, y=[0]):
    '''Say é 🎉.'''
    for each in x: y += each**2 if each else None
    return (y == "漢"  # so
            ) broken(
"""
WEIGHTS = st.floats(-50, 50).map(lambda each: 0.0 if abs(each) < 1e-9 else each)
SPANS = st.lists(
    st.tuples(st.integers(0, len(TEXT)), st.integers(0, 9), WEIGHTS), min_size=1, max_size=40
)


def read(starts, ends):
    table = ExplainedText(TEXT).syntax.lines
    ids = np.zeros(len(starts), np.int64)
    places = np.array(starts, np.int64), np.array(ends, np.int64)
    return LineInput(table, 2, "f", ids, *places, 0, len(starts))


def weighed(weights, groups=None):
    weights = np.atleast_2d(np.asarray(weights, float))
    groups = np.where(np.isnan(weights), -1, np.arange(weights.shape[1]))
    return Attribution("some", "{}", weights, groups)


@given(SPANS)
def test_shares_are_exact_whatever_tokens_straddle(spans):
    starts = [start for start, _, _ in spans]
    ends = [min(start + length, len(TEXT)) for start, length, _ in spans]
    weights = np.array([weight for _, _, weight in spans])
    tokens, categories, reason = tokens_and_categories(
        ExplainedText(TEXT), read(starts, ends), weighed(weights)
    )
    assert sum(each.weight for each in tokens) == pytest.approx(weights.sum(), abs=1e-9)
    assert all(each.category for each in tokens)
    covered = sorted({at for s, e in zip(starts, ends, strict=True) for at in range(s, e)})
    assert "".join(each.text for each in tokens) == "".join(TEXT[at] for at in covered)
    by_token = {}
    for token in tokens:
        by_token[token.category] = by_token.get(token.category, 0.0) + token.weight
    if reason is None:
        assert sum(each.share for each in categories) == pytest.approx(1, abs=1e-12)
        assert {each.name: each.weight for each in categories} == pytest.approx(by_token)
    else:
        assert (reason, categories) == ("no token weighs anything", ())
        assert not any(each.weight for each in tokens)


def test_tokens_without_weight_for_any_target_are_left_out():
    nan = np.nan
    tokens, _, _ = tokens_and_categories(
        ExplainedText(TEXT),
        read([0, 3, 5, 6], [3, 5, 6, 7]),
        weighed([[1.0, nan, nan, nan], [2.0, 4.0, nan, nan]]),
    )
    # The mean over two targets, a token behind one counting as 0 for it.
    assert [(each.text, each.weight) for each in tokens] == [("def", 1.5), (" f", 2.0)]


def test_bytes_of_one_character_are_one_token():
    at = TEXT.index("🎉")
    tokens, _, _ = tokens_and_categories(
        ExplainedText(TEXT), read([at] * 4, [at + 1] * 4), weighed([1.0, 2.0, -0.5, 0.25])
    )
    assert [(each.text, each.weight, each.category) for each in tokens] == [("🎉", 2.75, "string")]


def test_a_token_over_a_node_border_has_one_category():
    at = TEXT.index("]):")
    tokens, categories, _ = tokens_and_categories(
        ExplainedText(TEXT), read([at - 1], [at + 3]), weighed([2.0])
    )
    assert [(each.text, each.category) for each in tokens] == [("0]):", "punctuation")]
    assert [(each.name, each.share) for each in categories] == [("punctuation", 1.0)]
