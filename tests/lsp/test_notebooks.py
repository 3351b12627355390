"""Notebooks: each cell is answered for by itself, and scored with the cells around it."""

import pytest
from lsp_session import SLOW_FILE
from tiny_server import probability

pytestmark = pytest.mark.asyncio

BOOK = "file:///work/book.ipynb"
CODE, MARKUP = 2, 1


def cell(name):
    return f"vscode-notebook-cell:///work/book.ipynb#{name}"


def open_book(session, book=BOOK, **cells):
    """Open a notebook; a cell whose name begins with "text" is none of code."""
    python = {name: text for name, text in cells.items() if not name.startswith("text")}
    notify(
        session,
        "didOpen",
        {
            "notebookDocument": {
                "uri": book,
                "notebookType": "jupyter-notebook",
                "version": 1,
                "cells": [
                    {"kind": CODE if name in python else MARKUP, "document": cell(name)}
                    for name in cells
                ],
            },
            "cellTextDocuments": [item(name, text) for name, text in python.items()],
        },
    )


def item(name, text, language="python"):
    return {"uri": cell(name), "languageId": language, "version": 1, "text": text}


def change(session, book=BOOK, **cells):
    params = {"notebookDocument": {"uri": book, "version": 2}, "change": {"cells": cells}}
    notify(session, "didChange", params)


def edit(session, name, *changes, version=2):
    """Change a cell's text: a whole one, or (line, character, line, character, text)."""
    change(
        session,
        textContent=[
            {
                "document": {"uri": cell(name), "version": version},
                "changes": [
                    {"text": each}
                    if isinstance(each, str)
                    else {
                        "range": {
                            "start": {"line": each[0], "character": each[1]},
                            "end": {"line": each[2], "character": each[3]},
                        },
                        "text": each[4],
                    }
                    for each in changes
                ],
            }
        ],
    )


def restructure(session, start, delete, *, opened=(), closed=()):
    """Replace cells; ``opened`` are pairs of a new cell's name and text."""
    change(
        session,
        structure={
            "array": {
                "start": start,
                "deleteCount": delete,
                "cells": [{"kind": CODE, "document": cell(name)} for name, _ in opened],
            },
            "didOpen": [item(name, text) for name, text in opened],
            "didClose": [{"uri": cell(name)} for name in closed],
        },
    )


def close_book(session, *names, book=BOOK):
    ids = [{"uri": cell(name)} for name in names]
    notify(session, "didClose", {"notebookDocument": {"uri": book}, "cellTextDocuments": ids})


def notify(session, method, params):
    session.client.protocol._send_data(
        {"jsonrpc": "2.0", "method": f"notebookDocument/{method}", "params": params}
    )


async def messages(session, name):
    """What is said of each flagged line of a cell."""
    items = (await session.pull(cell(name)))["items"]
    return {each["range"]["start"]["line"]: each["message"] for each in items}


def published(session, name):
    return [
        each for each in session.all("textDocument/publishDiagnostics") if each["uri"] == cell(name)
    ]


async def test_announced_to_clients_that_have_notebooks(connect):
    async with connect(notebooks=True) as session:
        assert session.heard[0]["result"]["capabilities"]["notebookDocumentSync"] == {
            "notebookSelector": [{"cells": [{"language": "python"}]}],
            "save": True,
        }


async def test_whole_report_of_a_cell_below_another(connect):
    async with connect(notebooks=True) as session:
        open_book(session, first="danger = 1\n", text="# Danger", second="x = 2\ndanger = doubt")
        assert (await session.pull(cell("first")))["items"][0]["range"] == {
            "start": {"line": 0, "character": 0},
            "end": {"line": 0, "character": 10},
        }
        report = await session.pull(cell("second"))
        (item,) = report["items"]
        assert item["range"] == {
            "start": {"line": 1, "character": 0},
            "end": {"line": 1, "character": 14},
        }
        assert item["data"]["probability"] == pytest.approx(probability("danger", "doubt"))
        assert (item["data"]["rank"], item["data"]["unit"]) == (1, "<module>")
        again = await session.pull(cell("second"), report["resultId"])
        assert again == {"kind": "unchanged", "resultId": report["resultId"]}
        assert await session.pull(cell("text")) == {"kind": "full", "items": []}


async def test_names_of_other_cells_are_known(connect):
    async with connect(notebooks=True) as session:
        open_book(
            session, first="from x import danger, doubt", second="danger(doubt)", third="pass"
        )
        assert await messages(session, "second") == {
            0: "Edit probability 73 % (base rate 8 %): 'danger' weighs most"
        }
        restructure(session, 0, 1, closed=["first"])
        assert await messages(session, "second") == {
            0: "Edit probability 73 % (base rate 8 %): 'danger' is not defined here"
        }


