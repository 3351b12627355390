"""LSP line splitting and positions, against the definitions and against Python's codecs."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linewise.analysis.lines import (
    LineTable,
    PositionEncoding,
    code_points_in,
    count_lines,
    first_lines,
    units_in,
    without_surrogates,
)

# Everything that has ever confused a line splitter or a column counter.
TRICKY = st.text(
    st.one_of(
        st.sampled_from("\r\n\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029\t é漢🎉\ufeff\x00\ud800\udc00"),
        st.characters(),
    )
)
ENCODINGS = st.sampled_from(list(PositionEncoding))


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", [""]),
        ("a", ["a"]),
        ("a\n", ["a", ""]),
        ("a\r\nb\rc\nd", ["a", "b", "c", "d"]),
        ("a\n\rb", ["a", "", "b"]),
        ("a\x0bb\x0cc\x85d\u2028e\x1cf", ["a\x0bb\x0cc\x85d\u2028e\x1cf"]),
    ],
)
def test_lines_end_at_the_three_protocol_terminators_only(text, lines):
    table = LineTable(text)
    assert [table.content(line) for line in range(len(table))] == lines


@given(TRICKY)
def test_splitting_agrees_with_the_definition(text):
    table = LineTable(text)
    assert [table.content(line) for line in range(len(table))] == re.split(r"\r\n|\n|\r", text)
    assert "".join(text[slice(*table.full_span(line))] for line in range(len(table))) == text


@given(TRICKY, ENCODINGS, st.data())
def test_a_position_leads_back_to_its_offset(text, encoding, data):
    table = LineTable(text)
    offset = data.draw(st.integers(0, len(text)))
    line, character = table.position(offset, encoding)
    clamped = min(offset, table.ends[line])
    assert table.offset(line, character, encoding) == clamped


@given(TRICKY, ENCODINGS)
def test_units_are_those_of_the_codec(text, encoding):
    codec, width = {"utf-8": ("utf-8", 1), "utf-16": ("utf-16-le", 2), "utf-32": ("utf-32-le", 4)}[
        encoding
    ]
    assert units_in(text, encoding) == len(text.encode(codec, "surrogatepass")) // width


@given(TRICKY, ENCODINGS, st.integers(-3, 50))
def test_a_unit_count_never_points_past_the_text_or_into_a_character(text, encoding, units):
    points = code_points_in(text, units, encoding)
    assert 0 <= points <= len(text)
    assert units_in(text[:points], encoding) <= max(units, 0)


def test_positions_outside_the_document_are_clamped():
    table = LineTable("ab\ncd")
    assert table.offset(-1, 5, PositionEncoding.UTF16) == 0
    assert table.offset(9, 0, PositionEncoding.UTF16) == 5
    assert table.offset(0, 99, PositionEncoding.UTF16) == 2


def test_a_position_inside_a_surrogate_pair_means_before_the_character():
    assert LineTable("a🎉b").offset(0, 2, PositionEncoding.UTF16) == 1


@given(TRICKY)
def test_replacing_surrogates_keeps_every_offset(text):
    clean = without_surrogates(text)
    assert len(clean) == len(text)
    clean.encode("utf-8")


@given(TRICKY)
def test_a_terminator_at_the_end_begins_no_further_line(text):
    lines = re.split(r"\r\n|\n|\r", text)
    assert count_lines(text) == len(lines) - (lines[-1] == "")
    assert first_lines(text, 2) == lines[:2]


@given(TRICKY, ENCODINGS, st.integers(0, 300), st.integers(0, 300))
def test_a_mark_before_a_text_is_a_character_of_its_first_line(text, encoding, line, character):
    plain, marked = LineTable(text), LineTable(text, marked=True)
    whole = LineTable("\ufeff" + text)
    # What counts the mark within the text counts as what has it before the text.
    assert marked.offset(line, character, encoding) == max(
        whole.offset(line, character, encoding) - 1, 0
    )
    offset = min(character, len(text))
    assert marked.position(offset, encoding) == whole.position(offset + 1, encoding)
    assert marked.starts == plain.starts
