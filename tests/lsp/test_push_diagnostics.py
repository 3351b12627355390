"""`textDocument/publishDiagnostics`, for clients that do not pull."""

import pytest
from lsp_session import PAGE, SLOW_FILE

from linewise.analysis.fingerprints import fingerprint

pytestmark = pytest.mark.asyncio

TEXT = 'def f(x):\n\ts = "🎉漢字"; danger(doubt)\n'


@pytest.mark.parametrize(("encoding", "end"), [("utf-8", 32), ("utf-16", 26), ("utf-32", 25)])
async def test_whole_payload_in_every_position_encoding(connect, encoding, end):
    async with connect(
        pull=False, encodings=[encoding], settings={"severityHigh": "hint"}
    ) as session:
        session.open(TEXT, version=7)
        published = await session.published(7)
        assert published == {
            "uri": "file:///a.py",
            "version": 7,
            "diagnostics": [
                {
                    "range": {
                        "start": {"line": 1, "character": 1},
                        "end": {"line": 1, "character": end},
                    },
                    "severity": 4,
                    "code": "edit-risk",
                    "source": "linewise",
                    "codeDescription": {"href": PAGE},
                    "message": "Edit probability 73 % (base rate 8 %): 'danger' is not defined "
                    "here",
                    "data": {
                        "probability": pytest.approx(0.731059, abs=1e-6),
                        "baseRate": 0.08,
                        "rank": 1,
                        "unit": "f",
                        "band": "high",
                        "fingerprint": fingerprint('s = "🎉漢字"; danger(doubt)', "f"),
                    },
                }
            ],
        }
        assert session.requests("workspace/diagnostic/refresh") == []


async def test_documents_opened_while_loading_are_published_once_it_is_done(connect, tmp_path):
    gate = tmp_path / "gate"
    client = {"pull": False, "settings": {"model": f"gated:{gate}"}, "ready": False}
    async with connect(**client) as session:
        session.open(TEXT)
        await session.status("loading")
        assert session.all("textDocument/publishDiagnostics") == []
        gate.touch()
        assert len((await session.published(1))["diagnostics"]) == 1


async def test_only_the_newest_version_is_published(connect):
    async with connect(pull=False) as session:
        session.open(SLOW_FILE)
        await session.status("busy")
        for version in range(2, 9):
            session.change(f"danger = doubt + {version}\n", version)
        await session.published(8)
        versions = [each["version"] for each in session.all("textDocument/publishDiagnostics")]
        assert versions == [8]


async def test_closing_clears_and_nothing_follows(connect):
    async with connect(pull=False) as session:
        session.open(SLOW_FILE)
        await session.status("busy")
        session.close()
        session.open("danger = doubt\n", "file:///b.py")
        await session.published(1, "file:///b.py")
        assert [
            each
            for each in session.all("textDocument/publishDiagnostics")
            if each["uri"] == "file:///a.py"
        ] == [{"uri": "file:///a.py", "diagnostics": []}]


async def test_settings_republish_what_is_open(connect):
    async with connect(pull=False) as session:
        session.open("danger = 1\ndanger = doubt\n")
        assert len((await session.published(1))["diagnostics"]) == 2
        await session.configure({"threshold": 0.5})
        await session.until(
            lambda: (
                [
                    len(each["diagnostics"])
                    for each in session.all("textDocument/publishDiagnostics")
                ]
                == [2, 1]
            )
        )


async def test_a_pull_is_answered_all_the_same(connect):
    async with connect(pull=False) as session:
        session.open(TEXT)
        assert len((await session.pull())["items"]) == 1
