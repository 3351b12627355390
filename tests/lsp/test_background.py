"""Scans of the open folders in the background, with a tiny model as installed."""

import asyncio
import json
import statistics
import subprocess
import time
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
from lsp_session import PATIENCE, Session, capabilities
from lsprotocol import types
from pygls.exceptions import JsonRpcException
from tiny_server import serve_in_thread

from linewise.engine import Engine
from linewise.errors import Cancelled
from linewise.lsp import background, scan_progress
from linewise.lsp.model import ModelHost
from linewise.lsp.scans import _Scans
from linewise.models.runtime import TargetModel
from linewise.probe.runtime import Probe
from linewise.settings import Settings
from linewise.workspace.scan import pacing
from linewise.workspace.scan.database import migrations
from linewise.workspace.scan.location import path_of
from linewise.workspace.scan.store import Store

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.asyncio

SCAN = {"backgroundScan": True, "backgroundShare": 1.0}
PAUSED = {"state": "paused", "done": 0, "pending": 0}
UNITS = 3
STATUS, PROGRESS = "linewise/status", "$/progress"
REPORT = "linewise.server.report"


def text(number):
    return "\n\n".join(
        f"def f{number}_{unit}(value):\n    total = value + {unit}\n    return total * {number}\n"
        for unit in range(UNITS)
    )


@pytest.fixture(autouse=True)
def quick(tmp_path, monkeypatch):
    """A store of the test's own; what was written counts as settled, and what lasts is shown."""
    monkeypatch.setenv("LINEWISE_STATE_DIR", str(tmp_path / "state"))
    real = time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: real() + 10_000_000_000)
    monkeypatch.setattr(background, "SETTLED_SECONDS", 0.0)
    monkeypatch.setattr(scan_progress, "SHOWN_AFTER_SECONDS", 0.0)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An open folder of 40 files."""
    folder = tmp_path / "project"
    folder.mkdir()
    for number in range(40):
        (folder / f"f{number:02}.py").write_text(text(number))
    monkeypatch.setattr(Session, "folders", (folder.as_uri(),))
    return folder


@pytest.fixture
def connect(installed, tiny_probe):
    """Open a session with a server of the tiny model."""
    model = installed("llama")

    @asynccontextmanager
    async def connected(*, settings=SCAN, **client):
        def load(_probe, _name):
            return Engine(TargetModel(model, threads=1), Probe(tiny_probe))

        session = Session(settings, capabilities(**client))
        await session.connect(*serve_in_thread(tiny_probe, 0.05, load))
        try:
            await session.status("ready")
            yield session
        finally:
            await session.stop()

    return connected


def scans(session):
    """What was said about scans, oldest first."""
    return [each["scan"] for each in session.all(STATUS)]


async def begun(session, done=1):
    """Wait until so many files were read and there are more."""
    return await session.until(
        lambda: next((each for each in scans(session) if each and each["done"] >= done), None)
    )


async def over(session):
    """Wait until a scan that was begun is over."""
    await session.until(lambda: any(scans(session)) and scans(session)[-1] is None)


async def holds(session, folder, **expected):
    """Wait until the store holds so much; the questions meanwhile are none of the user's."""
    deadline = time.monotonic() + PATIENCE
    while expected.items() - counts(folder).items():
        assert time.monotonic() < deadline, counts(folder)
        await session.pull_workspace()


def counts(folder):
    if not path_of(folder).exists():
        return {}
    with Store.open_existing(folder, print) as store:
        return store.counts()


async def test_open_folders_are_scanned_and_it_is_said_how_far(connect, folder):
    async with connect() as session:
        await over(session)
        told = [each for each in scans(session) if each]
        assert {each["state"] for each in told} == {"scanning"}
        assert {each["pending"] for each in told} == {40}
        done = [each["done"] for each in told]
        assert done == sorted(done)
        await session.until(lambda: session.all(PROGRESS)[-1]["value"]["kind"] == "end")
        shown = [each["value"] for each in session.all(PROGRESS) if "percentage" in each["value"]]
        assert shown[0]["kind"] == "begin"
        assert shown[0]["title"] == "Linewise: scanning the workspace"
        assert shown[0]["cancellable"] is True
        assert all(each["message"].endswith(" of 40 files") for each in shown)
    assert counts(folder) == {"files": 40, "units": 40 * UNITS, "rationales": 40 * UNITS}


