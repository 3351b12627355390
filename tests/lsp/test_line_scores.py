"""`linewise/lineScores`: each code line, for clients that ask for it."""

import pytest
from lsp_session import Session
from tiny_server import probability

pytestmark = pytest.mark.asyncio

TEXT = "# why\ndanger = maybe\n\ndanger = doubt\nx = 1\ndef f(): nan\n"


@pytest.fixture
def asked(monkeypatch):
    monkeypatch.setattr(Session, "options", {"lineScores": True})


def row(line, *words, band, reviewed=False):
    return {
        "line": line,
        "probability": pytest.approx(probability(*words), abs=1e-6),
        "calibrated": True,
        "band": band,
        "reviewed": reviewed,
    }


async def test_whole_notification(connect, asked):
    async with connect() as session:
        session.open(TEXT, version=3)
        await session.pull()
        assert session.all("linewise/lineScores") == [
            {
                "uri": "file:///a.py",
                "version": 3,
                "baseRate": 0.08,
                "threshold": pytest.approx(0.2),
                "lines": [
                    row(1, "danger", "maybe", band="high"),
                    row(3, "danger", "doubt", band="high"),
                    row(4, band="low"),
                ],
            }
        ]


async def test_come_again_after_the_model_was_missing_for_a_while(connect, asked):
    async with connect() as session:
        session.open(TEXT)
        await session.pull()
        await session.configure({"model": "missing"})
        await session.status("failed")
        await session.configure({})
        await session.status("ready")
        await session.pull()
        for method in ("linewise/lineScores", "linewise/fileSummary"):
            before, after = session.all(method)
            assert before == after


async def test_only_clients_that_ask_get_it(connect, monkeypatch):
    for options in ({"lineScores": 1}, {"lineScores": [True]}, [], None):
        monkeypatch.setattr(Session, "options", options)
        async with connect() as session:
            session.open(TEXT)
            await session.pull()
            assert session.all("linewise/lineScores") == []


async def test_bands_and_threshold_follow_the_settings(connect, asked):
    settings = {"bands": [0.6, 0.8], "threshold": 0.4}
    async with connect(settings=settings) as session:
        session.open("danger = maybe\ndanger = doubt\ndanger = doubt + maybe\n")
        items = (await session.pull())["items"]
        (scores,) = session.all("linewise/lineScores")
        assert scores["threshold"] == 0.4
        assert [each["band"] for each in scores["lines"]] == ["low", "medium", "high"]
        assert [item["severity"] for item in items] == [4, 4, 3]
        assert [item["data"]["band"] for item in items] == ["low", "medium", "high"]


async def test_they_follow_edits_and_decisions(connect, asked, tmp_path):
    uri = (tmp_path / "a.py").as_uri()
    async with connect(debounce=0) as session:
        session.open("danger = doubt\n", uri)
        await session.pull(uri)
        await session.execute("linewise.server.markReviewed", {"uri": uri, "line": 0})
        assert (await session.pull(uri))["items"] == []
        session.change("x = 1\ndanger = doubt\n", 2, uri)
        await session.pull(uri)
        sent = [(each["version"], each["lines"]) for each in session.all("linewise/lineScores")]
        words = ("danger", "doubt")
        assert sent == [
            (1, [row(0, *words, band="high")]),
            (1, [row(0, *words, band="high", reviewed=True)]),
            (2, [row(0, band="low"), row(1, *words, band="high", reviewed=True)]),
        ]


async def test_what_a_document_is_judged_without_is_summarized(connect):
    async with connect() as session:
        session.open("danger = doubt\nx = (\nfor\n" + "y = '" + "a" * 2_000 + "'\n")
        await session.pull()
        summary = session.all("linewise/fileSummary")[-1]
        assert summary["omissions"] == [
            "2 statements do not parse and are judged without known problems: line 2, line 3",
            "1 line is longer than the model reads of one, and judged by its beginning: line 4",
        ]
        session.change("danger = doubt\n", 2)
        await session.pull()
        assert session.all("linewise/fileSummary")[-1]["omissions"] == []
