"""`textDocument/hover`: looked up, never computed."""

import statistics
import time
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lsp_session import COMING, SLOW_FILE, Session
from tiny_server import BASE, VALUES

from linewise.analysis.problems.problem import Problem
from linewise.lsp.explanations import LineExplanation
from linewise.lsp.hover import MOST_LINES, code_span, hover_lines, readable
from linewise.rationale.explain_line import ScoredLine
from linewise.rationale.explanation import (
    Against,
    CategoryShare,
    Explanation,
    LogitShares,
    Stability,
    Trust,
    WeighedToken,
)
from linewise.rationale.study.target import Target
from linewise.results import Band, Finding, LineScore, Severity, TokenWeight

TEXT = """\
def f(x):
    danger = doubt + maybe
    return x
    danger = `x`
"""


@pytest.mark.asyncio
async def test_whole_markdown_on_a_flagged_line(connect):
    """Of a model that cannot be asked why: the explanations of one that can are tested beside."""
    async with connect() as session:
        session.open(TEXT)
        await session.pull()
        hover = await session.complete_hover(1, 6)
        mean, own = _logits()
        assert hover == {
            "contents": {
                "kind": "markdown",
                "value": "**Edit probability 88 % (base rate 8 %)**\n"
                "\n"
                "11.0 times the base rate; 1st of 4 code lines in this file. "
                "`doubt` is not defined here; `maybe` is not defined here.\n"
                "Facts about the line move its log-odds by +0.00 from the file's mean, the model's "
                f"reading by {own - mean:+.2f}.\n"
                "\n"
                "- Heaviest on the line, in log-odds: `danger` +4.00, `doubt` +2.00, `maybe` "
                "+1.00\n"
                "\n"
                "Not explained further: lines can only be explained with an installed model.\n"
                "Of lines shown at about 88 %, about 88 % needed an edit in the probe's "
                "held-out data.",
            },
            "range": {
                "start": {"line": 1, "character": 4},
                "end": {"line": 1, "character": 26},
            },
        }
        assert (await session.hover(3))["contents"]["value"].count("\n") < 12


def _logits():
    """The mean over the code lines of `TEXT`, and that of its second."""
    own = BASE + sum(VALUES[word] for word in ("danger", "doubt", "maybe"))
    others = [BASE, BASE, BASE + VALUES["danger"]]
    return (own + sum(others)) / 4, own


@pytest.mark.asyncio
async def test_plain_text_for_a_client_without_markdown(connect):
    async with connect(hover=["plaintext"]) as session:
        session.open(TEXT)
        await session.pull()
        contents = (await session.hover(1))["contents"]
        assert contents["kind"] == "plaintext"
        lines = contents["value"].splitlines()
        assert lines[0] == "Edit probability 88 % (base rate 8 %)"
        assert (
            "- Heaviest on the line, in log-odds: `danger` +4.00, `doubt` +2.00, `maybe` +1.00"
        ) in lines


@pytest.mark.asyncio
async def test_what_the_diagnostic_says_is_left_out_where_it_stands_above(connect, monkeypatch):
    monkeypatch.setattr(Session, "options", {"diagnosticsInHovers": True})
    async with connect() as session:
        session.open(TEXT)
        await session.pull()
        shown = (await session.hover(1))["contents"]["value"]
        assert shown.startswith(
            "11.0 times the base rate; 1st of 4 code lines in this file. `doubt`"
        )
        await session.configure({"diagnostics": False})
        await session.until(lambda: session.requests("workspace/diagnostic/refresh")[1:])
        assert (await session.pull())["items"] == []
        assert (await session.hover(1))["contents"]["value"].startswith("**Edit probability 88 %")


@pytest.mark.asyncio
async def test_whole_hover_on_a_line_that_is_not_flagged(connect):
    async with connect() as session:
        session.open(TEXT)
        await session.pull()
        assert await session.hover(2) == {
            "contents": {
                "kind": "markdown",
                "value": "Edit probability <1 % (base rate 8 %)\n"
                "\n"
                "Not flagged, that begins at 20 %; 4th of 4 code lines in this file.",
            },
            "range": {"start": {"line": 2, "character": 4}, "end": {"line": 2, "character": 12}},
        }


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("settings", "line", "why"),
    [
        ({"maxFindingsPerFile": 1}, 3, "others are more probable (linewise.maxFindingsPerFile)"),
        ({"minimumSeverity": "warning"}, 1, "at a higher severity (linewise.minimumSeverity)"),
        ({}, 4, "Ignored; 2nd of 5 "),
    ],
)
async def test_why_a_risky_line_is_not_flagged(connect, settings, line, why):
    async with connect(settings=settings) as session:
        session.open(f"{TEXT}    danger = maybe  # linewise: ignore\n")
        await session.pull()
        assert why in (await session.hover(line))["contents"]["value"]


@pytest.mark.asyncio
async def test_a_reviewed_line_says_so(connect):
    async with connect() as session:
        session.open(TEXT, "untitled:a")
        place = {"uri": "untitled:a", "line": 1}
        await session.execute("linewise.server.markReviewed", place)
        await session.pull("untitled:a")
        assert "Reviewed; 1st" in (await session.hover(1, uri="untitled:a"))["contents"]["value"]


