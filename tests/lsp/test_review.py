"""Decisions: reviewed, not useful, ignored, baselined; where they are kept, how they are undone."""

import json
import subprocess
from pathlib import Path

import pytest
from pygls.exceptions import JsonRpcException

from linewise.analysis.fingerprints import fingerprint
from linewise.probe.manifest import read_manifest
from linewise.workspace import feedback as feedback_module
from linewise.workspace.calibration import Workspace

pytestmark = pytest.mark.asyncio

TEXT = "danger = doubt\n\ndef f():\n    danger = maybe\n    return doubt + danger\n"


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.setenv("LINEWISE_STATE_DIR", str(tmp_path / "state"))
    folder = tmp_path / "repository"
    folder.mkdir()
    subprocess.run(["git", "init", "--quiet", str(folder)], check=True)
    return folder / "a.py"


async def lines(session, uri):
    return [item["range"]["start"]["line"] for item in (await session.pull(uri))["items"]]


def command(name):
    return f"linewise.server.{name}"


async def test_a_reviewed_line_stays_so_until_its_content_changes(connect, file):
    uri = file.as_uri()
    async with connect(debounce=0) as session:
        session.open(TEXT, uri)
        assert await lines(session, uri) == [0, 3, 4]
        before = len(session.requests("workspace/diagnostic/refresh"))
        mark = {"uri": uri, "line": 3, "reviewed": True}
        assert await session.execute(command("markReviewed"), mark) is None
        await session.until(
            lambda: len(session.requests("workspace/diagnostic/refresh")) == before + 1
        )
        assert await lines(session, uri) == [0, 4]
        session.change("import os\n\n" + TEXT, 2, uri)
        assert await lines(session, uri) == [2, 6]
        session.change(TEXT.replace("danger = maybe", "danger = maybe + doubt"), 3, uri)
        assert await lines(session, uri) == [0, 3, 4]
        session.change(TEXT, 4, uri)
        assert await lines(session, uri) == [0, 4]
        await session.execute(command("markReviewed"), {**mark, "reviewed": False})
        assert await lines(session, uri) == [0, 3, 4]
    assert [each.name for each in file.parent.iterdir()] == [".git"]


async def test_decisions_outlast_the_server_and_reach_other_windows(connect, file):
    uri = file.as_uri()
    async with connect() as session:
        session.open(TEXT, uri)
        await session.execute(command("markReviewed"), {"uri": uri, "line": 0})
    async with connect() as first, connect(pull=False) as second:
        first.open(TEXT, uri)
        second.open(TEXT, uri)
        assert await lines(first, uri) == [3, 4]
        assert len((await second.published(1, uri))["diagnostics"]) == 2
        await first.execute(command("markReviewed"), {"uri": uri, "line": 3})
        assert await lines(second, uri) == [4]


async def test_decisions_are_published_to_those_who_do_not_pull(connect, file):
    uri = file.as_uri()
    async with connect(pull=False) as session:
        session.open(TEXT, uri)
        await session.published(1, uri)
        assert await session.execute(command("acceptFile"), {"uri": uri}) == {"accepted": 3}
        published = "textDocument/publishDiagnostics"
        await session.until(lambda: session.all(published)[-1]["diagnostics"] == [])
        assert await session.execute(command("acceptFile"), {"uri": uri}) == {"accepted": 0}


async def test_accepting_a_file_accepts_what_the_cap_hides_and_says_how_many_that_is(connect, file):
    uri = file.as_uri()
    async with connect(settings={"maxFindingsPerFile": 1}) as session:
        session.open(TEXT, uri)
        (item,) = (await session.pull(uri))["items"]
        assert item["message"].endswith("; 2 more below the cut (linewise.maxFindingsPerFile)")
        assert await session.execute(command("acceptFile"), {"uri": uri}) == {"accepted": 3}
        assert await lines(session, uri) == []


async def test_what_is_not_useful_is_feedback_and_not_shown_again(
    connect, file, probe, monkeypatch
):
    monkeypatch.setattr(feedback_module, "SETTLED_SECONDS", 0.0)
    uri = file.as_uri()
    counts = Workspace(file.parent, "smollm2-135m", read_manifest(probe / "manifest.json"))
    async with connect(debounce=0) as session:
        session.open(TEXT, uri)
        await session.pull(uri)
        assert await session.execute(command("notUseful"), {"uri": uri, "line": 3}) is None
        assert await lines(session, uri) == [0, 4]
        assert sum(counts.feedback.flagged) == 1
        assert sum(counts.feedback.flagged_edited) == 0
        session.change(TEXT.replace("return", "yield"), 2, uri)
        await session.pull(uri)
        session.save(uri)
    # Counted once: when the document is closed, what was spoken of is not counted as kept again.
    assert (sum(counts.feedback.flagged), sum(counts.feedback.flagged_edited)) == (3, 1)


