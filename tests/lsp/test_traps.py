"""What pygls 2.1.1 does that a server of lines and slow models must not run into.

T14, the extension's pull options, is tested beside the extension. T15, outdated bundled client
profiles, cannot happen: `lsp_session.capabilities` spells every capability out.
"""

import ast
import asyncio
import json
import logging
import time
from pathlib import Path

import numpy as np
import pytest
from loopback import Loopback
from lsp_session import SLOW_FILE, capabilities
from lsprotocol.converters import get_converter
from tiny_server import load

import linewise.lsp
from linewise.analysis.lines import LineTable, PositionEncoding
from linewise.errors import LinewiseError
from linewise.lsp import convert
from linewise.results import Band, Finding, Severity

MODULES = sorted(Path(linewise.lsp.__file__).parent.glob("*.py"))


def attributes(path):
    """The name of every attribute a module touches."""
    tree = ast.parse(path.read_text("utf-8"))
    return {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}


@pytest.mark.asyncio
async def test_t1_t2_requests_are_answered_and_cancelled_while_the_model_works(launch):
    async with launch() as session:
        session.open(SLOW_FILE)
        keys = [session.send_pull() for _ in range(4)]
        await session.status("busy")
        for key in keys:
            session.cancel(key)
        before = time.perf_counter()
        await session.hover(0)
        assert time.perf_counter() - before < 0.3
        assert [(await session.answer(key))["error"]["code"] for key in keys] == [-32800] * 4
        session.open("danger = doubt\n", "file:///b.py")
        await session.pull("file:///b.py")
        # Each was answered once: no late result follows.
        assert all(sum(each.get("id") == key for each in session.heard) == 1 for key in keys)


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.name)
def test_t3_t5_no_work_in_the_thread_pool_that_reads_messages(module):
    forbidden = {"thread", "thread_pool", "run_in_executor", "to_thread", "ThreadPoolExecutor"}
    assert attributes(module) & forbidden == set()


@pytest.mark.asyncio
async def test_t3_more_slow_requests_than_threads_leave_the_server_attentive(launch):
    async with launch() as session:
        for number in range(64):
            session.open(SLOW_FILE, f"file:///{number}.py")
            session.send_pull(f"file:///{number}.py")
        await session.status("busy")
        before = time.perf_counter()
        await session.hover(0)
        assert time.perf_counter() - before < 0.3


@pytest.mark.asyncio
async def test_t4_shutdown_with_many_requests_in_flight(launch):
    async with launch() as session:
        session.open(SLOW_FILE)
        area = {"start": {"line": 0, "character": 0}, "end": {"line": 9, "character": 0}}
        query = {"uri": "file:///a.py", "range": area}
        for _ in range(10):
            session.send_pull()
            session.send_execute("linewise.server.querySpan", query)
        await session.status("busy")
        await session.leave()


def test_t6_a_late_reply_to_a_request_nobody_waits_for_any_more(probe):
    async def converse():
        client = capabilities(configuration=False, registration=False, progress=False)
        loopback = Loopback(lambda name: load(probe, name), client, answers=False)
        async with loopback:
            (request,) = await loopback.until(lambda: loopback.sent("workspace/diagnostic/refresh"))
            loopback.server.tasks.cancel_all()
            await asyncio.sleep(0)
            loopback.reply(request)
            loopback.open("file:///a.py", "danger = doubt\n")
            pull = {"textDocument": {"uri": "file:///a.py"}}
            loopback.send("textDocument/diagnostic", pull, key=1)
            await loopback.until(lambda: [m for m in loopback.sent() if m.get("id") == 1])
        return loopback

    loopback = asyncio.run(converse())
    assert loopback.sent("window/showMessage") == []
    assert loopback.sent("window/logMessage") == []


def test_t6_errors_go_to_the_log_without_their_message_and_never_to_a_toast(probe):
    async def converse():
        async with Loopback(lambda name: load(probe, name), capabilities()) as loopback:
            error = ValueError("secret_user_code")
            loopback.server.report_server_error(error, ValueError)
        return loopback

    loopback = asyncio.run(converse())
    logged = [each["params"]["message"] for each in loopback.sent("window/logMessage")]
    assert "in the protocol: ValueError" in logged
    assert "secret_user_code" not in json.dumps(loopback.sent())
    assert loopback.sent("window/showMessage") == []


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.name)
def test_t7_t12_t13_positions_come_from_the_line_table_alone(module):
    forbidden = {
        *("splitlines", "offset_at_position", "position_codec"),
        *("range_to_client_units", "position_from_client_units", "server_position_at_offset"),
    }
    used = attributes(module)
    assert used & forbidden == set()
    # The library's documents have ``lines`` too: nothing but the text is read from them.
    only = ("handlers.py", False)
    assert "get_text_document" not in used or (module.name, "lines" in used) == only


