"""Settings: where they come from, what a bad one does, what changes when they do."""

import pytest
from lsp_session import Session

pytestmark = pytest.mark.asyncio

TEXT = "danger = 1\ndanger = doubt\n"


async def test_changes_are_registered_for_and_asked_for(connect):
    async with connect() as session:
        registered = await session.until(
            lambda: (
                session.all("client/registerCapability")
                if len(session.all("client/registerCapability")) == 2
                else None
            )
        )
        assert registered == [
            {
                "registrations": [
                    {
                        "id": "workspace/didChangeConfiguration",
                        "method": "workspace/didChangeConfiguration",
                        "registerOptions": {"section": "linewise"},
                    }
                ]
            },
            {
                "registrations": [
                    {
                        "id": "workspace/didChangeWatchedFiles",
                        "method": "workspace/didChangeWatchedFiles",
                        "registerOptions": {
                            "watchers": [
                                {"globPattern": "**/.linewise.toml"},
                                {"globPattern": "**/pyproject.toml"},
                                {"globPattern": "**/linewise-baseline.json"},
                                {"globPattern": "**/.git/logs/HEAD"},
                                {"globPattern": "**/*.py"},
                            ]
                        },
                    }
                ]
            },
        ]
        assert session.all("workspace/configuration") == [{"items": [{"section": "linewise"}]}]


async def test_a_client_that_cannot_be_asked_sends_them(connect, monkeypatch):
    monkeypatch.setattr(Session, "options", {"threshold": 0.5})
    async with connect(configuration=False, registration=False, watching=False) as session:
        assert session.requests("client/registerCapability") == []
        session.open(TEXT)
        assert len((await session.pull())["items"]) == 1
        await session.configure({"threshold": 0.9})
        await session.until(lambda: len(session.requests("workspace/diagnostic/refresh")) == 2)
        assert (await session.pull())["items"] == []
        assert session.requests("workspace/configuration") == []


async def test_initialization_options_stand_in_for_an_empty_section(connect, monkeypatch):
    monkeypatch.setattr(Session, "options", {"threshold": 0.5})
    async with connect(settings=None) as session:
        session.open(TEXT)
        assert len((await session.pull())["items"]) == 1


async def test_a_client_that_refuses_registration_is_served_all_the_same(connect, monkeypatch):
    monkeypatch.setattr(Session, "refused", "client/registerCapability")
    async with connect() as session:
        session.open(TEXT)
        assert len((await session.pull())["items"]) == 2
        assert session.all("window/showMessage") == []


@pytest.mark.parametrize("answer", ["an error", "null"])
async def test_a_client_that_does_not_answer_as_it_should_gets_the_defaults(
    connect, monkeypatch, answer
):
    if answer == "an error":
        monkeypatch.setattr(Session, "refused", "workspace/configuration")
    else:
        monkeypatch.setattr(Session, "configuration_answer", staticmethod(lambda _: None))
    async with connect() as session:
        session.open(TEXT)
        assert len((await session.pull())["items"]) == 2
        assert session.all("window/logMessage")[-1]["message"].startswith(
            "asking for the settings: JsonRpc"
        )
        assert session.all("window/showMessage") == []


async def test_a_setting_of_the_wrong_type_is_named_once(connect):
    cases = [
        ({"threshold": "high"}, "linewise.threshold: 'high' is not allowed; using None"),
        ({"threshold": 2}, "linewise.threshold: 2 is not allowed; using None"),
        ({"maxFileLines": True}, "linewise.maxFileLines: True is not allowed; using 10000"),
        ({"severityHigh": "fatal"}, "linewise.severityHigh: 'fatal' is not allowed"),
        ({"model": 7}, "linewise.model: 7 is not allowed; using 'smollm2-135m'"),
        ("nonsense", "settings: not an object, defaults used"),
    ]
    async with connect(settings=cases[0][0]) as session:
        session.open(TEXT)
        for number, (values, problem) in enumerate(cases, start=1):
            await session.configure(values)
            await session.until(
                lambda number=number: len(session.all("window/showMessage")) == number
            )
            shown = session.all("window/showMessage")[-1]
            assert shown["type"] == 2
            assert shown["message"].startswith(problem)
            assert session.all("window/logMessage")[-1] == shown
            assert len((await session.pull())["items"]) == 2
        await session.configure(cases[0][0])
        await session.until(lambda: len(session.all("workspace/configuration")) == len(cases) + 2)
        assert len((await session.pull())["items"]) == 2
        assert len(session.all("window/showMessage")) == len(cases)


async def test_a_threshold_needs_no_recomputation_and_no_reload(connect):
    async with connect() as session:
        session.open(TEXT)
        await session.pull()
        states = session.all("linewise/status")
        await session.configure(
            {"threshold": 0.5, "severityHigh": "warning", "statusThreshold": 0.9}
        )
        await session.until(lambda: len(session.requests("workspace/diagnostic/refresh")) == 2)
        (item,) = (await session.pull())["items"]
        assert item["severity"] == 2
        assert session.all("linewise/status") == states
        assert session.all("linewise/fileSummary")[-1] == {
            "uri": "file:///a.py",
            "version": 1,
            "above": 0,
            "threshold": 0.9,
            "flagged": 1,
            "codeLines": 2,
            "omissions": [],
        }
        assert "1st of 2 code lines" in (await session.hover(1))["contents"]["value"]


async def test_settings_of_others_change_nothing(connect):
    async with connect() as session:
        session.open(TEXT)
        await session.pull()
        await session.configure({"interpreter": "python3"})
        await session.until(lambda: len(session.requests("workspace/configuration")) == 2)
        assert await session.hover(1) is not None
        assert len(session.requests("workspace/diagnostic/refresh")) == 1


async def test_another_model_is_loaded_and_the_last_choice_wins(connect, tmp_path):
    async with connect() as session:
        await session.configure({"model": f"gated:{tmp_path / 'gate'}"})
        await session.until(lambda: len(session.all("linewise/status")) == 3)
        await session.configure({"model": "last"})
        await session.until(lambda: len(session.all("linewise/status")) >= 4)
        (tmp_path / "gate").touch()
        await session.until(lambda: session.all("linewise/status")[-1]["state"] == "ready")
        assert [(each["state"], each["model"][:5]) for each in session.all("linewise/status")] == [
            ("loading", "smoll"),
            ("ready", "smoll"),
            ("loading", "gated"),
            ("loading", "last"),
            ("ready", "last"),
        ]
