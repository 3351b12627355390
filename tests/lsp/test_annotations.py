"""Code lenses, inlay hints and semantic tokens: off at first, and never about another version."""

import pytest
from lsp_session import SLOW_FILE

pytestmark = pytest.mark.asyncio

TEXT = """\
@property
def f(self,
      x=1):
    s = "🎉"; danger(doubt)
    danger = maybe  \t
    return danger
class A:
    def g(self):
        return 1
"""
DOCUMENT = {"textDocument": {"uri": "file:///a.py"}}
WHOLE = {"start": {"line": 0, "character": 0}, "end": {"line": 99, "character": 0}}
LENS, HINT = "textDocument/codeLens", "textDocument/inlayHint"
TOKENS = "textDocument/semanticTokens/full"
ON = {"codeLens": True, "inlayHints": True, "semanticTokens": True}


async def all_three(session, area=WHOLE):
    return [
        await session.ask_raw(LENS, DOCUMENT),
        await session.ask_raw(HINT, {**DOCUMENT, "range": area}),
        await session.ask_raw(TOKENS, DOCUMENT),
    ]


async def test_they_are_off_at_first(connect):
    async with connect() as session:
        session.open(TEXT)
        await session.pull()
        assert await all_three(session) == [None, None, None]
        assert session.requests("workspace/codeLens/refresh") == []


async def test_whole_answers(connect):
    async with connect(settings=ON) as session:
        session.open(TEXT)
        lens, hint, tokens = await all_three(session)
        assert lens == [
            {
                "range": {
                    "start": {"line": 1, "character": 0},
                    "end": {"line": 1, "character": 0},
                },
                "command": {
                    "title": "2 lines above 30 %",
                    "command": "linewise.server.showLine",
                    "arguments": [{"uri": "file:///a.py", "line": 3}],
                },
            }
        ]

        def label(line, character, text, tooltip):
            return {
                "position": {"line": line, "character": character},
                "label": text,
                "tooltip": tooltip,
                "paddingLeft": True,
            }

        assert hint == [
            label(
                3,
                27,
                "73 %",
                "Edit probability 73 % (base rate 8 %): 'danger' is not defined here",
            ),
            label(
                4,
                18,
                "50 %",
                "Edit probability 50 % (base rate 8 %): 'maybe' is not defined here",
            ),
            label(5, 17, "27 %", "Edit probability 27 % (base rate 8 %): 'danger' weighs most"),
        ]
        assert tokens == {"data": [3, 4, 23, 0, 2, 1, 4, 14, 0, 2, 1, 4, 13, 0, 1]}


@pytest.mark.parametrize(("encoding", "characters"), [("utf-8", 29), ("utf-32", 26)])
async def test_positions_are_in_the_clients_units(connect, encoding, characters):
    async with connect(settings=ON, encodings=[encoding]) as session:
        session.open(TEXT)
        _, hint, tokens = await all_three(session)
        assert hint[0]["position"] == {"line": 3, "character": characters}
        assert tokens["data"][:3] == [3, 4, characters - 4]


async def test_hints_of_a_range(connect):
    async with connect(settings=ON) as session:
        session.open(TEXT)
        area = {"start": {"line": 4, "character": 0}, "end": {"line": 4, "character": 1}}
        _, hint, _ = await all_three(session, area)
        assert [each["position"]["line"] for each in hint] == [4]


async def test_what_is_decided_shows(connect, tmp_path):
    uri = (tmp_path / "a.py").as_uri()
    async with connect(settings=ON) as session:
        session.open(TEXT, uri)
        await session.pull(uri)
        before = len(session.requests("workspace/inlayHint/refresh"))
        mark = {"uri": uri, "line": 3, "reviewed": True}
        await session.execute("linewise.server.markReviewed", mark)
        ignore = {"uri": uri, "line": 5, "scope": "line"}
        await session.execute("linewise.server.ignore", ignore)
        await session.until(
            lambda: len(session.requests("workspace/inlayHint/refresh")) == before + 2
        )
        document = {"textDocument": {"uri": uri}}
        (lens,) = await session.ask_raw(LENS, document)
        assert lens["command"]["title"] == "1 line above 30 %"
        hints = await session.ask_raw(HINT, {**document, "range": WHOLE})
        assert [each["label"] for each in hints] == ["73 %, reviewed", "50 %"]
        tokens = await session.ask_raw(TOKENS, document)
        assert tokens["data"] == [3, 4, 23, 0, 6, 1, 4, 14, 0, 2]


async def test_switching_them_on_and_off_is_told_to_clients_that_listen(connect):
    kinds = ("codeLens", "inlayHint", "semanticTokens")

    def refreshes(session):
        return [len(session.requests(f"workspace/{kind}/refresh")) for kind in kinds]

    async with connect() as session:
        session.open(TEXT)
        await session.pull()
        await session.configure({"inlayHints": True})
        await session.until(lambda: refreshes(session) == [0, 1, 0])
        assert len((await all_three(session))[1]) == 3
        await session.configure({})
        await session.until(lambda: refreshes(session) == [0, 2, 0])
        assert await all_three(session) == [None, None, None]
    async with connect(annotations=False) as session:
        session.open(TEXT)
        await session.configure(ON)
        await session.until(lambda: len(session.requests("workspace/diagnostic/refresh")) == 2)
        assert len((await all_three(session))[0]) == 1
        assert refreshes(session) == [0, 0, 0]


async def test_what_a_newer_version_overtook_is_not_answered(connect):
    async with connect(settings=ON) as session:
        session.open(SLOW_FILE)
        keys = [session.send_raw(LENS, DOCUMENT), session.send_raw(TOKENS, DOCUMENT)]
        await session.status("busy")
        session.change(TEXT, 2)
        for key in keys:
            assert (await session.answer(key))["error"]["code"] == -32801
        assert len((await all_three(session))[1]) == 3


async def test_requests_for_the_same_version_share_its_scoring(connect):
    async with connect(settings=ON, debounce=0) as session:
        session.open(SLOW_FILE)
        keys = [
            session.send_pull(),
            session.send_raw(LENS, DOCUMENT),
            session.send_raw(TOKENS, DOCUMENT),
        ]
        await session.status("busy")
        session.cancel(keys[0])
        assert (await session.answer(keys[0]))["error"]["code"] == -32800
        for key in keys[1:]:
            assert "result" in await session.answer(key)
        assert len(session.all("linewise/fileSummary")) == 1


async def test_documents_that_are_not_scored_have_none(connect, tmp_path):
    gate = tmp_path / "gate"
    async with connect(settings={**ON, "model": f"gated:{gate}"}, ready=False) as session:
        await session.status("loading")
        assert await all_three(session) == [None, None, None]
        session.open(TEXT)
        assert await all_three(session) == [None, None, None]
        gate.touch()  # a thread of this process waits for it
    async with connect(settings={**ON, "model": "missing"}, ready=False) as session:
        session.open(TEXT)
        await session.status("failed")
        assert await all_three(session) == [None, None, None]


async def test_a_lens_leads_to_its_line(connect):
    async with connect() as session:
        shown = session.client.shown_documents
        place = {"uri": "file:///a.py", "line": 3}
        assert await session.execute("linewise.server.showLine", place) is None
        start = {"line": 3, "character": 0}
        assert session.all("window/showDocument") == [
            {
                "uri": "file:///a.py",
                "takeFocus": True,
                "selection": {"start": start, "end": start},
            }
        ]
        assert len(shown) == 1
    async with connect(documents=False) as session:
        await session.execute("linewise.server.showLine", place)
        assert session.all("window/showDocument") == []
