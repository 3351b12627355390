"""Anything a client may send: the server answers, stays up, and positions stay right."""

import itertools

import pytest
from pygls.exceptions import JsonRpcException

pytestmark = pytest.mark.asyncio

GOOD = "danger = doubt\n"
SMALL = 'class A:\n    """Doc."""\n\n    def f(self, x=[1, {2: "é"}]):\n        danger(doubt)\n'


async def still_works(session):
    session.open(GOOD, "file:///good.py")
    return len((await session.pull("file:///good.py"))["items"]) == 1


@pytest.fixture
def uris():
    """Documents that were never opened before."""
    return (f"file:///{number}.py" for number in itertools.count())


async def test_documents_without_code_or_sense(connect, uris):
    async with connect() as session:
        for text in ["", "\n", "\r\n\r", "# x\n", "\x00", "\ufeff", "\udfff\ud800", "\t", "'''"]:
            uri = next(uris)
            session.open(text, uri)
            assert (await session.pull(uri))["items"] == [], ascii(text)
            hover = await session.hover(0, uri=uri)
            if text in {"\udfff\ud800", "'''"}:  # no sense, but something
                assert "Not flagged" in hover["contents"]["value"], ascii(text)
            else:
                assert hover is None, ascii(text)
        assert await still_works(session)


async def test_positions_in_odd_texts(connect, uris):
    cases = [
        ("a = 1\r\nb\rdanger = doubt\nc\r", 2, 0, 14),
        ("s = '\x0c'\n\x0cdanger = doubt\n", 1, 1, 15),
        ("s = '\x0b\x1c\x85\u2028\u2029'\ndanger = doubt\n", 1, 0, 14),
        ("x = '\ud800'\ndanger = '\ud83d'; doubt\n", 1, 0, 19),
        ("\ufeffdanger = doubt\n", 0, 1, 15),
        ("def f(:\n    danger = doubt", 1, 4, 18),
    ]
    async with connect() as session:
        for text, line, start, end in cases:
            uri = next(uris)
            session.open(text, uri)
            (item,) = (await session.pull(uri))["items"]
            assert item["range"] == {
                "start": {"line": line, "character": start},
                "end": {"line": line, "character": end},
            }, ascii(text)


async def test_a_line_of_200_000_characters(connect):
    async with connect() as session:
        session.open("x = [" + "1, " * 66_667 + "]\ndanger = doubt\n")
        (item,) = (await session.pull())["items"]
        assert item["range"]["start"] == {"line": 1, "character": 0}


async def test_50_000_lines_are_refused_politely(connect):
    async with connect() as session:
        session.open("x = 1\n" * 50_000)
        assert await session.pull() == {"kind": "full", "items": []}
        (logged,) = session.all("window/logMessage")
        assert logged["message"] == (
            "a.py is not scored: 50,000 lines, above the limit of 10,000: raise it with the "
            "setting linewise.maxFileLines"
        )
        assert await still_works(session)


async def test_two_megabytes_are_refused_politely(connect):
    async with connect() as session:
        session.open("s = '" + "é" * 1_000_000 + "'\n")
        assert await session.pull() == {"kind": "full", "items": []}
        (logged,) = session.all("window/logMessage")
        assert "linewise.maxFileBytes" in logged["message"]
        assert await still_works(session)


async def test_unfinished_code_at_every_prefix(connect):
    async with connect(debounce=0) as session:
        session.open("")
        for end in range(len(SMALL) + 1):
            session.change(SMALL[:end], end + 2)
            report = await session.pull()
        assert [item["range"]["start"]["line"] for item in report["items"]] == [4]


async def test_a_file_deleted_while_it_is_scored(connect, tmp_path):
    file = tmp_path / "a.py"
    file.write_text(GOOD)
    async with connect() as session:
        session.open(GOOD + "slow = 1\n", file.as_uri())
        key = session.send_pull(file.as_uri())
        file.unlink()
        session.close(file.as_uri())
        await session.answer(key)
        assert await session.pull(file.as_uri()) == {"kind": "full", "items": []}
        assert session.all("window/showMessage") == []
        assert await still_works(session)


async def test_requests_that_make_no_sense_are_answered_with_an_error(connect):
    requests = [
        ("textDocument/hover", {}),
        ("textDocument/hover", {"textDocument": {"uri": "a"}, "position": {"line": -1}}),
        ("textDocument/diagnostic", None),
        ("workspace/executeCommand", {"command": 5, "arguments": "x"}),
        ("no/such/method", {"code": "secret_user_code"}),
    ]
    async with connect() as session:
        for method, params in requests:
            with pytest.raises(JsonRpcException):
                await session.ask_raw(method, params)
        assert await still_works(session)
        assert session.all("window/showMessage") == []


async def test_notifications_that_make_no_sense_change_nothing(connect):
    never = "file:///never.py"
    edit = {
        "textDocument": {"uri": never, "version": 2},
        "contentChanges": [{"text": "secret_user_code"}],
    }
    notifications = [
        ("textDocument/didOpen", {"textDocument": {"uri": "file:///a.py"}}),
        ("textDocument/didChange", edit),
        ("textDocument/didClose", {"textDocument": {"uri": never}}),
        ("workspace/didChangeConfiguration", {"settings": [1, {"linewise": 3}]}),
        ("$/cancelRequest", {"id": "never"}),
        ("window/workDoneProgress/cancel", {"token": "never"}),
        ("no/such/notification", ["secret_user_code"]),
    ]
    async with connect() as session:
        for method, params in notifications:
            session.client.protocol._send_data(
                {"jsonrpc": "2.0", "method": method, "params": params}
            )
        assert await still_works(session)
        assert session.all("window/showMessage") == []
        assert "secret_user_code" not in str(session.heard)


async def test_a_document_opened_twice_and_a_uri_written_otherwise(connect):
    async with connect() as session:
        session.open("x = 1\n", "file:///a%2Bb.py")
        session.open(GOOD, "file:///a%2Bb.py", version=5)
        assert len((await session.pull("file:///a+b.py"))["items"]) == 1
        session.close("file:///a+b.py")
        assert (await session.pull("file:///a%2Bb.py"))["items"] == []
