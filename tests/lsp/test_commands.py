"""`workspace/executeCommand`."""

import pytest
from lsp_session import SLOW_FILE
from pygls.exceptions import JsonRpcException
from tiny_server import probability

from linewise.wording import percent

pytestmark = pytest.mark.asyncio

QUERY = "linewise.server.querySpan"
TEXT = '# 漢\ndef f(x):\n    s = "🎉"; danger(doubt)\n    return maybe\n'


def span(*corners, uri="file:///a.py"):
    first, second = corners
    keys = ("line", "character")
    return {
        "uri": uri,
        "range": {
            "start": dict(zip(keys, first, strict=True)),
            "end": dict(zip(keys, second, strict=True)),
        },
    }


async def test_whole_answer_for_a_token_a_line_and_several_lines(connect):
    async with connect() as session:
        session.open(TEXT)
        column = 4 + len('s = "xx"; ')  # an emoji is two units of UTF-16
        token = await session.execute(QUERY, span((2, column), (2, column + 6)))
        line = await session.execute(QUERY, span((2, 0), (2, 99)))
        assert line["probability"] == pytest.approx(probability("danger", "doubt"), abs=1e-6)
        assert probability("danger") < token["probability"] < line["probability"]
        assert token == {
            "probability": token["probability"],
            "baseRate": 0.08,
            "baseRateOf": "line",
            "lines": [2],
            "tokens": 1,
            "calibrated": True,
            "message": f"Edit probability {percent(token['probability'])} (base rate 8 %)",
        }
        both = await session.execute(QUERY, span((3, 99), (2, 0)))
        assert both["lines"] == [2, 3]
        assert both["baseRateOf"] == "function"
        assert "(base rate of a function " in both["message"]
        whole = probability("danger", "doubt", "maybe")
        assert line["probability"] < both["probability"] <= whole
        function = await session.execute(QUERY, span((1, 0), (3, 99)))
        assert function["probability"] == pytest.approx(whole, abs=1e-6)


async def test_no_code_in_the_selection(connect):
    async with connect() as session:
        session.open(TEXT)
        with pytest.raises(JsonRpcException) as caught:
            await session.execute(QUERY, span((0, 0), (0, 3)))
        assert (caught.value.code, caught.value.message) == (
            -32803,
            "there is no code in the selection",
        )


async def test_a_file_that_is_not_open_is_read_as_python_reads_it(connect, tmp_path):
    file = tmp_path / "a b.py"
    file.write_bytes("# coding: latin-1\r\ns = 'é'; danger(doubt)\r\n".encode("latin-1"))
    async with connect() as session:
        answer = await session.execute(QUERY, span((1, 0), (1, 99), uri=file.as_uri()))
        assert answer["probability"] == pytest.approx(probability("danger", "doubt"), abs=1e-6)
        assert answer["lines"] == [1]
        assert session.all("linewise/fileSummary") == []


async def test_files_that_cannot_be_scored_say_why(connect, tmp_path):
    cases = {
        None: "no longer there",
        b"x = '\xff'\n": "not UTF-8",
        b"# coding: nonsense\n": "unknown encoding",
        b"x = 1\n" * 200_000: "larger than the limit",
        b"x = 1\n" * 20_000: "20,000 lines",
    }
    file = tmp_path / "a.py"
    async with connect() as session:
        for content, message in cases.items():
            if content is not None:
                file.write_bytes(content)
            with pytest.raises(JsonRpcException) as caught:
                await session.execute(QUERY, span((0, 0), (0, 9), uri=file.as_uri()))
            assert caught.value.code == -32803
            assert caught.value.message.startswith("the file is not scored: ")
            assert message in caught.value.message
        with pytest.raises(JsonRpcException, match="neither open nor a file"):
            await session.execute(QUERY, span((0, 0), (0, 9), uri="untitled:1"))


async def test_wrong_arguments_are_refused(connect):
    async with connect() as session:
        for arguments in ([], [1], [{"uri": "file:///a.py"}], [{}, {}]):
            with pytest.raises(JsonRpcException) as caught:
                await session.execute(QUERY, *arguments)
            assert caught.value.code == -32602
        with pytest.raises(JsonRpcException):
            await session.execute("linewise.server.unheardOf")
        assert await session.hover(0) is None


async def test_a_question_asked_while_loading_waits_for_the_model(connect, tmp_path):
    gate = tmp_path / "gate"
    async with connect(settings={"model": f"gated:{gate}"}, ready=False) as session:
        session.open(TEXT)
        key = session.send_execute(QUERY, span((2, 0), (2, 99)))
        await session.status("loading")
        gate.touch()
        assert (await session.answer(key))["result"]["lines"] == [2]


async def test_an_edit_overtakes_a_question(connect):
    async with connect() as session:
        session.open(SLOW_FILE)
        key = session.send_execute(QUERY, span((1, 0), (1, 99)))
        await session.status("busy")
        session.change(TEXT, 2)
        assert (await session.answer(key))["error"]["message"] == (
            "the document changed meanwhile; ask again"
        )


async def test_a_question_without_a_model_says_so(connect):
    async with connect(settings={"model": "missing"}, ready=False) as session:
        session.open(TEXT)
        with pytest.raises(JsonRpcException) as caught:
            await session.execute(QUERY, span((2, 0), (2, 99)))
        assert "run `linewise models pull missing`" in caught.value.message


async def test_a_question_about_a_document_that_is_too_large(connect):
    async with connect(settings={"maxFileLines": 3}) as session:
        session.open(TEXT)
        with pytest.raises(JsonRpcException) as caught:
            await session.execute(QUERY, span((2, 0), (2, 99)))
        assert caught.value.message == "this document is not scored; the log of Linewise says why"


async def test_list_models(connect, tmp_path, monkeypatch):
    monkeypatch.setenv("LINEWISE_CACHE_DIR", str(tmp_path))
    async with connect() as session:
        models = await session.execute("linewise.server.listModels")
        default = next(model for model in models if model["name"] == "smollm2-135m")
        assert default == {
            "name": "smollm2-135m",
            "description": default["description"],
            "installed": False,
            "active": True,
            "probe": default["probe"],
        }
        assert default["description"]
        assert all(type(model["probe"]) is bool for model in models)
        assert not any(model["active"] for model in models if model is not default)