@pytest.mark.asyncio
async def test_hovers_can_be_switched_off(connect):
    async with connect(settings={"hover": False}) as session:
        session.open(TEXT)
        await session.pull()
        assert await session.hover(1) is None


@pytest.mark.asyncio
async def test_nothing_where_there_is_no_code_or_nothing_is_known(connect):
    async with connect() as session:
        session.open(TEXT)
        assert await session.hover(1) is None  # not scored yet
        await session.pull()
        assert await session.hover(4) is None
        assert await session.hover(10_000) is None
        assert await session.hover(1, uri="file:///other.py") is None
        session.change("\n" + TEXT, 2)
        assert await session.hover(1) is None  # what is known is about another version
        await session.pull()
        assert await session.hover(2) is not None


@pytest.mark.asyncio
async def test_answered_in_20_ms_while_the_model_is_busy(connect):
    async with connect() as session:
        session.open(TEXT)
        await session.pull()
        session.open(SLOW_FILE, "file:///long.py")
        session.send_pull("file:///long.py")
        await session.status("busy")
        seconds = []
        for _ in range(20):
            before = time.perf_counter()
            assert await session.hover(1) is not None
            seconds.append(time.perf_counter() - before)
        assert session.all("linewise/status")[-1]["state"] == "busy"
        assert statistics.median(seconds) < 0.02


@pytest.mark.parametrize(
    ("code", "expected"),
    [("x", "`x`"), ("`", "`` ` ``"), ("a``b", "```a``b```"), ("*", "`*`"), ("|", "`|`")],
)
def test_code_cannot_break_out_of_markdown(code, expected):
    assert code_span(code) == expected


@pytest.mark.parametrize(
    ("token", "expected"),
    [(" return", "return"), ("):\n\tx", "):⏎⇥x"), ("\x00", "\\x00"), ("é漢", "é漢")],
)
def test_blanks_and_control_characters_are_readable(token, expected):
    assert readable(token) == expected


def token(text, line=0, weight=1.0, group=0):
    return WeighedToken(text, line, 0, weight, group, "identifier")


figures = st.floats(-1e4, 1e4)
texts = st.text(max_size=400)
explanations = st.builds(
    lambda tokens, categories, trust, stability: Explanation(
        line=3,
        unit="f",
        target=Target.EDIT,
        method="knockout",
        weight_unit="logits of the edit probability",
        tokens=tuple(
            token(text, line, weight, group) for group, (text, line, weight) in enumerate(tokens)
        ),
        categories=tuple(CategoryShare(*each) for each in categories),
        without_categories=None if categories else "tokens of rust have no categories",
        trust=trust,
        stability=stability,
    ),
    st.lists(st.tuples(texts, st.integers(0, 10_000), figures), min_size=1, max_size=6),
    st.lists(
        st.tuples(
            st.sampled_from(["identifier", "string", "oop"]),
            st.just("sc_nl"),
            st.floats(0.01, 1),
            figures,
            st.integers(1, 9),
        ),
        max_size=20,
    ),
    st.none()
    | st.builds(Trust, st.just((0.2,)), st.just(10), *[st.builds(Against, *[figures] * 3)] * 2)
    | st.just(Trust((0.2,), 10, None, None, "one token")),
    st.none()
    | st.just(Stability(1.5, 1.5, 0.6, 5))
    | st.just(Stability(None, None, None, 1, "no")),
)
scored_lines = st.builds(
    lambda names: ScoredLine(
        LineScore(3, 0.4, 2, "f"),
        LogitShares(-1.0, -3.0, 1.5, 0.5),
        tuple(Problem(3, "undefined", name) for name in names),
        40,
        0.08,
    ),
    st.lists(st.text("abc`*_", min_size=1, max_size=300), max_size=5),
)
known = st.none() | st.builds(
    LineExplanation,
    st.none() | scored_lines,
    st.none() | explanations,
    st.none() | st.just("why not"),
)


@given(known, st.booleans(), st.booleans(), st.lists(texts, max_size=5))
def test_never_more_than_twelve_lines(known, markdown, calibrated, tokens):
    finding = Finding(3, 0, 9, 0.4, 2, "f", Severity.HINT, Band.MEDIUM, "0", calibrated=calibrated)
    outcome = SimpleNamespace(
        scored=SimpleNamespace(
            base_rate=0.08, lines=(None,) * 40, calibration=SimpleNamespace(promise="were edited")
        ),
        container="file",
        weights={3: tuple(TokenWeight(text, 3, 0, 1, 0.5) for text in tokens)},
    )
    lines = hover_lines(outcome, finding, known, markdown=markdown)
    shown = "\n".join(lines)
    assert len(lines) <= MOST_LINES == 12
    assert len(shown.splitlines()) <= 12
    assert ("uncalibrated here" in lines[0]) is not calibrated
    assert ("Of lines shown at about 40 %" in shown) is calibrated
    if known is not None and known.explanation and not known.explanation.categories:
        assert "- No categories: tokens of rust have no categories." in lines
    finished = (
        known is None
        or known.refusal
        or (known.explanation and known.explanation.trust and known.explanation.stability)
    )
    assert (COMING in shown) is not bool(finished)
