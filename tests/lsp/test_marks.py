"""A byte order mark before a document: no part of its text, and to the client a character."""

import pytest
from pygls.exceptions import JsonRpcException
from tiny_server import probability

pytestmark = pytest.mark.asyncio

MARK = "\ufeff"
RISKY = "danger = doubt; 'é🎉'\ndanger = maybe\n"
WIDTHS = pytest.mark.parametrize(
    ("encoding", "width"), [("utf-8", 3), ("utf-16", 1), ("utf-32", 1)]
)


def shifted(position, width):
    moved = width if position["line"] == 0 else 0
    return position | {"character": position["character"] + moved}


async def findings(session, uri):
    return [
        (each["range"]["start"], each["range"]["end"], each["data"])
        for each in (await session.pull(uri))["items"]
    ]


@WIDTHS
async def test_the_same_findings_one_character_further_in_line_one(connect, encoding, width):
    plain, marked = "file:///plain.py", "file:///marked.py"
    async with connect(encodings=[encoding]) as session:
        session.open(RISKY, plain)
        session.open(MARK + RISKY, marked)
        without = await findings(session, plain)
        assert len(without) == 2
        moved = [(shifted(start, width), shifted(end, width), data) for start, end, data in without]
        assert await findings(session, marked) == moved
        # It comes and goes with an edit.
        session.change(RISKY, 2, marked)
        assert await findings(session, marked) == without
        session.change(MARK + RISKY, 3, marked)
        assert await findings(session, marked) == moved
        assert session.all("window/logMessage") == []


@WIDTHS
async def test_questions_count_the_mark(connect, encoding, width):
    uri = "file:///marked.py"
    async with connect(encodings=[encoding]) as session:
        session.open(MARK + "danger = doubt\n", uri)
        (item,) = (await session.pull(uri))["items"]
        hover = await session.complete_hover(0, uri=uri)
        assert hover["range"]["start"] == {"line": 0, "character": width}

        async def asked(start, end):
            area = {"start": {"line": 0, "character": start}, "end": {"line": 0, "character": end}}
            return await session.execute("linewise.server.querySpan", {"uri": uri, "range": area})

        whole = probability("danger", "doubt")
        assert (await asked(width, width + 14))["probability"] == pytest.approx(whole)
        part = (await asked(width, width + 6))["probability"]
        assert probability("danger") < part < whole
        assert (await asked(0, width + 6))["probability"] == part
        with pytest.raises(JsonRpcException, match="there is no code in the selection"):
            await asked(0, width)
        answer = await session.execute(
            "linewise.server.whatIf", {"uri": uri, "line": 0, "replacement": "danger = 1"}
        )
        assert answer["before"][0]["probability"] == pytest.approx(probability("danger", "doubt"))
        assert answer["after"][0]["probability"] == pytest.approx(probability("danger"))
        actions = await session.code_actions(0, diagnostics=[item], uri=uri)
        edits = [
            edit
            for each in actions
            if "edit" in each
            for document in each["edit"]["documentChanges"]
            for edit in document["edits"]
        ]
        assert edits
        # Nothing is put before the mark.
        assert all(edit["range"]["start"]["character"] >= width for edit in edits)


async def test_cells_with_marks(connect):
    book = "file:///b.ipynb"
    cells = ["danger = doubt\n", MARK + "danger = maybe\nx = 1", MARK]
    uris = [f"vscode-notebook-cell:/b.ipynb#{number}" for number in range(3)]
    async with connect(notebooks=True) as session:
        session.notify_raw(
            "notebookDocument/didOpen",
            {
                "notebookDocument": {
                    "uri": book,
                    "notebookType": "jupyter-notebook",
                    "version": 1,
                    "cells": [{"kind": 2, "document": uri} for uri in uris],
                },
                "cellTextDocuments": [
                    {"uri": uri, "languageId": "python", "version": 1, "text": text}
                    for uri, text in zip(uris, cells, strict=True)
                ],
            },
        )
        starts = [
            [each["range"]["start"]["character"] for each in (await session.pull(uri))["items"]]
            for uri in uris
        ]
        assert starts == [[0], [1], []]
        edit = {
            "range": {"start": {"line": 0, "character": 1}, "end": {"line": 0, "character": 7}},
            "text": "calm",
        }
        session.notify_raw(
            "notebookDocument/didChange",
            {
                "notebookDocument": {"uri": book, "version": 2},
                "change": {
                    "cells": {
                        "textContent": [
                            {"document": {"uri": uris[1], "version": 2}, "changes": [edit]}
                        ]
                    }
                },
            },
        )
        assert (await session.pull(uris[1]))["items"] == []


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("x = 1\n\0", "binary (a NUL byte in line 2)"),
        ("x = 1\r\r\0", "binary (a NUL byte in line 3)"),
        (
            MARK + "# coding: latin-1\ndanger = doubt\n",
            "declares latin-1, which its byte order mark contradicts",
        ),
    ],
)
async def test_what_a_file_is_refused_for_a_document_is_refused_for(connect, text, reason):
    async with connect() as session:
        session.open(text)
        assert (await session.pull())["items"] == []
        (logged,) = session.all("window/logMessage")
        assert logged["message"].startswith(f"a.py is not scored: {reason}")
        session.change("danger = doubt\n", 2)
        assert len((await session.pull())["items"]) == 1


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n"])
@pytest.mark.parametrize("last", [True, False])
async def test_a_document_of_as_many_lines_as_are_allowed(connect, end, last):
    async with connect(settings={"maxFileLines": 3}) as session:
        session.open(end.join(["danger = doubt"] * 3) + end * last)
        assert len((await session.pull())["items"]) == 3
        session.change(end.join(["danger = doubt"] * 4) + end * last, 2)
        assert (await session.pull())["items"] == []
        (logged,) = session.all("window/logMessage")
        assert "4 lines, above the limit of 3" in logged["message"]
        assert "the setting linewise.maxFileLines" in logged["message"]
