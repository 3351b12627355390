"""Text output: what a person reads."""

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from report_payloads import FILE, LINE, REPORT, reports

from linewise.output.report import FileReport, Position, Span, SpanReport, Status
from linewise.output.text import SOURCE_CHARS, render, visible


def shown(report):
    return [line.plain for line in render(report)]


def test_flagged_lines_below_their_file_and_a_summary():
    second = evolve(LINE, line=120, probability=0.97, text="\tx = '\x1b[31m'", rank=2)
    report = evolve(REPORT, files=(evolve(FILE, lines=(LINE, second)),))
    assert shown(report) == [
        "src/a b.py",
        "   12   41 %  ▇▇▇           return 1 + x",
        "  120   97 %  ▇▇▇▇▇▇▇▇      x = '\\x1b[31m'",
        "",
        "2 of 30 code lines in 1 file flagged at 30 % or more; base rate 8 %",
        "tiny on CPU · 1.2 s",
    ]


def test_when_nothing_is_flagged_the_riskiest_line_is_shown():
    quiet = evolve(LINE, flagged=False, probability=0.21)
    report = evolve(REPORT, files=(evolve(FILE, lines=(), riskiest=quiet),))
    assert shown(report) == [
        "Riskiest line, in src/a b.py:",
        "  12   21 %  ▇▇            return 1 + x",
        "Nothing flagged: 30 code lines in 1 file, all below 30 %; base rate 8 %",
        "tiny on CPU · 1.2 s",
    ]


def test_files_that_were_not_checked():
    files = (
        FileReport("a.py", Status.SKIPPED, "binary"),
        FileReport("b.py", Status.FAILED, "broken"),
        FILE,
    )
    lines = shown(evolve(REPORT, files=files))
    assert lines[0] == "a.py  skipped: binary"
    assert lines[2] == "b.py  failed: broken"
    assert lines[-1] == "tiny on CPU · 1.2 s · 1 skipped · 1 failed"


def test_lines_left_out_are_counted():
    assert "  … 3 more, see --max-findings-per-file" in shown(
        evolve(REPORT, files=(evolve(FILE, hidden=3),))
    )


def test_no_files():
    assert shown(evolve(REPORT, files=())) == ["No Python files found."]


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (
            SpanReport(Span(Position(10, 4), Position(14, 20)), 0.37, 0.08, (10, 12), 31),
            "37 % that something in 10:4-14:20 has to be edited (31 tokens on 2 code lines; "
            "base rate of a single line: 8 %)",
        ),
        (
            SpanReport(Span(Position(1, 1), Position(1, 9)), None, 0.08, (), 0),
            "There is no code in 1:1-1:9.",
        ),
    ],
)
def test_a_span(answer, text):
    assert shown(evolve(REPORT, span=answer)) == [text]


def test_long_lines_are_cut():
    report = evolve(REPORT, files=(evolve(FILE, lines=(evolve(LINE, text="x" * 200_000),)),))
    assert len(shown(report)[1]) < SOURCE_CHARS + 40
    assert shown(report)[1].endswith("…")


@given(st.text())
def test_source_is_shown_without_control_characters(text):
    assert visible(text).isprintable()


@given(reports)
def test_whatever_the_report_each_line_is_printable(report):
    for line in shown(report):
        assert line.isprintable()


def test_writing_direction_cannot_be_overridden():
    assert visible("a \u202e b\t\udce9\x0c") == "a \\u202e b   \\udce9\\x0c"
