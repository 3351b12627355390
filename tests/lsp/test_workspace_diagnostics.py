"""`workspace/diagnostic`, and the findings of documents that were closed."""

import time

import pytest
from lsp_session import SLOW_FILE, Session

pytestmark = pytest.mark.asyncio

TEXT = "danger = doubt\n"
STAYS = {"diagnosticScope": "workspace"}


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.setattr(Session, "folders", (tmp_path.as_uri(),))
    paths = [tmp_path / name for name in ("a.py", "b.py")]
    for path in paths:
        path.write_text(TEXT)
    return paths


async def test_whole_report_of_what_was_scored(connect, files):
    first, second = (path.as_uri() for path in files)
    async with connect() as session:
        assert await session.pull_workspace() == []
        session.open(TEXT, first, version=4)
        session.open(TEXT, second)
        report = await session.pull(first)
        (item,) = await session.pull_workspace()
        assert item == {**report, "uri": first, "version": 4}
        again = await session.pull_workspace([(first, item["resultId"])])
        assert again == [
            {"kind": "unchanged", "uri": first, "version": 4, "resultId": item["resultId"]}
        ]
        session.change("x = 1\n", 5, first)
        assert await session.pull_workspace([(first, item["resultId"])]) == []


async def test_it_is_answered_at_once_while_the_model_works(connect, files):
    first, second = (path.as_uri() for path in files)
    async with connect() as session:
        session.open(TEXT, first)
        report = await session.pull(first)
        session.open(SLOW_FILE, second)
        session.send_pull(second)
        await session.status("busy")
        before = time.perf_counter()
        for _ in range(10):
            (item,) = await session.pull_workspace([(first, report["resultId"])])
            assert item["kind"] == "unchanged"
        assert session.all("linewise/status")[-1]["state"] == "busy"
        assert time.perf_counter() - before < 2.0


async def test_by_default_findings_go_when_a_document_is_closed(connect, files):
    uri = files[0].as_uri()
    async with connect() as session:
        session.open(TEXT, uri)
        report = await session.pull(uri)
        session.close(uri)
        assert await session.pull_workspace([(uri, report["resultId"])]) == [
            {"kind": "full", "uri": uri, "version": None, "items": []}
        ]
        assert await session.pull_workspace() == []


async def test_they_can_stay_until_the_file_changes(connect, files):
    uri = files[0].as_uri()
    async with connect(settings=STAYS) as session:
        session.open(TEXT, uri)
        report = await session.pull(uri)
        session.close(uri)
        known = [(uri, report["resultId"])]
        assert await session.pull_workspace(known) == [
            {"kind": "unchanged", "uri": uri, "version": None, "resultId": report["resultId"]}
        ]
        (item,) = await session.pull_workspace()
        assert item == {**report, "uri": uri, "version": None}
        files[0].write_text("x = 1\n")
        assert await session.pull_workspace(known) == [
            {"kind": "full", "uri": uri, "version": None, "items": []}
        ]


async def test_what_was_not_saved_does_not_stay(connect, files):
    uri = files[0].as_uri()
    async with connect(settings=STAYS, debounce=0) as session:
        session.open(TEXT, uri)
        session.change(TEXT + TEXT, 2, uri)
        await session.pull(uri)
        session.close(uri)
        session.open(TEXT, "untitled:1")
        await session.pull("untitled:1")
        session.close("untitled:1")
        assert await session.pull_workspace() == []


async def test_closed_files_follow_settings_decisions_and_folders(connect, files):
    first, second = (path.as_uri() for path in files)
    async with connect(settings=STAYS) as session:
        for uri in (first, second):
            session.open(TEXT, uri)
            await session.pull(uri)
        session.close(second)
        mark = {"uri": second, "line": 0, "reviewed": True}
        await session.execute("linewise.server.markReviewed", mark)

        async def shown():
            return {each["uri"]: len(each["items"]) for each in await session.pull_workspace()}

        async def until(expected):
            while await shown() != expected:
                pass

        await until({first: 1, second: 0})
        session.open(TEXT, second)
        await session.pull(second)
        session.close(first)
        await until({first: 1, second: 0})
        await session.configure({**STAYS, "threshold": 0.9})
        await until({first: 0, second: 0} if await session.pull(second) else None)
        session.change_folders(removed=session.folders, added=["file:///elsewhere"])
        await until({second: 0})


async def test_clients_that_do_not_pull_are_told(connect, files):
    uri = files[0].as_uri()
    async with connect(settings=STAYS, pull=False) as session:
        session.open(TEXT, uri)
        await session.published(1, uri)
        session.close(uri)
        mark = {"uri": uri, "line": 0, "reviewed": True}
        await session.execute("linewise.server.markReviewed", mark)
        published = "textDocument/publishDiagnostics"
        await session.until(lambda: session.all(published)[-1] == {"uri": uri, "diagnostics": []})
        await session.execute("linewise.server.markReviewed", {**mark, "reviewed": False})
        await session.until(lambda: len(session.all(published)[-1]["diagnostics"]) == 1)
        files[0].unlink()
        session.files_changed(uri)
        await session.until(lambda: session.all(published)[-1] == {"uri": uri, "diagnostics": []})
