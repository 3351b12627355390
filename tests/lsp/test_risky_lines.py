"""`linewise.server.riskyLines` and `copyMarkdown`."""

import pytest
from tiny_server import probability

pytestmark = pytest.mark.asyncio

RISKY = "linewise.server.riskyLines"
TEXT = "x = 1\n\ndef f():\n    danger = maybe\n    danger(doubt, maybe)\n"


def row(line, text, *words, band="high", unit="f", reviewed=False):
    return {
        "line": line,
        "probability": pytest.approx(probability(*words), abs=1e-6),
        "band": band,
        "reviewed": reviewed,
        "text": text,
        "unit": unit,
    }


async def test_whole_answer_over_open_documents(connect, tmp_path):
    first, second, third = (
        (tmp_path / name).as_uri() for name in ("first.py", "second.py", "third.py")
    )
    async with connect() as session:
        session.open("danger\n", first)
        session.open(TEXT, second)
        session.open("danger = doubt  # linewise: ignore\n", third)
        for uri in (first, second, third):
            await session.pull(uri)
        mark = {"uri": second, "line": 3, "reviewed": True}
        await session.execute("linewise.server.markReviewed", mark)
        await session.pull(second)
        top = row(4, "    danger(doubt, maybe)", "danger", "doubt", "maybe")
        next_one = row(3, "    danger = maybe", "danger", "maybe", reviewed=True)
        last = row(0, "danger", "danger", band="medium", unit="<module>")
        assert await session.execute(RISKY, {}) == {
            "files": [
                {"uri": second, "baseRate": 0.08, "lines": [top, next_one]},
                {"uri": first, "baseRate": 0.08, "lines": [last]},
            ]
        }
        assert await session.execute(RISKY, {"uri": second, "limit": 1}) == {
            "files": [{"uri": second, "baseRate": 0.08, "lines": [top]}]
        }
        assert await session.execute(RISKY, {"uri": "file:///never.py"}) == {"files": []}
        assert await session.execute(RISKY, {"limit": 0}) == {"files": []}


async def test_what_is_not_scored_yet_is_left_out(connect):
    async with connect(debounce=5) as session:
        session.open(TEXT)
        assert await session.execute(RISKY, {"uri": None}) == {"files": []}
        await session.pull()
        assert len((await session.execute(RISKY, {}))["files"]) == 1
        session.change(TEXT + "\n", 2)
        assert await session.execute(RISKY, {}) == {"files": []}


async def test_whole_markdown(connect):
    async with connect() as session:
        session.open("def f(x):\n    '''```'''; danger(doubt)\n", "file:///a%20b.py")
        place = {"uri": "file:///a%20b.py", "line": 1}
        assert await session.execute("linewise.server.copyMarkdown", place) == {
            "markdown": "**a b.py:2** in `f`\n"
            "\n"
            "````python\n"
            "    '''```'''; danger(doubt)\n"
            "````\n"
            "\n"
            "Edit probability 73 % (base rate 8 %): 'danger' is not defined here; "
            "1st of 2 code lines in this file.\n"
        }
