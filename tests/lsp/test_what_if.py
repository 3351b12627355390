"""`linewise.server.whatIf`: the unit scored again with a line changed or removed."""

import pytest
from pygls.exceptions import JsonRpcException
from tiny_server import probability

pytestmark = pytest.mark.asyncio

WHAT_IF = "linewise.server.whatIf"
TEXT = "x = 1\n\ndef f():\n    danger(doubt)\n    return maybe\n\ny = danger\n"


def row(line, *words):
    return {"line": line, "probability": pytest.approx(probability(*words), abs=1e-6)}


def ask(line, **more):
    return {"uri": "file:///a.py", "line": line, **more}


async def test_whole_answer_without_a_line_and_with_another(connect):
    async with connect() as session:
        session.open(TEXT)
        before = [row(2), row(3, "danger", "doubt"), row(4, "maybe")]
        assert await session.execute(WHAT_IF, ask(3, replacement=None)) == {
            "unit": "f",
            "before": before,
            "after": [row(2), row(3, "maybe")],
            "message": "Without this line (73 %): highest edit probability in f 73 % → 2 % "
            "(line 4)",
        }
        assert await session.execute(WHAT_IF, ask(3, replacement="    danger()")) == {
            "unit": "f",
            "before": before,
            "after": [row(2), row(3, "danger"), row(4, "maybe")],
            "message": "With this line changed: 73 % → 27 %; highest edit probability in f "
            "73 % → 27 % (line 4)",
        }
        more = await session.execute(WHAT_IF, ask(3, replacement="    a = 1\r\n    danger = 1"))
        assert more["after"] == [row(2), row(3), row(4, "danger"), row(5, "maybe")]
        assert len((await session.pull())["items"]) == 2
        assert session.all("window/showMessage") == []


async def test_the_answer_can_be_shown(connect):
    async with connect() as session:
        session.open(TEXT)
        answer = await session.execute(WHAT_IF, ask(3, show=True))
        assert session.all("window/showMessage") == [{"type": 3, "message": answer["message"]}]


async def test_only_the_unit_is_scored(connect):
    async with connect() as session:
        session.open(TEXT + "".join(f"def s{n}():\n    slow = {n}\n" for n in range(40)))
        await session.pull()
        await session.until(lambda: session.all("linewise/status")[-1]["state"] == "ready")
        states = len(session.all("linewise/status"))
        await session.execute(WHAT_IF, ask(3))
        assert len(session.all("linewise/status")) == states


async def test_the_last_line_of_a_document_may_go(connect):
    async with connect() as session:
        session.open("danger = doubt")
        answer = await session.execute(WHAT_IF, ask(0))
        assert answer["after"] == []
        assert answer["message"] == "Without this line there is no code left in <module>"
        comment = await session.execute(WHAT_IF, ask(0, replacement="# why"))
        assert comment["message"] == "Without this line there is no code left in <module>"


async def test_odd_questions_are_answered(connect):
    async with connect() as session:
        session.open(TEXT)
        for replacement in ("", "'''", "\ud800", "def g(:", "x" * 5_000, "\x00"):
            answer = await session.execute(WHAT_IF, ask(3, replacement=replacement))
            assert answer["unit"] == "f"
        for line in (1, 99, -1):
            with pytest.raises(JsonRpcException, match="there is no code in line"):
                await session.execute(WHAT_IF, ask(line))
