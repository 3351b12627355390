"""Candidates and what is shown of them, on a small engine; tokens are characters or bytes."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from linewise.rationale.study.pieces import (
    LEAST_CONTEXT,
    by_risk,
    draw,
    flagged_lines,
    next_tokens,
    shown_tokens,
)
from linewise.settings import Settings

CODE = '''"""Prices."""

import math


def total(prices, rate):
    """Add up."""
    result = 0
    for price in prices:
        result += price * rate
    return math.ceil(result)


def mean(prices):
    return total(prices, 1) / len(prices)
'''


def of_bytes(ids):
    return bytes(ids).decode("utf-8", "replace")


def of_characters(ids):
    return "".join(map(chr, ids))


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\ufffd")))
def test_shown_tokens_spell_the_text_and_never_part_of_a_character(text):
    texts, sizes = shown_tokens(list(text.encode()), of_bytes)
    assert list(texts) == list(text)
    assert list(sizes) == [len(each.encode()) for each in text]


def test_what_begins_within_a_character_is_shown_too():
    texts, sizes = shown_tokens(list("é x".encode())[1:], of_bytes)
    assert "".join(texts) == "\ufffd x"
    assert sum(sizes) == 3


def test_flagged_lines_come_with_the_input_they_were_scored_in(engine, tiny_model):
    settings = Settings(threshold=0.0, max_findings_per_file=100)
    found = by_risk(list(flagged_lines("a.py", CODE, engine, tiny_model, settings)))
    lines = CODE.splitlines(keepends=True)
    for each in found:
        ids = each.input.ids[each.first : each.end]
        assert of_characters(ids) == lines[each.line]
    risks = {}
    for each in found:
        risks.setdefault(each.stratum, []).append(each.risk)
    low, middle, high = (risks[f"{name} third of risk"] for name in ("lower", "middle", "upper"))
    assert max(low) <= min(middle) <= max(middle) <= min(high)
    assert np.ptp([len(low), len(middle), len(high)]) <= 1


def test_a_threshold_that_nothing_reaches_flags_nothing(engine, tiny_model):
    assert not list(flagged_lines("a.py", CODE, engine, tiny_model, Settings(threshold=1.0)))


def test_next_tokens_are_visible_and_have_a_context(tiny_model):
    found = list(next_tokens("a.py", CODE, tiny_model))
    assert min(each.first for each in found) == LEAST_CONTEXT
    assert all(of_characters(each.input.ids[each.first : each.end]).strip() for each in found)
    assert len({each.stratum for each in found}) > 1


def test_pieces_end_with_their_target_and_are_no_longer_than_allowed(tiny_model):
    candidates = list(next_tokens("a.py", CODE, tiny_model))
    pieces = draw(candidates, 12, 0, 80, of_characters)
    assert [piece.id for piece in pieces] == [f"p{number:02}" for number in range(1, 13)]
    for piece in pieces:
        assert len(piece.ids) <= 80
        assert piece.target == (len(piece.texts) - 1, len(piece.texts))
        assert "".join(piece.texts) == of_characters(piece.ids)
        assert piece.texts[-1] in CODE.splitlines()[piece.line - 1]
    assert pieces == draw(candidates, 12, 0, 80, of_characters)
    assert pieces != draw(candidates, 12, 1, 80, of_characters)
