"""`textDocument/hover`: looked up, never computed."""

import statistics
import time

import pytest
from lsp_session import SLOW_FILE

from linewise.lsp.hover import code_span, ordinal, readable

TEXT = """\
def f(x):
    danger = doubt + maybe
    return x
    danger = `x`
"""


@pytest.mark.asyncio
async def test_whole_markdown_on_a_flagged_line(connect):
    async with connect() as session:
        session.open(TEXT)
        await session.pull()
        assert await session.hover(1, 6) == {
            "contents": {
                "kind": "markdown",
                "value": "**Edit probability 88 % (base rate 8 %)**\n"
                "\n"
                "11.0 times the base rate; 1st of 4 code lines in this file.\n"
                "\n"
                "What weighs most (log-odds):\n"
                "\n"
                "- `danger` +4.00\n"
                "- `doubt` +2.00\n"
                "- `maybe` +1.00\n"
                "\n"
                "Of lines shown at about 88 %, about 88 % needed an edit in the probe's "
                "held-out data.",
            },
            "range": {
                "start": {"line": 1, "character": 4},
                "end": {"line": 1, "character": 26},
            },
        }
        assert (await session.hover(3))["contents"]["value"].count("\n") < 12


@pytest.mark.asyncio
async def test_plain_text_for_a_client_without_markdown(connect):
    async with connect(hover=["plaintext"]) as session:
        session.open(TEXT)
        await session.pull()
        contents = (await session.hover(1))["contents"]
        assert contents["kind"] == "plaintext"
        assert contents["value"].splitlines()[0] == "Edit probability 88 % (base rate 8 %)"
        assert "- danger +4.00" in contents["value"].splitlines()


@pytest.mark.asyncio
async def test_nothing_elsewhere(connect):
    async with connect() as session:
        session.open(TEXT)
        assert await session.hover(1) is None  # not scored yet
        await session.pull()
        assert await session.hover(0) is None
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


def test_ordinals():
    assert [ordinal(n) for n in (1, 2, 3, 4, 11, 12, 13, 21, 101, 111, 112)] == [
        *("1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "101st", "111th", "112th")
    ]