@pytest.mark.asyncio
async def test_t7_edits_after_a_form_feed_hit_the_line_they_mean(connect):
    async with connect() as session:
        session.open("s = '\x0b\x0c'\nx = 1\n")
        session.change("s = '\x0b\x0c'\ndanger = doubt\n", 2)
        (item,) = (await session.pull())["items"]
        assert item["range"]["start"] == {"line": 1, "character": 0}


@pytest.mark.asyncio
async def test_t8_a_closed_file_keeps_its_newlines_and_its_encoding(connect, tmp_path):
    file = tmp_path / "a.py"
    file.write_bytes("# coding: latin-1\r\ns = 'é\x0c'\rdanger = doubt\n".encode("latin-1"))
    async with connect() as session:
        area = {"start": {"line": 2, "character": 0}, "end": {"line": 2, "character": 99}}
        query = {"uri": file.as_uri(), "range": area}
        assert (await session.execute("linewise.server.querySpan", query))["lines"] == [2]


def finding(**changes):
    values = {
        "line": np.int64(0),
        "start": np.int64(0),
        "end": np.int64(5),
        "probability": np.float32(0.5),
        "rank": np.int64(1),
        "unit": "f",
        "severity": Severity.HINT,
        "band": Band.HIGH,
        "fingerprint": "0" * 16,
    }
    return Finding(**{**values, **changes})


def test_t9_numpy_numbers_become_builtin_ones():
    shown = convert.diagnostic(
        finding(), LineTable("x = 1"), np.float64(0.08), PositionEncoding.UTF16
    )
    assert {key: type(value) for key, value in shown.data.items()} == {
        "probability": float,
        "baseRate": float,
        "rank": int,
        "unit": str,
        "band": str,
        "fingerprint": str,
    }
    json.dumps(get_converter().unstructure(shown), allow_nan=False)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), np.float32("-inf")])
def test_t10_what_is_not_finite_does_not_leave(value):
    with pytest.raises(LinewiseError, match="not finite"):
        convert.diagnostic(
            finding(probability=value), LineTable("x = 1"), 0.08, PositionEncoding.UTF16
        )


@pytest.mark.asyncio
async def test_t10_a_model_that_gives_nan_still_gets_every_request_answered(connect):
    async with connect() as session:
        session.open("def f():\n    nan = 1\n\ndanger = doubt\n")
        (item,) = (await session.pull())["items"]
        assert item["range"]["start"]["line"] == 3
        area = {"start": {"line": 1, "character": 0}, "end": {"line": 1, "character": 99}}
        query = {"uri": "file:///a.py", "range": area}
        answer = await session.answer(session.send_execute("linewise.server.querySpan", query))
        assert answer["error"]["code"] == -32803
        assert "not finite" in answer["error"]["message"]


def test_t11_pygls_cannot_log_what_it_sends(probe):
    async def converse():
        async with Loopback(lambda name: load(probe, name), capabilities()):
            pass

    asyncio.run(converse())
    for name in ("pygls.protocol.json_rpc", "pygls.server", "pygls.feature_manager"):
        assert not logging.getLogger(name).isEnabledFor(logging.WARNING)


@pytest.mark.asyncio
async def test_t11_code_appears_in_no_log(launch, capfd):
    async with launch() as session:
        session.open("secret_user_code = crash\n")
        await session.pull()
        session.open("secret_user_code = danger\n", "file:///b.py")
        await session.pull("file:///b.py")
        assert session.all("window/logMessage") != []
        assert "secret_user_code" not in str(session.all("window/logMessage"))
    assert "secret_user_code" not in capfd.readouterr().err


@pytest.mark.asyncio
async def test_t12_positions_in_and_past_an_empty_document(connect):
    async with connect() as session:
        session.open("")
        assert await session.hover(0) is None
        assert await session.hover(7, 7) is None
        area = {"start": {"line": 3, "character": 3}, "end": {"line": 9, "character": 0}}
        query = {"uri": "file:///a.py", "range": area}
        answer = await session.answer(session.send_execute("linewise.server.querySpan", query))
        assert answer["error"]["message"] == "there is no code in the selection"
