"""Explanations in the background, in hovers and by command, with a tiny model as installed."""

import json
import statistics
import threading
import time
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from lsp_session import COMING, PATIENCE, Session, capabilities
from pygls.exceptions import JsonRpcException
from tiny_server import serve_in_thread

from linewise.engine import Engine
from linewise.models.runtime import TargetModel
from linewise.probe.runtime import Probe
from linewise.rationale.explain import Effort, Explainer
from linewise.rationale.explain_text import ExplainedText

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.asyncio

EXPLAIN = "linewise.server.explainLine"
SCHEMA = json.loads((ROOT / "docs/schema/explain-v1.schema.json").read_text("utf-8"))
EVERYTHING = {"threshold": 0.0}
TEXT = '''\
"""Mean of numbers."""
import math


def mean(values, weights=None):
    total = 0
    for value in values:
        total += value * math.pi
    return total / lenght
'''
CODE = (1, 4, 5, 6, 7, 8)
LINE = 8


@pytest.fixture
def connect(installed, tiny_probe):
    """Open a session with a server of the tiny model of a kind."""

    @asynccontextmanager
    async def connected(*, settings=EVERYTHING, kind="llama", **client):
        folder = installed(kind)

        def load(_probe, _name):
            return Engine(TargetModel(folder, threads=1), Probe(tiny_probe))

        session = Session(settings, capabilities(**client))
        await session.connect(*serve_in_thread(tiny_probe, 0.05, load))
        try:
            await session.status("ready")
            yield session
        finally:
            await session.stop()

    return connected


async def text_of(session, line, uri="file:///a.py"):
    return (await session.hover(line, uri=uri))["contents"]["value"]


async def complete(session, line, uri="file:///a.py"):
    return (await session.complete_hover(line, uri=uri))["contents"]["value"]


async def test_a_hover_says_what_is_known_and_is_complete_later(connect):
    async with connect() as session:
        session.open(TEXT)
        await session.pull()
        first = await text_of(session, LINE)
        assert COMING in first
        lines = (await complete(session, LINE)).splitlines()
        assert len(lines) <= 12
        assert len(first.splitlines()) <= 12
        assert lines[0] == first.splitlines()[0]
        assert lines[0].startswith("**Edit probability ")
        assert "of 6 code lines in this file. `lenght` is not defined here." in lines[2]
        assert lines[3].startswith("Facts about the line move its log-odds by ")
        for each in lines[5:8]:
            assert each[:3] == "- `"
            bar, share, name = each[3:].split("`")[0], *each.rsplit(" % ", 1)
            assert len(bar) == 8
            assert set(bar) <= {"▇", "░"}
            assert share.endswith(tuple("0123456789"))
            assert name.isalpha()
        assert lines[8].startswith("- Heaviest, in log-odds: `")
        assert lines[8].count("(line ") == 3
        assert lines[10].startswith("The heaviest 20 % of tokens alone give ")
        assert " SNR " in lines[10]
        assert lines[11].startswith("Of lines shown at about ")


@pytest.fixture
def sensitive(monkeypatch):
    """Lines of a tiny model, which weigh little, are named all the same."""
    monkeypatch.setattr("linewise.lsp.related.LEAST_WEIGHT", 1e-9)


async def test_diagnostics_point_to_the_lines_that_weigh_most_once_that_is_known(
    connect, sensitive
):
    async with connect() as session:
        session.open(TEXT)
        first = await session.pull()
        assert not any("relatedInformation" in each for each in first["items"])
        while (later := await session.pull(previous=first["resultId"]))["kind"] == "unchanged":
            await session.until(lambda: session.requests("workspace/diagnostic/refresh"))
        assert later["resultId"] == f"{first['resultId']} explained"
        places = [each for item in later["items"] for each in item.get("relatedInformation", ())]
        assert places
        for item in later["items"]:
            own = item["range"]["start"]["line"]
            said = item.pop("relatedInformation", [])
            weights = [float(each["message"].rsplit(" ", 3)[1]) for each in said]
            assert weights == sorted(weights, reverse=True)
            assert len(said) <= 3
            for each in said:
                line = each["location"]["range"]["start"]["line"]
                text = TEXT.splitlines()[line]
                assert line != own
                assert each["location"] == {
                    "uri": "file:///a.py",
                    "range": {
                        "start": {"line": line, "character": len(text) - len(text.lstrip())},
                        "end": {"line": line, "character": len(text)},
                    },
                }
                assert each["message"].startswith(f"Raises the risk of line {own + 1} by ")
        assert later["items"] == first["items"]


