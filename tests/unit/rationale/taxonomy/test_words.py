from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linewise.rationale.taxonomy.words import words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("get_encoding_from_headers", ["get", "encoding", "from", "headers"]),
        ("parse_HTTPResponse2", ["parse", "HTTP", "Response", "2"]),
        ("__init__", ["init"]),
        ("MAX_SIZE", ["MAX", "SIZE"]),
        ("toString", ["to", "String"]),
        (
            "# we've seen 3 of the users' files, don't",
            ["we've", "seen", "3", "of", "the", "users", "files", "don't"],
        ),
        ("f'no'", ["f", "no"]),
        ("größeÄndern", ["größe", "Ändern"]),
        ("变量名", ["变量名"]),
        ("😀_", []),
        ("x", []),
        ("", []),
    ],
)
def test_words_are_cut_where_underscores_and_case_say(text, expected):
    assert [text[start:end] for start, end in words(text)] == expected


@given(st.text())
def test_words_are_ordered_and_cover_every_letter_and_digit(text):
    spans = words(text)
    assert all(a[1] <= b[0] for a, b in pairwise(spans))
    assert all(start < end for start, end in spans)
    covered = {at for start, end in spans for at in range(start, end)}
    if len(text) > 1:
        assert {at for at, each in enumerate(text) if each.isalpha() or each.isdecimal()} <= covered