async def test_lines_functions_and_files_are_ignored_outside_the_repository(connect, file):
    uri = file.as_uri()
    async with connect() as session:
        session.open(TEXT, uri)
        for scope, line, left in (("line", 3, [0, 4]), ("function", 4, [0]), ("file", 0, [])):
            asked = {"uri": uri, "line": line, "scope": scope}
            assert await session.execute(command("ignore"), asked) is None
            assert await lines(session, uri) == left
        for scope, line, left in (
            ("file", 0, [0]),
            ("function", 3, [0, 4]),
            ("line", 3, [0, 3, 4]),
        ):
            asked = {"uri": uri, "line": line, "scope": scope, "ignored": False}
            await session.execute(command("ignore"), asked)
            assert await lines(session, uri) == left
    assert [each.name for each in file.parent.iterdir()] == [".git"]


async def test_comments_ignore_and_cost_no_further_scoring(connect, file):
    uri = file.as_uri()
    async with connect(debounce=0) as session:
        session.open(TEXT.replace("doubt\n\n", "doubt  # linewise: ignore\n\n"), uri)
        assert await lines(session, uri) == [3, 4]
        session.change(TEXT.replace("def f():", "def f():  # linewise: ignore-function"), 2, uri)
        assert await lines(session, uri) == [0]
        session.change("# linewise: ignore-file\n" + TEXT, 3, uri)
        assert await lines(session, uri) == []


async def test_the_baseline_is_a_file_that_is_shared(connect, file):
    uri = file.as_uri()
    async with connect() as session:
        session.open(TEXT, uri)
        asked = {"uri": uri, "line": 3}
        assert await session.execute(command("addToBaseline"), asked) == {"added": 1}
        assert await session.execute(command("addToBaseline"), asked) == {"added": 0}
        assert await lines(session, uri) == [0, 4]
        assert await session.execute(command("addToBaseline"), {"uri": uri}) == {"added": 2}
        assert await lines(session, uri) == []
        baseline = file.parent / "linewise-baseline.json"
        assert json.loads(baseline.read_text()) == {
            "version": 1,
            "files": {
                "a.py": sorted(
                    (
                        fingerprint("danger = doubt", "<module>"),
                        fingerprint("danger = maybe", "f"),
                        fingerprint("return doubt + danger", "f"),
                    )
                )
            },
        }
        baseline.write_text("{")
        assert await lines(session, uri) == [0, 3, 4]
        (shown,) = session.all("window/showMessage")
        assert shown["message"].startswith(f"{baseline} is no baseline")
        with pytest.raises(JsonRpcException, match="is no baseline"):
            await session.execute(command("addToBaseline"), asked)


async def test_documents_that_are_no_files_are_decided_while_the_server_runs(connect, file):
    uri = "untitled:Untitled-1"
    async with connect() as session:
        session.open(TEXT, uri)
        await session.execute(command("markReviewed"), {"uri": uri, "line": 0})
        assert await lines(session, uri) == [3, 4]
        with pytest.raises(JsonRpcException, match="save the document first"):
            await session.execute(command("addToBaseline"), {"uri": uri, "line": 3})
    assert not Path(file.parents[1] / "state" / "workspaces").exists()


async def test_what_cannot_be_decided_says_why(connect, file):
    uri = file.as_uri()
    asked = [
        ("markReviewed", {"uri": uri, "line": 1}, "there is no code in line 2"),
        ("markReviewed", {"uri": uri, "line": 99}, "there is no code in line 100"),
        ("markReviewed", {"uri": uri, "line": -1}, "there is no code in line 0"),
        ("notUseful", {"uri": uri, "line": 1}, "there is no code in line 2"),
        ("ignore", {"uri": uri, "line": 0, "scope": "world"}, "choose line, function or file"),
        ("ignore", {"uri": uri, "line": 0, "scope": "function"}, "no function around line 1"),
        ("acceptFile", {"uri": "untitled:2"}, "neither open nor a file"),
    ]
    async with connect() as session:
        session.open(TEXT, uri)
        for name, argument, message in asked:
            with pytest.raises(JsonRpcException, match=message) as caught:
                await session.execute(command(name), argument)
            assert caught.value.code == -32803
        for argument in ({}, {"uri": uri}, {"uri": uri, "line": "x"}):
            with pytest.raises(JsonRpcException) as caught:
                await session.execute(command("markReviewed"), argument)
            assert caught.value.code == -32602
        assert await lines(session, uri) == [0, 3, 4]