async def test_they_are_published_again_for_a_client_that_does_not_pull(connect, sensitive):
    async with connect(pull=False) as session:
        session.open(TEXT)
        first, second = await session.until(
            lambda: (
                session.all("textDocument/publishDiagnostics")[1:]
                and session.all("textDocument/publishDiagnostics")
            )
        )
        assert (first["version"], second["version"]) == (1, 1)
        assert any("relatedInformation" in each for each in second["diagnostics"])


async def test_clients_without_a_place_for_them_are_not_bothered(connect, sensitive):
    async with connect(related=False) as session:
        session.open(TEXT)
        before = await session.pull()
        for line in CODE:
            await complete(session, line)
        assert (await session.pull())["items"] == before["items"]
        assert session.requests("workspace/diagnostic/refresh")[1:] == []


async def test_lines_of_a_cell_are_explained_with_the_cells_above(connect, monkeypatch):
    above, below = TEXT.split("\n\n\n")
    book = "file:///work/book.ipynb"
    cells = [f"vscode-notebook-cell:///work/book.ipynb#{name}" for name in "ab"]
    asked = []
    ask = Explainer.ask
    monkeypatch.setattr(
        Explainer,
        "ask",
        lambda self, text, line, **named: (
            asked.append((text.text, line)) or ask(self, text, line, **named)
        ),
    )
    async with connect(notebooks=True) as session:
        session.client.protocol._send_data(
            {
                "jsonrpc": "2.0",
                "method": "notebookDocument/didOpen",
                "params": {
                    "notebookDocument": {
                        "uri": book,
                        "notebookType": "jupyter-notebook",
                        "version": 1,
                        "cells": [{"kind": 2, "document": uri} for uri in cells],
                    },
                    "cellTextDocuments": [
                        {"uri": uri, "languageId": "python", "version": 1, "text": text}
                        for uri, text in zip(cells, (above, below), strict=True)
                    ],
                },
            }
        )
        await session.pull(cells[1])
        lines = (await complete(session, 4, cells[1])).splitlines()
        assert "of 5 code lines in this cell. `lenght` is not defined here." in lines[2]
        assert all(1 <= int(each.split(")")[0]) <= 5 for each in lines[8].split("(line ")[1:])
        answer = await session.execute(EXPLAIN, {"uri": cells[1], "line": 4})
        assert (answer["line"], answer["text"]) == (5, "    return total / lenght")
        assert {each["line"] for each in answer["tokens"]} <= set(range(1, 6))
        assert answer["edit"]["problems"][0]["name"] == "lenght"
        assert (f"{above}\n{below}", 6) in asked


async def test_plain_text_for_a_client_without_markdown(connect):
    async with connect(hover=["plaintext"]) as session:
        session.open(TEXT)
        await session.pull()
        shown = await complete(session, LINE)
        assert (await session.hover(LINE))["contents"]["kind"] == "plaintext"
        lines = shown.splitlines()
        assert len(lines) <= 12
        assert "**" not in shown
        assert lines[0].startswith("Edit probability ")
        assert all(each[2:10].strip("▇░") == "" for each in lines[5:8])


async def test_a_complete_hover_is_answered_in_20_ms(connect):
    async with connect() as session:
        session.open(TEXT)
        await session.pull()
        await complete(session, LINE)
        seconds = []
        for _ in range(20):
            before = time.perf_counter()
            await session.hover(LINE)
            seconds.append(time.perf_counter() - before)
        assert statistics.median(seconds) < 0.02


async def test_a_hover_never_waits_for_the_background(connect, monkeypatch):
    """One reading takes ten times as long as a hover may."""
    read = TargetModel.hidden_states

    def slowly(self, *asked):
        time.sleep(0.2)
        return read(self, *asked)

    async with connect() as session:
        session.open(TEXT)
        await session.pull()
        monkeypatch.setattr(TargetModel, "hidden_states", slowly)
        seconds = []
        for _ in range(30):
            before = time.perf_counter()
            assert COMING in await text_of(session, LINE)
            seconds.append(time.perf_counter() - before)
        monkeypatch.undo()
        assert statistics.median(seconds) < 0.02


