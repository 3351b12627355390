"""The model's memory is freed while nobody needs it, and taken again when somebody does."""

import gc
import weakref

import pytest

from linewise.engine import Engine
from linewise.lsp import model
from linewise.lsp.model import LoadedModel

pytestmark = pytest.mark.asyncio

TEXT = "danger = doubt\n"
RESTING = "Ready; smollm2-135m is unloaded until it is needed"


@pytest.fixture
def engines(monkeypatch):
    """A minute of 50 ms, and every engine that was ever loaded."""
    found = weakref.WeakSet()
    keep = LoadedModel.keep

    def kept(self, engine):
        keep(self, engine)
        if engine is not None:
            found.add(engine)

    made = Engine.__init__

    def init(self, *given, **named):
        made(self, *given, **named)
        found.add(self)

    monkeypatch.setattr(Engine, "__init__", init)
    monkeypatch.setattr(LoadedModel, "keep", kept)
    monkeypatch.setattr(model, "MINUTE", 0.05)
    return found


async def rests(session):
    await session.until(lambda: session.all("linewise/status")[-1]["message"] == RESTING)


async def test_it_goes_and_comes_back(connect, engines):
    async with connect(settings={"unloadAfter": 1}) as session:
        session.open(TEXT)
        first = await session.pull()
        await rests(session)
        gc.collect()
        await session.until(lambda: not engines)
        # What was scored is still answered, without it.
        assert await session.pull(previous=first["resultId"]) == {
            "kind": "unchanged",
            "resultId": first["resultId"],
        }
        assert await session.hover(0) is not None
        assert not engines
        session.change("danger = doubt + maybe\n", 2)
        assert (await session.pull())["items"][0]["message"].startswith("Edit probability 88 %")
        states = [each["state"] for each in session.all("linewise/status")]
        assert states[-2:] == ["loading", "ready"] or states[-3:-1] == ["loading", "ready"]
        await rests(session)


async def test_zero_is_never(connect, engines):
    async with connect(settings={"unloadAfter": 0}) as session:
        session.open(TEXT)
        await session.pull()
        session.open("slow = 1\n" * 3, "file:///b.py")
        await session.pull("file:///b.py")
        await session.status("ready")
        assert engines
        assert all(each["message"] != RESTING for each in session.all("linewise/status"))


async def test_a_model_that_was_removed_meanwhile_is_said(connect, engines, tmp_path):
    file = tmp_path / "model"
    file.touch()
    async with connect(settings={"unloadAfter": 1, "model": f"stored:{file}"}) as session:
        session.open(TEXT)
        await session.pull()
        await session.until(
            lambda: "unloaded until" in session.all("linewise/status")[-1]["message"]
        )
        file.unlink()
        session.change("danger = doubt + maybe\n", 2)
        assert (await session.pull())["items"] == []
        (shown,) = session.all("window/showMessage")
        assert shown["message"] == "Linewise cannot score code: it is gone: pull it again"