async def test_what_only_ipython_understands_breaks_nothing(connect):
    async with connect(notebooks=True) as session:
        open_book(
            session,
            first="%load danger doubt\nimport danger\nx = !ls danger doubt\ndanger.doubt(x)",
            shell="%%bash\ndanger doubt\n",
            timed="%%time\nif danger:\n    !echo {danger} doubt\ndanger(doubt)\n",
        )
        assert await messages(session, "first") == {
            1: "Edit probability 27 % (base rate 8 %): 'danger' weighs most",
            3: "Edit probability 73 % (base rate 8 %): 'danger' weighs most",
        }
        assert await messages(session, "shell") == {}
        assert await messages(session, "timed") == {
            1: "Edit probability 27 % (base rate 8 %): 'danger' weighs most",
            3: "Edit probability 73 % (base rate 8 %): 'doubt' is not defined here",
        }


async def test_edits_bit_by_bit_in_the_clients_units(connect):
    async with connect(notebooks=True, encodings=["utf-16"]) as session:
        open_book(session, first="pass", second="s = '🎉\x0b'\nt = 1\n")
        edit(session, "second", (0, 5, 0, 7, "é"), (1, 4, 1, 5, "danger"), (2, 0, 2, 0, "doubt"))
        report = await session.pull(cell("second"))
        assert [each["range"] for each in report["items"]] == [
            {"start": {"line": 1, "character": 0}, "end": {"line": 1, "character": 10}}
        ]
        edit(session, "second", "danger = doubt", version=3)
        assert list(await messages(session, "second")) == [0]


async def test_the_cells_of_one_version_share_its_scoring(connect, monkeypatch):
    from linewise.engine import Engine

    asked = []
    score = Engine.score
    monkeypatch.setattr(
        Engine, "score", lambda *given, **named: asked.append(1) or score(*given, **named)
    )
    async with connect(notebooks=True) as session:
        open_book(session, **{f"c{number}": f"x{number} = danger" for number in range(9)})
        for number in range(9):
            assert list(await messages(session, f"c{number}")) == [0]
        assert len(asked) == 1


async def test_an_edit_shows_the_other_cells_anew_to_a_client_that_pulls(connect):
    async with connect(notebooks=True) as session:
        open_book(session, first="import danger", second="danger(doubt)")
        before = await session.pull(cell("second"))
        told = len(session.requests("workspace/diagnostic/refresh"))
        edit(session, "first", (0, 7, 0, 13, "errors"))
        await session.pull(cell("first"))
        await session.until(
            lambda: len(session.requests("workspace/diagnostic/refresh")) == told + 1
        )
        after = await session.pull(cell("second"), before["resultId"])
        assert after["items"][0]["message"].endswith("'danger' is not defined here")
        await session.pull(cell("first"))
        assert len(session.requests("workspace/diagnostic/refresh")) == told + 1


async def test_every_cell_is_published_and_cleared_for_a_client_that_does_not_pull(connect):
    async with connect(notebooks=True, pull=False) as session:
        open_book(session, first="import danger", second="danger(doubt)")
        assert len((await session.published(1, cell("second")))["diagnostics"]) == 1
        edit(session, "first", "danger = maybe", version=7)
        assert len((await session.published(7, cell("first")))["diagnostics"]) == 1
        await session.until(lambda: len(published(session, "second")) == 2)
        restructure(session, 1, 1, opened=[("third", "danger")], closed=["second"])
        await session.until(lambda: published(session, "third"))
        assert published(session, "second")[-1] == {"uri": cell("second"), "diagnostics": []}
        close_book(session, "first", "third")
        await session.until(lambda: published(session, "third")[-1]["diagnostics"] == [])
        assert published(session, "first")[-1] == {"uri": cell("first"), "diagnostics": []}


async def test_that_a_cell_ran_changes_nothing(connect):
    async with connect(notebooks=True) as session:
        open_book(session, first="danger = doubt", second=SLOW_FILE)
        pull = session.send_pull(cell("second"))
        await session.status("busy")
        ran = {"executionOrder": 1, "success": True}
        change(session, data=[{"kind": 2, "document": cell("first"), "executionSummary": ran}])
        assert "result" in await session.answer(pull)


async def test_an_edit_above_overtakes_a_pull(connect):
    async with connect(notebooks=True) as session:
        open_book(session, first="danger = doubt", second=SLOW_FILE)
        pull = session.send_pull(cell("second"))
        await session.status("busy")
        edit(session, "first", "danger = 1")
        answer = await session.answer(pull)
        assert answer["error"]["data"] == {"retriggerRequest": True}