async def test_scoring_comes_before_explanations(connect, monkeypatch):
    read = TargetModel.hidden_states

    def slowly(self, *asked):
        time.sleep(0.1)
        return read(self, *asked)

    async with connect() as session:
        monkeypatch.setattr(TargetModel, "hidden_states", slowly)
        session.open(TEXT)
        await session.pull()
        session.open("def f(x):\n    return x\n", "file:///b.py")
        assert (await session.pull("file:///b.py"))["items"]
        # Dozens of readings are left of the first document.
        assert COMING in await text_of(session, LINE)
        monkeypatch.undo()


async def test_all_flagged_lines_are_explained_the_hovered_one_first(connect, monkeypatch):
    checked, gate = [], threading.Event()
    weigh, check = Explainer.weigh, Explainer.check

    def waiting(self, *asked):
        gate.wait(PATIENCE)
        return weigh(self, *asked)

    def noting(self, question, *asked):
        checked.append(question.line)
        return check(self, question, *asked)

    monkeypatch.setattr(Explainer, "weigh", waiting)
    monkeypatch.setattr(Explainer, "check", noting)
    async with connect() as session:
        session.open(TEXT)
        report = await session.pull()
        last = max(report["items"], key=lambda item: item["data"]["rank"])
        hovered = last["range"]["start"]["line"]
        assert COMING in await text_of(session, hovered)
        gate.set()
        await complete(session, hovered)
        assert checked[0] == hovered
        for line in CODE:
            await complete(session, line)
        assert sorted(checked) == list(CODE)


async def test_an_edit_elsewhere_costs_nothing(connect, monkeypatch):
    async with connect() as session:
        session.open(TEXT)
        await session.pull()
        before = {line: await complete(session, line) for line in CODE}
        monkeypatch.setattr(Explainer, "weigh", None)
        monkeypatch.setattr(Explainer, "check", None)
        monkeypatch.setattr(Explainer, "repeat", None)
        # The function moves down, and the model reads the same of it.
        session.change(TEXT.replace("math\n\n\n", "math\n\n\n\n\n"), 2)
        await session.pull()
        after = await complete(session, LINE + 2)
        assert "it failed" not in after
        same = "The heaviest 20 % of tokens"
        assert after[after.index(same) :].splitlines()[0] in before[LINE]


async def test_an_edit_of_the_line_is_another_question(connect):
    async with connect() as session:
        session.open(TEXT)
        await session.pull()
        before = await complete(session, LINE)
        session.change(TEXT.replace("lenght", "len(values)"), 2)
        assert await session.hover(LINE) is None
        await session.pull()
        assert "lenght" not in await text_of(session, LINE)
        assert await complete(session, LINE) != before


async def test_a_model_that_cannot_be_asked_says_so(connect):
    async with connect(kind="bloom") as session:
        session.open(TEXT)
        await session.pull()
        lines = (await complete(session, LINE)).splitlines()
        assert len(lines) <= 12
        (said,) = [each for each in lines if each.startswith("Not explained further: ")]
        assert "attention of its own" in said
        assert any("`lenght` is not defined here." in each for each in lines)


async def test_a_failure_is_said_and_logged_without_code(connect, monkeypatch):
    def fail(*_):
        raise RuntimeError("secret_user_code")

    monkeypatch.setattr(Explainer, "weigh", fail)
    async with connect() as session:
        session.open(TEXT)
        await session.pull()
        assert "Not explained further: it failed (RuntimeError); see the log." in (
            await complete(session, LINE)
        )
        logged = [each["message"] for each in session.all("window/logMessage")]
        assert any(each.startswith("explaining: RuntimeError") for each in logged)
        assert not any("secret_user_code" in each for each in logged)


async def test_nothing_is_explained_for_nobody(connect, monkeypatch):
    begun = []
    monkeypatch.setattr(Explainer, "ask", lambda *asked, **_: begun.append(asked))
    async with connect(settings=EVERYTHING | {"hover": False}) as session:
        session.open(TEXT)
        await session.pull()
        await session.execute("linewise.server.listModels")
        assert begun == []


async def test_a_session_ends_while_lines_are_explained(connect):
    async with connect() as session:
        session.open(TEXT)
        await session.pull()
        assert COMING in await text_of(session, LINE)
        code, _ = await session.leave()
        assert code == 0


