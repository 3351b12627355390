"""`textDocument/diagnostic`: payloads, unchanged results, loading, cancelling, superseded work."""

import asyncio
import time

import pytest
from lsp_session import PAGE, SLOW_FILE
from tiny_server import probability

from linewise.analysis.fingerprints import fingerprint
from linewise.engine import Engine

pytestmark = pytest.mark.asyncio

TEXT = """\
import os

def f(x):
    s = "🎉漢字"; danger(doubt)  # why
    return x

def g(y):
    danger = doubt + maybe
"""
FIRST, SECOND = probability("danger", "doubt"), probability("danger", "doubt", "maybe")


@pytest.mark.parametrize(
    ("offered", "agreed", "end"),
    [
        (["utf-8"], "utf-8", 42),
        (["utf-16"], "utf-16", 36),
        (["utf-32", "utf-8"], "utf-32", 35),
        ([], "utf-16", 36),
    ],
)
async def test_whole_report_in_every_position_encoding(connect, offered, agreed, end):
    async with connect(encodings=offered) as session:
        assert session.initialized.capabilities.position_encoding == agreed
        session.open(TEXT)
        report = await session.pull()
        assert report == {
            "kind": "full",
            "resultId": report["resultId"],
            "items": [
                {
                    "range": {
                        "start": {"line": 3, "character": 4},
                        "end": {"line": 3, "character": end},
                    },
                    "severity": 3,
                    "code": "edit-risk",
                    "source": "linewise",
                    "codeDescription": {"href": PAGE},
                    "message": "Edit probability 73 % (base rate 8 %): 'danger' is not defined "
                    "here",
                    "data": {
                        "probability": pytest.approx(FIRST, abs=1e-6),
                        "baseRate": 0.08,
                        "rank": 2,
                        "unit": "f",
                        "band": "high",
                        "fingerprint": fingerprint('s = "🎉漢字"; danger(doubt)  # why', "f"),
                    },
                },
                {
                    "range": {
                        "start": {"line": 7, "character": 4},
                        "end": {"line": 7, "character": 26},
                    },
                    "severity": 3,
                    "code": "edit-risk",
                    "source": "linewise",
                    "codeDescription": {"href": PAGE},
                    "message": "Edit probability 88 % (base rate 8 %): 'doubt' is not defined here",
                    "data": {
                        "probability": pytest.approx(SECOND, abs=1e-6),
                        "baseRate": 0.08,
                        "rank": 1,
                        "unit": "g",
                        "band": "high",
                        "fingerprint": fingerprint("danger = doubt + maybe", "g"),
                    },
                },
            ],
        }
        assert session.all("textDocument/publishDiagnostics") == []
        assert session.all("linewise/fileSummary") == [
            {
                "uri": "file:///a.py",
                "version": 1,
                "above": 2,
                "threshold": 0.3,
                "flagged": 2,
                "codeLines": 6,
                "omissions": [],
            }
        ]


async def test_the_result_id_stands_for_content_and_settings(connect):
    async with connect() as session:
        session.open(TEXT)
        first = (await session.pull())["resultId"]
        assert await session.pull(previous=first) == {"kind": "unchanged", "resultId": first}

        session.change(TEXT + "danger = 1\n", 2)
        assert (second := await session.pull(previous=first))["kind"] == "full"
        session.change(TEXT, 3)
        assert await session.pull(previous=first) == {"kind": "unchanged", "resultId": first}
        assert (await session.pull(previous=second["resultId"]))["resultId"] == first

        await session.configure({"threshold": 0.8})
        await session.until(lambda: len(session.requests("workspace/diagnostic/refresh")) > 1)
        third = await session.pull(previous=first)
        assert third["kind"] == "full"
        assert len(third["items"]) == 1

        await session.configure({"threshold": 0.8, "model": "another"})
        await session.until(lambda: len(session.requests("workspace/diagnostic/refresh")) > 2)
        assert (await session.pull(previous=third["resultId"]))["kind"] == "full"


async def test_asked_while_loading_it_says_to_ask_again_and_then_refreshes(connect, tmp_path):
    gate = tmp_path / "gate"
    async with connect(settings={"model": f"gated:{gate}"}, ready=False) as session:
        session.open(TEXT)
        answer = await session.answer(session.send_pull())
        assert answer["error"] == {
            "code": -32802,
            "message": "the model is loading; ask again",
            "data": {"retriggerRequest": True},
        }
        assert session.requests("workspace/diagnostic/refresh") == []
        gate.touch()
        await session.until(lambda: session.requests("workspace/diagnostic/refresh"))
        assert len((await session.pull())["items"]) == 2


async def test_a_client_that_cannot_refresh_is_not_asked_to(connect):
    async with connect(refresh=False) as session:
        session.open(TEXT)
        assert len((await session.pull())["items"]) == 2
        assert session.requests("workspace/diagnostic/refresh") == []