async def test_what_was_scanned_is_not_scanned_again(connect, folder):
    async with connect() as session:
        await over(session)
    async with connect() as session:
        await session.execute(REPORT, {"uri": None})  # behind the scan, on its thread
        assert not any(scans(session))
        (folder / "f00.py").write_text(text(99))
        session.files_changed((folder / "f00.py").as_uri())
        await holds(session, folder, files=40, units=41 * UNITS, rationales=41 * UNITS)


async def test_a_save_and_a_new_folder_are_noticed(connect, folder, tmp_path):
    async with connect() as session:
        await over(session)
        first = folder / "f00.py"
        session.open(text(0), first.as_uri())
        session.change(text(99), 2, first.as_uri())
        first.write_text(text(99))
        session.save(first.as_uri())
        await holds(session, folder, units=41 * UNITS)
        other = tmp_path / "other"
        other.mkdir()
        for name in "ab":
            (other / f"{name}.py").write_text(f"{name} = 1\n")
        session.change_folders(added=[other.as_uri()])
        await holds(session, other, files=2)


async def test_hovers_are_answered_while_it_works(connect, folder):
    uri = (folder / "f00.py").as_uri()
    async with connect(settings={**SCAN, "threshold": 0.0}) as session:
        session.open(text(0), uri)
        await session.pull(uri)
        await begun(session, 3)
        seconds = []
        for turn in range(30):
            before = time.perf_counter()
            assert (await session.hover(turn % 3, uri=uri)) is not None
            seconds.append(time.perf_counter() - before)
        assert scans(session)[-1] is not None
        assert statistics.median(seconds) < 0.05
        await over(session)


async def test_it_waits_while_the_user_is_active(connect, folder, monkeypatch):
    monkeypatch.setattr(pacing, "BACK_OFF_SECONDS", 3600.0)
    async with connect() as session:
        await begun(session)
        await session.execute(REPORT, {"uri": None})  # behind the step in hand, on its thread
        before = scans(session)[-1]
        for _ in range(20):
            await session.pull_workspace()
        assert scans(session)[-1] == before
        assert before["done"] < 40


async def test_paused_it_rests_and_resumed_it_goes_on(connect, folder):
    async with connect() as session:
        await begun(session)
        assert await session.execute("linewise.server.pauseScan") == {"paused": True}
        await session.until(lambda: scans(session)[-1]["state"] == "paused")
        resting = scans(session)[-1]
        await session.execute(REPORT, {"uri": None})  # behind the step in hand, on its thread
        assert scans(session)[-1] == resting
        assert await session.execute("linewise.server.resumeScan") == {"paused": False}
        await over(session)
    assert counts(folder)["files"] == 40


async def test_cancelled_it_keeps_what_it_has_until_it_is_asked_to_go_on(connect, folder):
    async with connect() as session:
        await begun(session, 2)
        await session.execute("linewise.server.pauseScan")
        begin = await session.until(
            lambda: next((e for e in session.all(PROGRESS) if e["value"].get("cancellable")), None)
        )
        session.client.window_work_done_progress_cancel(
            types.WorkDoneProgressCancelParams(begin["token"])
        )
        await session.until(lambda: scans(session)[-1] == PAUSED)
        assert 0 < counts(folder)["files"] < 40
        session.files_changed((folder / "f00.py").as_uri())
        await session.execute(REPORT, {"uri": None})
        assert scans(session)[-1] == PAUSED
        answer = await session.execute("linewise.server.scan")
        assert answer == {"folders": [str(folder)]}
        await holds(session, folder, files=40)