def explained(installed_folder, tiny_probe, line, **options):
    """What the command line would find, without a server."""
    engine = Engine(TargetModel(installed_folder, threads=1), Probe(tiny_probe))
    explainer = Explainer(engine.model, engine.probe)
    question = explainer.ask(ExplainedText(TEXT), line, **options)
    return explainer.explain(question, None, Effort(), lambda _: None)


async def test_the_command_answers_as_the_command_line(connect, tiny_probe):
    async with connect() as session:
        session.open(TEXT)
        answer = await session.execute(EXPLAIN, {"uri": "file:///a.py", "line": LINE})
        from linewise.models import info

        expected = explained(info("llama"), tiny_probe, LINE)
    Draft202012Validator(SCHEMA).validate(answer)
    assert answer["line"] == LINE + 1
    assert answer["path"] == "/a.py"
    assert answer["language"] == "python"
    assert (answer["method"], answer["target"]) == ("knockout", "edit")
    assert answer["text"] == "    return total / lenght"
    (problem,) = answer["edit"]["problems"]
    assert problem["message"] == "`lenght` is not defined here"
    assert sum(each["share"] for each in answer["categories"]) == pytest.approx(1, abs=1e-12)
    assert [(each["text"], each["weight"]) for each in answer["tokens"]] == [
        (each.text, pytest.approx(each.weight, abs=1e-5)) for each in expected.tokens
    ]
    assert answer["sufficiency"]["value"] == pytest.approx(
        expected.trust.sufficiency.value, abs=1e-4
    )
    assert answer["snr"] == pytest.approx(expected.stability.snr, rel=1e-3)


async def test_the_command_explains_predictions_too(connect):
    async with connect() as session:
        session.open(TEXT)
        asked = {"uri": "file:///a.py", "line": 1, "target": "next-token"}
        answer = await session.execute(EXPLAIN, asked)
        Draft202012Validator(SCHEMA).validate(answer)
        assert (answer["edit"], answer["probe"]) == (None, None)
        assert "".join(each["text"] for each in answer["predicted"]) == "import math"
        assert isinstance(answer["reached_argmax"], bool)
        other = await session.execute(EXPLAIN, asked | {"method": "occlusion"})
        assert (other["method"], other["reached_argmax"]) == ("occlusion", None)


async def test_the_command_and_the_hover_share_their_work(connect, monkeypatch):
    async with connect() as session:
        session.open(TEXT)
        await session.pull()
        await complete(session, LINE)
        monkeypatch.setattr(Explainer, "weigh", None)
        answer = await session.execute(EXPLAIN, {"uri": "file:///a.py", "line": LINE})
        assert answer["snr"] is not None


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"line": 0}, "line 1 holds no code"),
        ({"line": 99}, "there is no line 100"),
        ({"line": LINE, "target": "luck"}, "choose one of: edit, next-token"),
        ({"line": LINE, "method": "luck"}, "no attribution method 'luck'"),
        ({"line": LINE, "method": "greedy"}, "predicted tokens only"),
    ],
)
async def test_what_cannot_be_explained_is_an_error_with_a_message(asked, message, connect):
    async with connect() as session:
        session.open(TEXT)
        with pytest.raises(JsonRpcException) as caught:
            await session.execute(EXPLAIN, {"uri": "file:///a.py"} | asked)
        assert caught.value.code == -32803
        assert message in caught.value.message


async def test_a_closed_file_of_another_language_has_its_categories_or_none(connect, tmp_path):
    async with connect() as session:
        for name, categories in (("a.js", True), ("a.rs", False)):
            file = tmp_path / name
            file.write_text("let x = f(1);\n", "utf-8")
            answer = await session.execute(EXPLAIN, {"uri": file.as_uri(), "line": 0})
            Draft202012Validator(SCHEMA).validate(answer)
            assert bool(answer["categories"]) is categories
            assert (answer["without_categories"] is None) is categories
            assert "as if it were Python" in answer["note"]


async def test_an_edit_overtakes_a_question(connect, monkeypatch):
    read = TargetModel.hidden_states

    def slowly(self, *asked):
        time.sleep(0.2)
        return read(self, *asked)

    async with connect() as session:
        session.open(TEXT)
        await session.pull()
        monkeypatch.setattr(TargetModel, "hidden_states", slowly)
        key = session.send_execute(EXPLAIN, {"uri": "file:///a.py", "line": LINE})
        await session.status("busy")
        session.change(TEXT + "\n", 2)
        answer = await session.answer(key)
        assert answer["error"]["message"] == "the document changed meanwhile; ask again"
