"""Clients that say little of themselves, open much at once, or lose what they have open."""

import shutil

import pytest
from lsp_session import Session
from lsprotocol import types
from tiny_server import serve_in_thread

pytestmark = pytest.mark.asyncio

MANY = 100


async def test_a_client_that_declares_nothing(probe):
    session = Session({}, types.ClientCapabilities())
    await session.connect(*serve_in_thread(probe, 0.05))
    try:
        session.open("danger = doubt\n")
        (shown,) = (await session.published(1))["diagnostics"]
        assert set(shown) == {"range", "severity", "code", "source", "message", "data"}
        hover = await session.hover(0)
        assert hover["contents"]["kind"] == "plaintext"
        for action in await session.code_actions(0, diagnostics=[shown]):
            assert set(action) == {"title", "command", "arguments"}
        await session.execute("linewise.server.showLine", {"uri": "file:///a.py", "line": 0})
        span = {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 14}}
        asked = {"uri": "file:///a.py", "range": span}
        assert (await session.execute("linewise.server.querySpan", asked))["lines"] == [0]
        asked = [each["method"] for each in session.heard if "method" in each and "id" in each]
        assert asked == []
    finally:
        await session.stop()


@pytest.mark.parametrize("pull", [True, False])
async def test_a_hundred_files_opened_at_once(connect, pull):
    uris = [f"file:///{number}.py" for number in range(MANY)]
    async with connect(pull=pull, ready=False) as session:
        for number, uri in enumerate(uris):
            session.open(f"def f{number}():\n    danger = doubt\n", uri)
        for uri in uris:
            found = (await session.pull(uri))["items"] if pull else None
            found = found or (await session.published(1, uri))["diagnostics"]
            assert [each["range"]["start"]["line"] for each in found] == [1]
        for uri in uris:
            session.close(uri)
        session.open("danger = doubt\n")
        assert await session.pull() is not None


async def test_a_folder_removed_while_its_files_are_open(connect, tmp_path):
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / ".linewise.toml").write_text("threshold = 0.0\n")
    file = folder / "a.py"
    file.write_text("danger = doubt\npass\n")
    async with connect() as session:
        session.change_folders(added=[folder.as_uri()])
        session.open(file.read_text(), file.as_uri())
        assert len((await session.pull(file.as_uri()))["items"]) == 2
        shutil.rmtree(folder)
        session.files_changed((folder / ".linewise.toml").as_uri(), file.as_uri())
        session.change_folders(removed=[folder.as_uri()])
        session.change("danger = doubt + maybe\npass\n", 2, file.as_uri())
        assert len((await session.pull(file.as_uri()))["items"]) == 1
        place = {"uri": file.as_uri(), "line": 0}
        await session.execute("linewise.server.markReviewed", place)
        assert (await session.pull(file.as_uri()))["items"] == []
        session.save(file.as_uri())
        session.close(file.as_uri())
        session.open("danger = doubt\n")
        assert len((await session.pull())["items"]) == 1
        assert session.all("window/showMessage") == []


async def test_progress_nobody_knows_can_be_cancelled(connect):
    async with connect() as session:
        session.client.window_work_done_progress_cancel(
            types.WorkDoneProgressCancelParams(token="unknown")
        )
        session.open("danger = doubt\n")
        assert len((await session.pull())["items"]) == 1


async def test_a_file_that_is_read_only_is_reviewed_all_the_same(connect, tmp_path):
    file = tmp_path / "a.py"
    file.write_text("danger = doubt\n")
    file.chmod(0o400)
    async with connect() as session:
        session.open(file.read_text(), file.as_uri())
        await session.execute("linewise.server.markReviewed", {"uri": file.as_uri(), "line": 0})
        assert (await session.pull(file.as_uri()))["items"] == []
        assert file.read_text() == "danger = doubt\n"