async def test_settings_decide_whether_and_a_command_does_anyway(connect, folder):
    off = {**SCAN, "backgroundScan": False}
    async with connect(settings=off) as session:
        await session.execute("linewise.server.listModels")
        assert not path_of(folder).exists()
        await session.execute("linewise.server.scan")
        await over(session)
        (folder / "f00.py").write_text(text(99))
        session.files_changed((folder / "f00.py").as_uri())
        await session.execute("linewise.server.listModels")
        assert counts(folder)["units"] == 40 * UNITS
        await session.configure(SCAN)
        await holds(session, folder, units=41 * UNITS)


async def test_on_battery_it_rests_unless_told_otherwise(connect, folder, monkeypatch):
    unplugged = SimpleNamespace(power_plugged=False)
    monkeypatch.setattr(psutil, "sensors_battery", lambda: unplugged, raising=False)
    async with connect() as session:
        await session.execute(REPORT, {"uri": None})
        assert not path_of(folder).exists()
        await session.configure({**SCAN, "backgroundOnBattery": True})
        await holds(session, folder, files=40)


async def test_a_database_of_a_newer_version_is_named_and_left_alone(connect, folder):
    with Store.open(folder, print) as store, store.database.writing() as rows:
        rows.execute(f"PRAGMA user_version = {len(migrations()) + 1}")
    async with connect() as session:
        message = await session.until(
            lambda: next(
                (each for each in session.all("window/logMessage") if "newer" in each["message"]),
                None,
            )
        )
        assert message["message"].startswith("the workspace was not scanned: ")
        with pytest.raises(JsonRpcException, match="newer Linewise"):
            await session.execute(REPORT, {"uri": None})


async def test_the_report_is_a_page_whose_places_can_be_opened(connect, folder):
    async with connect(settings={**SCAN, "backgroundScan": False}) as session:
        nothing = await session.execute(REPORT, {"uri": None})
        assert nothing["html"] is None
        assert "nothing was scanned" in nothing["message"]
        await session.execute("linewise.server.scan")
        await over(session)
        answer = await session.execute(REPORT, {"uri": (folder / "f00.py").as_uri()})
        assert answer["root"] == folder.as_uri()
        assert answer["message"] is None
        assert 'data-path="f00.py" data-line="' in answer["html"]
        assert "<script" not in answer["html"]
        assert "vscode://" not in answer["html"]
        json.dumps(answer)


async def test_without_a_folder_there_is_nothing_to_scan(connect):
    async with connect() as session:
        for command, arguments in (("linewise.server.scan", ()), (REPORT, ({"uri": None},))):
            with pytest.raises(JsonRpcException, match="no folder is open"):
                await session.execute(command, *arguments)


WORKSPACE = {**SCAN, "diagnosticScope": "workspace", "threshold": 0.0}


async def pulled(session, count, previous=()):
    """Pull the whole workspace until so many reports come."""
    deadline = time.monotonic() + PATIENCE
    while len(reports := await session.pull_workspace(previous)) != count:
        assert time.monotonic() < deadline, len(reports)
    return reports


async def test_files_that_were_scanned_are_in_the_whole_report(connect, folder):
    async with connect(settings=WORKSPACE) as session:
        reports = await pulled(session, 40)
        assert {each["kind"] for each in reports} == {"full"}
        assert all(len(each["items"]) == 3 * UNITS for each in reports)
        known = [(each["uri"], each["resultId"]) for each in reports]
        unchanged = await session.pull_workspace(known)
        assert {each["kind"] for each in unchanged} == {"unchanged"}
        # Open, it says the same, and knows a reason besides.
        uri, _ = known[0]
        session.open(text(0), uri)
        shown = await session.pull(uri)
        places = [(each["range"], each["severity"], each["data"]) for each in shown["items"]]
        stored = reports[0]["items"]
        assert places == [(each["range"], each["severity"], each["data"]) for each in stored]
        assert [each["uri"] for each in await session.pull_workspace()].count(uri) == 1


