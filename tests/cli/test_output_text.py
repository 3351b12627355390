"""Text output: what a person reads."""

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from report_payloads import FILE, LINE, REPORT, reports

from linewise.output.report import FileReport, Position, Span, SpanReport, Status
from linewise.output.text import SOURCE_CHARS, render, visible
from linewise.results import SpanLevel, Unshown


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
        evolve(REPORT, files=(evolve(FILE, unshown={Unshown.CAP: 3}),))
    )


CAUSES = {
    Unshown.COMMENT: "1 ignored by a comment",
    Unshown.IGNORED: "1 ignored by decision",
    Unshown.BASELINE: "1 in the baseline",
    Unshown.REVIEWED: "1 reviewed",
    Unshown.UNCHANGED: "1 not changed since main...",
    Unshown.SEVERITY: "1 below the minimum severity",
    Unshown.CAP: "1 beyond the number shown per file (--max-findings-per-file)",
}


@pytest.mark.parametrize("cause", Unshown)
def test_that_nothing_is_flagged_has_a_cause(cause):
    file = evolve(FILE, lines=(), riskiest=None, unshown={cause: 1})
    lines = shown(evolve(REPORT, files=(file,), changed_since="main..."))
    assert "Nothing flagged: 30 code lines in 1 file; base rate 8 %" in lines
    assert f"1 line at 30 % or more is not shown: {CAUSES[cause]}" in lines


def test_causes_of_all_files_are_counted_together():
    files = (
        evolve(FILE, unshown={Unshown.BASELINE: 2, Unshown.COMMENT: 1}),
        evolve(FILE, unshown={Unshown.BASELINE: 1}),
    )
    lines = shown(evolve(REPORT, files=files))
    expected = "4 lines at 30 % or more are not shown: 1 ignored by a comment, 3 in the baseline"
    assert expected in lines


def test_no_files():
    assert shown(evolve(REPORT, files=())) == ["No Python files found."]


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (
            SpanReport(
                Span(Position(10, 4), Position(14, 20)), 0.37, SpanLevel.UNIT, 0.19, (10, 12), 31
            ),
            "37 % that something in 10:4-14:20 has to be edited (31 tokens on 2 code lines; "
            "base rate of a function: 19 %)",
        ),
        (
            SpanReport(Span(Position(1, 1), Position(1, 9)), None, SpanLevel.LINE, 0.08, (), 0),
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