async def test_hover_actions_and_spans_are_the_cells_own(connect):
    async with connect(notebooks=True) as session:
        open_book(session, first="x = 1\n" * 5, second="def f():\n    return danger(doubt)\n")
        (shown,) = (await session.pull(cell("second")))["items"]
        hover = await session.hover(1, uri=cell("second"))
        assert hover["range"] == shown["range"]
        assert "1st of 2 code lines in this cell" in hover["contents"]["value"]
        assert "`danger` is not defined here" in hover["contents"]["value"] or (
            "hover again" in hover["contents"]["value"]
        )
        actions = {
            each["title"]: each
            for each in await session.code_actions(1, diagnostics=[shown], uri=cell("second"))
        }
        (change,) = actions["Linewise: ignore this line"]["edit"]["documentChanges"]
        assert change["textDocument"] == {"uri": cell("second"), "version": 1}
        assert change["edits"][0]["range"]["start"] == {"line": 1, "character": 24}
        assert "Linewise: ignore this cell" in actions
        assert "Linewise: accept all lines shown in this cell" in actions
        asked = {"uri": cell("second"), "range": shown["range"]}
        span = await session.execute("linewise.server.querySpan", asked)
        assert span["lines"] == [1]
        assert span["probability"] == pytest.approx(shown["data"]["probability"])
        what_if = await session.execute(
            "linewise.server.whatIf", {"uri": cell("second"), "line": 1, "replacement": "    pass"}
        )
        assert [each["line"] for each in what_if["after"]] == [0, 1]
        assert what_if["after"][1]["probability"] == pytest.approx(probability())


async def test_what_is_drawn_into_a_cell(connect):
    settings = {
        "codeLens": True,
        "inlayHints": True,
        "semanticTokens": True,
        "statusThreshold": 0.5,
    }
    async with connect(notebooks=True, settings=settings) as session:
        open_book(session, first="x = 1\n\n", second="def f():\n    return danger(doubt)\n")
        document = {"textDocument": {"uri": cell("second")}}
        (lens,) = await session.ask_raw("textDocument/codeLens", document)
        assert lens["range"]["start"] == {"line": 0, "character": 0}
        area = {"start": {"line": 0, "character": 0}, "end": {"line": 9, "character": 0}}
        (hint,) = await session.ask_raw("textDocument/inlayHint", document | {"range": area})
        assert hint["position"] == {"line": 1, "character": 24}
        tokens = await session.ask_raw("textDocument/semanticTokens/full", document)
        assert tokens["data"][:3] == [1, 4, 20]


async def test_decisions_are_kept_with_the_notebooks_file(connect, tmp_path):
    book = (tmp_path / "book.ipynb").as_uri()
    async with connect(notebooks=True) as session:
        open_book(session, book, first="pass", second="danger = doubt")
        place = {"uri": cell("second"), "line": 0}
        await session.execute("linewise.server.markReviewed", place)
        assert await messages(session, "second") == {}
        close_book(session, "first", "second", book=book)
        open_book(session, book, second="danger = doubt")
        assert await messages(session, "second") == {}


async def test_cells_are_scored_when_the_notebook_is_saved(connect):
    async with connect(notebooks=True, settings={"run": "onSave"}) as session:
        open_book(session, first="x = 1", second="y = 2")
        assert await messages(session, "first") == {}
        edit(session, "first", "danger = doubt")
        assert await messages(session, "first") == {}
        notify(session, "didSave", {"notebookDocument": {"uri": BOOK}})
        assert list(await messages(session, "first")) == [0]


async def test_changes_of_what_is_not_there_change_nothing(connect):
    async with connect(notebooks=True) as session:
        edit(session, "first", "danger = doubt")
        open_book(session, first="danger = doubt", text="danger")
        edit(session, "text", "danger = doubt")
        edit(session, "gone", "danger = doubt")
        restructure(session, 5, 9, closed=["gone"])
        close_book(session, "gone", book="file:///work/other.ipynb")
        assert list(await messages(session, "first")) == [0]


@pytest.mark.parametrize("broken", ["pip install x", "x = (", "for", "x = '''", "%%bash\nls"])
async def test_a_cell_that_does_not_parse_silences_no_other(connect, broken):
    async with connect(notebooks=True) as session:
        open_book(session, first=broken, second="danger(doubt)")
        (message,) = (await messages(session, "second")).values()
        assert message.endswith("is not defined here")


@pytest.mark.parametrize(
    "first", ["%time danger = doubt = 1", "%pylab inline", "%store -r danger doubt"]
)
async def test_names_that_ipython_gives_are_defined(connect, first):
    async with connect(notebooks=True) as session:
        open_book(session, first=first, second="danger(doubt)")
        (message,) = (await messages(session, "second")).values()
        assert message.endswith("weighs most")


async def test_names_that_the_settings_give_are_defined(connect):
    async with connect(settings={"builtins": ["danger", "doubt"]}, notebooks=True) as session:
        open_book(session, first="pass", second="danger(doubt)")
        (message,) = (await messages(session, "second")).values()
        assert message.endswith("weighs most")