async def test_reports_follow_files_settings_and_decisions(connect, folder):
    first, second = folder / "f00.py", folder / "f01.py"
    async with connect(settings=WORKSPACE) as session:
        before = {each["uri"]: each for each in await pulled(session, 40)}
        first.write_text(text(99) + "\n\nMORE = 1\n")
        session.files_changed(first.as_uri())
        mark = {"uri": second.as_uri(), "line": 0, "reviewed": True}
        await session.execute("linewise.server.markReviewed", mark)

        async def until(uri, items):
            deadline = time.monotonic() + PATIENCE
            while True:
                found = {each["uri"]: each for each in await session.pull_workspace()}
                if uri in found and len(found[uri]["items"]) == items:
                    return found[uri]
                assert time.monotonic() < deadline

        changed = await until(first.as_uri(), 3 * UNITS + 1)
        assert changed["resultId"] != before[first.as_uri()]["resultId"]
        await until(second.as_uri(), 3 * UNITS - 1)
        second.unlink()
        session.files_changed(second.as_uri())
        await pulled(session, 39)
        await session.configure({**WORKSPACE, "diagnosticScope": "openFiles"})
        known = [(uri, each["resultId"]) for uri, each in before.items()]
        deadline = time.monotonic() + PATIENCE
        while any(each.get("items") != [] for each in await session.pull_workspace(known)):
            assert time.monotonic() < deadline


async def test_clients_that_do_not_pull_are_told_of_scanned_files(connect, folder):
    published = "textDocument/publishDiagnostics"
    uri = (folder / "f00.py").as_uri()
    async with connect(settings=WORKSPACE, pull=False) as session:
        await session.until(lambda: len({each["uri"] for each in session.all(published)}) == 40)
        session.open(text(0), uri)
        await session.published(1, uri)
        session.change("x = 1\n", 2, uri)
        await session.published(2, uri)
        session.close(uri)
        await session.until(
            lambda: (
                [e for e in session.all(published) if e["uri"] == uri][-1].get("version") is None
                and len([e for e in session.all(published) if e["uri"] == uri][-1]["diagnostics"])
                == 3 * UNITS
            )
        )
        (folder / "f00.py").unlink()
        session.files_changed(uri)
        await session.until(lambda: session.all(published)[-1] == {"uri": uri, "diagnostics": []})


@pytest.mark.filterwarnings("error")
async def test_what_a_scan_asks_for_when_the_server_has_ended_is_no_failure_of_a_file():
    loop = asyncio.new_event_loop()
    loop.close()
    scans = _Scans(ModelHost(None, None, None, None), loop, Settings(), {}, print)
    with pytest.raises(Cancelled):
        scans._run(lambda: None)


def paths(root):
    with Store.open_existing(root, print) as store, store.database.reading() as rows:
        return {row[0].decode(): row[1] for row in rows.execute("SELECT path, problem FROM files")}


@pytest.mark.parametrize("opened", [".", "src"])
async def test_scans_heed_the_project_whatever_is_opened_of_it(
    connect, tmp_path, monkeypatch, opened
):
    monkeypatch.setenv("LINEWISE_STATE_DIR", str(tmp_path / "state"))
    root = tmp_path / "project"
    (root / "src" / "gen").mkdir(parents=True)
    subprocess.run(["git", "init", "--quiet", root], check=True)
    (root / ".linewise.toml").write_text('exclude = ["src/gen/**"]\nmax-file-lines = 12\n')
    (root / "src" / "a.py").write_text("x = 1\n")
    (root / "src" / "gen" / "g.py").write_text("x = 1\n")
    (root / "src" / "long.py").write_text("x = 1\n" * 13)
    monkeypatch.setattr(Session, "folders", ((root / opened).as_uri(),))
    async with connect() as session:
        await over(session)
        await holds(session, root, files=2)
    kept = paths(root)
    assert set(kept) == {"src/a.py", "src/long.py"}
    assert kept["src/a.py"] is None
    assert kept["src/long.py"].startswith("13 lines, above the limit of 12")
    assert "linewise.maxFileLines" in kept["src/long.py"]