async def test_a_cancelled_pull_is_answered_at_once_and_frees_the_worker(connect):
    async with connect() as session:
        session.open(SLOW_FILE, "file:///long.py")
        key = session.send_pull("file:///long.py")
        await session.status("busy")
        before = time.perf_counter()
        session.cancel(key)
        answer = await session.answer(key)
        cancelled = time.perf_counter()
        assert answer["error"]["code"] == -32800
        session.open("danger = doubt\n")
        assert len((await session.pull())["items"]) == 1
        free = time.perf_counter()
        assert cancelled - before < 0.3
        assert free - cancelled < 1.0  # of 4.5 s that the file takes
        await session.status("ready")
        assert [each for each in session.heard if each.get("id") == key] == [answer]


async def test_a_newer_version_supersedes_a_pull_that_is_still_waiting(connect):
    async with connect() as session:
        session.open(SLOW_FILE)
        key = session.send_pull()
        await session.status("busy")
        session.change("danger = doubt\n", 2)
        answer = await session.answer(key)
        assert answer["error"] == {
            "code": -32802,
            "message": "the document changed; ask again",
            "data": {"retriggerRequest": True},
        }
        assert len((await session.pull())["items"]) == 1


async def test_a_document_closed_while_it_is_scored_is_dropped_silently(connect):
    async with connect() as session:
        session.open(SLOW_FILE)
        key = session.send_pull()
        await session.status("busy")
        session.close()
        assert (await session.answer(key))["result"] == {"kind": "full", "items": []}
        assert session.all("linewise/fileSummary") == []
        assert session.all("window/showMessage") == []
        assert session.all("window/logMessage") == []


async def test_what_is_not_open_or_not_python_has_no_findings(connect):
    async with connect() as session:
        session.open(TEXT, "file:///a.js", language="javascript")
        assert await session.pull("file:///a.js") == {"kind": "full", "items": []}
        session.change(TEXT, 2, "file:///a.js")
        assert await session.pull("file:///a.js") == {"kind": "full", "items": []}
        assert await session.pull("file:///nowhere.py") == {"kind": "full", "items": []}


async def test_only_the_changed_unit_is_computed_again(connect):
    async with connect() as session:
        session.open(SLOW_FILE)
        await session.pull()
        before = time.perf_counter()
        session.change(SLOW_FILE + "\n\ndanger = doubt\n", 2)
        assert len((await session.pull())["items"]) == 1
        assert time.perf_counter() - before < 1.0


async def test_typing_is_waited_out(connect):
    async with connect(debounce=0.2) as session:
        session.open("x = 1\n")
        await session.pull()
        before = time.perf_counter()
        session.change("danger = doubt\n", 2)
        await session.pull()
        assert time.perf_counter() - before > 0.2


async def test_what_needs_no_model_is_done_while_typing_is_waited_out(connect, monkeypatch):
    done = []

    def recorded(name, real):
        def record(self, text, *given, **options):
            done.append((name, text))
            return real(self, text, *given, **options)

        return record

    for name in ("prepare", "score"):
        monkeypatch.setattr(Engine, name, recorded(name, getattr(Engine, name)))
    async with connect() as session:
        session.open(TEXT)
        await session.pull()
        session.change(TEXT + "x = 1\n", 2)
        session.change(TEXT + "x = 12\n", 3)
        await session.pull()
    last = TEXT + "x = 12\n"
    # What was opened is not waited for, and what was overtaken never done.
    assert done == [("score", TEXT), ("prepare", last), ("score", last)]


async def test_a_crash_of_the_model_ends_neither_the_server_nor_the_request(connect):
    async with connect() as session:
        session.open("danger = crash\n")
        assert await session.pull() == {"kind": "full", "items": []}
        session.open("danger = doubt\n", "file:///b.py")
        assert len((await session.pull("file:///b.py"))["items"]) == 1
        logged = "\n".join(each["message"] for each in session.all("window/logMessage"))
        assert "a.py is not scored: RuntimeError; see the log" in logged
        assert "secret_user_code" not in logged


async def test_a_long_document_lets_the_others_through(connect):
    async with connect() as session:
        session.open(SLOW_FILE + "danger = doubt\n", "file:///long.py")
        long = session.send_pull("file:///long.py")
        await session.status("busy")
        before = time.perf_counter()
        session.open("danger = doubt\n")
        assert len((await session.pull())["items"]) == 1
        assert time.perf_counter() - before < 1.5
        assert long not in [each.get("id") for each in session.heard]
        assert len((await session.answer(long))["result"]["items"]) == 1


async def test_many_pulls_at_once_are_all_answered(connect):
    async with connect() as session:
        uris = [f"file:///{number}.py" for number in range(40)]
        for number, uri in enumerate(uris):
            session.open(f"danger = doubt + {number}\n", uri)
        reports = await asyncio.gather(*(session.pull(uri) for uri in uris))
        assert all(len(report["items"]) == 1 for report in reports)
