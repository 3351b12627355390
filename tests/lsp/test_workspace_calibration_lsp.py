"""The server reads a stored calibration, says so, and learns from edits."""

import subprocess
from pathlib import Path

import pytest
from attrs import evolve
from tiny_server import BASE_RATE

from linewise.lsp.addresses import path_of
from linewise.probe.manifest import read_manifest
from linewise.workspace import feedback as feedback_module
from linewise.workspace import store
from linewise.workspace.calibration import Workspace
from linewise.workspace.churn import FEATURES
from linewise.workspace.store import StoredCalibration, Weights

pytestmark = pytest.mark.asyncio

NAME = "smollm2-135m"
TEXT = "danger = doubt\n" + "".join(f"safe_{number} = {number}\n" for number in range(60))
SHIPPED = "fitted on 12,345 lines, 8 % of them edited"


@pytest.fixture
def workspace(tmp_path, monkeypatch, probe):
    root = tmp_path / "repository"
    root.mkdir()
    monkeypatch.setenv("LINEWISE_STATE_DIR", str(tmp_path / "state"))
    identity = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
    for command in (["init", "--quiet"], ["commit", "--quiet", "--allow-empty", "-m", "x"]):
        subprocess.run(["git", *identity, *command], cwd=root, check=True)
    return Workspace(root, NAME, read_manifest(probe / "manifest.json"))


def calibration(workspace, probe):
    return StoredCalibration(
        version=store.VERSION,
        root=str(workspace.root),
        model=NAME,
        probe=read_manifest(probe / "manifest.json").identity,
        features=FEATURES,
        weights=Weights(1.0, (0.0,) * len(FEATURES), 1.0),
        window_days=14.0,
        base_rate=0.2,
        lines=1_234,
        commits=321,
        head="a" * 40,
        fitted="2026-01-01",
        metrics={"later commits": {}},
    )


def uri_of(workspace):
    return (workspace.root / "a.py").as_uri()


async def test_a_stored_calibration_is_applied_and_said(connect, workspace, probe):
    uri = uri_of(workspace)
    async with connect() as session:
        session.open(TEXT, uri)
        (before,) = (await session.pull(uri))["items"]
        assert before["data"]["baseRate"] == BASE_RATE
        workspace.keep(calibration(workspace, probe))
        (after,) = (await session.pull(uri))["items"]
        assert after["data"]["baseRate"] == pytest.approx(0.2)
        assert after["data"]["probability"] > before["data"]["probability"]
        said = session.all("linewise/status")[-1]["calibration"]
        assert said == (
            "fitted to this workspace: 1,234 lines of 321 commits, 20 % of them changed within "
            "14 days"
        )
        shown = (await session.hover(0, uri=uri))["contents"]["value"]
        assert shown.endswith(
            "were changed within 14 days of being written in this workspace's history."
        )
        workspace.reset()
        (again,) = (await session.pull(uri))["items"]
        assert again == before
        assert session.all("linewise/status")[-1]["calibration"] == SHIPPED


async def test_other_folders_keep_the_shipped_one(connect, workspace, probe):
    workspace.keep(calibration(workspace, probe))
    async with connect() as session:
        session.open(TEXT)
        (item,) = (await session.pull())["items"]
        assert item["data"]["baseRate"] == BASE_RATE


async def test_what_was_fitted_for_another_probe_is_not_applied(connect, workspace, probe):
    workspace.keep(evolve(calibration(workspace, probe), probe="f" * 64))
    uri = uri_of(workspace)
    async with connect() as session:
        session.open(TEXT, uri)
        (item,) = (await session.pull(uri))["items"]
        assert item["data"]["baseRate"] == BASE_RATE


async def test_edits_are_counted_and_can_be_forgotten(connect, workspace, monkeypatch):
    monkeypatch.setattr(feedback_module, "SETTLED_SECONDS", 0.0)
    uri = uri_of(workspace)
    async with connect() as session:
        session.open(TEXT, uri)
        await session.pull(uri)
        session.change(TEXT.replace("danger = doubt", "danger = 1"), 2, uri)
        await session.pull(uri)
        session.save(uri)
        session.close(uri)
        await session.pull(uri)
        counts = workspace.feedback
        assert (sum(counts.flagged), sum(counts.flagged_edited)) == (1, 1)
        assert (sum(counts.unflagged), sum(counts.unflagged_edited)) == (60, 0)
        session.open(TEXT, uri)
        await session.pull(uri)
        answer = await session.execute("linewise.server.resetFeedback")
        assert answer == {"reset": [str(workspace.root)]}
        assert workspace.feedback.lines == 0
        assert await session.execute("linewise.server.resetFeedback") == {"reset": []}


async def test_leaving_counts_what_was_kept(connect, workspace, monkeypatch):
    monkeypatch.setattr(feedback_module, "SETTLED_SECONDS", 0.0)
    uri = uri_of(workspace)
    async with connect() as session:
        session.open(TEXT, uri)
        await session.pull(uri)
        session.change(TEXT.replace("safe_1 ", "other "), 2, uri)
        session.save(uri)
        await session.pull(uri)
        await session.leave()
    assert sum(workspace.feedback.flagged) == 1
    assert workspace.feedback.edited == 1


async def test_documents_outside_a_repository_teach_nothing(connect, workspace, monkeypatch):
    monkeypatch.setattr(feedback_module, "SETTLED_SECONDS", 0.0)
    async with connect() as session:
        session.open(TEXT)
        await session.pull()
        session.change("x = 1\n", 2)
        session.save()
        session.close()
        await session.pull()
    assert not store.folder().exists()


async def test_resetting_needs_a_model(connect):
    async with connect(settings={"model": "missing"}, ready=False) as session:
        await session.status("failed")
        with pytest.raises(Exception, match="linewise models pull missing"):
            await session.execute("linewise.server.resetFeedback")


async def test_only_file_uris_have_a_path():
    assert path_of("file:///a/b.py") == Path("/a/b.py")
    assert path_of("untitled:Untitled-1") is None
    assert path_of(None) is None
