"""`linewise/status`, and what the user is told when there is no model."""

import pytest

pytestmark = pytest.mark.asyncio

MISSING = (
    "Linewise cannot score code: the target model 'missing' is not installed: "
    "run `linewise models pull missing`"
)
READY = {
    "state": "ready",
    "message": "Ready",
    "model": "smollm2-135m",
    "provider": "CPUExecutionProvider",
    "calibration": "fitted on 12,345 lines, 8 % of them edited",
    "scan": None,
}


async def test_whole_status_while_loading_ready_and_busy(connect):
    async with connect() as session:
        session.open("".join(f"def f{n}():\n    slow = {n}\n" for n in range(15)))
        await session.pull()
        assert session.all("linewise/status") == [
            {
                "state": "loading",
                "message": "Loading smollm2-135m",
                "model": "smollm2-135m",
                "provider": None,
                "calibration": None,
                "scan": None,
            },
            READY,
            {**READY, "state": "busy", "message": "Scoring"},
            READY,
        ]


async def test_quick_work_does_not_flicker(connect):
    async with connect() as session:
        session.open("danger = doubt\n")
        await session.pull()
        assert [each["state"] for each in session.all("linewise/status")] == ["loading", "ready"]


async def test_a_missing_model_is_said_once_and_the_server_stays_up(connect):
    async with connect(settings={"model": "missing"}, ready=False) as session:
        session.open("danger = doubt\n")
        assert await session.pull() == {"kind": "full", "items": []}
        assert session.all("linewise/status")[-1] == {
            "state": "failed",
            "message": MISSING,
            "model": "missing",
            "provider": None,
            "calibration": None,
            "scan": None,
        }
        session.open("danger = doubt\n", "file:///b.py")
        assert await session.pull("file:///b.py") == {"kind": "full", "items": []}
        assert session.all("window/showMessage") == [{"type": 1, "message": MISSING}]
        assert await session.hover(0) is None

        await session.configure({"model": "installed"})
        await session.status("ready")
        assert len((await session.pull())["items"]) == 1
        await session.configure({"model": "missing"})
        await session.status("failed")
        assert await session.hover(0) is None


async def test_without_a_model_nothing_stays_published(connect):
    async with connect(pull=False) as session:
        session.open("danger = doubt\n")
        assert len((await session.published(1))["diagnostics"]) == 1
        await session.configure({"model": "missing"})
        await session.until(
            lambda: session.all("textDocument/publishDiagnostics")[-1]["diagnostics"] == []
        )


async def test_a_model_that_breaks_while_loading(connect):
    async with connect(settings={"model": "broken"}, ready=False) as session:
        failed = await session.status("failed")
        assert failed["message"] == (
            "Linewise cannot score code: broken cannot be loaded (RuntimeError); see the log"
        )
        (logged,) = session.all("window/logMessage")
        assert logged["message"].startswith("loading broken: RuntimeError\n")
        assert "secret_path" not in str(session.heard)


async def test_a_document_that_is_too_large_is_said_once(connect):
    async with connect(settings={"maxFileLines": 3}) as session:
        session.open("x = 1\n" * 4)
        assert await session.pull() == {"kind": "full", "items": []}
        session.change("x = 2\n" * 4, 2)
        await session.pull()
        message = (
            "a.py is not scored: 4 lines, above the limit of 3: raise it with the setting "
            "linewise.maxFileLines"
        )
        assert session.all("window/logMessage") == [{"type": 2, "message": message}]
        assert session.all("linewise/status")[-1] == {**READY, "message": message}
        session.change("danger = doubt\n", 3)
        assert len((await session.pull())["items"]) == 1
        assert session.all("linewise/status")[-1] == READY
