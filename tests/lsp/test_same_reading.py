"""Files of every odd kind: the command line, standard input, scans and editors read them alike."""

import json

import pytest
from lsp_session import Session
from pygls.exceptions import JsonRpcException
from tiny_server import load

from linewise.commands import checking
from linewise.commands.checking import Request, check_files
from linewise.commands.paths import STDIN
from linewise.files import Skipped, Source, decode_source, read_source
from linewise.settings import Settings

RISKY = "danger = doubt"
LINES = 5
QUERY = "linewise.server.querySpan"


def lines(count, end, last):
    return (end.join([RISKY] * count) + end * last).encode()


FILES = {
    f"{count}-{name}-{last}.py": lines(count, end, last)
    for count in (LINES - 1, LINES, LINES + 1)
    for name, end in (("lf", "\n"), ("cr", "\r"), ("crlf", "\r\n"))
    for last in (False, True)
} | {
    "mark.py": f"\ufeff{RISKY}\n{RISKY}\n".encode(),
    "utf16.py": f"{RISKY}\n".encode("utf-16"),
    "nul.py": f"{RISKY}\n\0".encode(),
    "cookie-line-3.py": f"x = 1\ry = 2\r# coding: klingon\r{RISKY}  # é\r".encode(),
    "cookie-line-2.py": f"\r# coding: cp1252\r{RISKY}  # é\r".encode("cp1252"),
    "cp037.py": f"# coding: cp037\n{RISKY}\n".encode(),
    "utf16-declared.py": f"# coding: utf-16\n{RISKY}\n".encode(),
    "latin.py": f"{RISKY}  # é\n".encode("latin-1"),
    "contradiction.py": f"\ufeff# coding: latin-1\n{RISKY}\n".encode(),
    "tool": f"#!/usr/bin/env python\n{RISKY}\n".encode(),
    "README": b"Some words about it.\n",
    "x.pyx": f"{RISKY}\n".encode(),
    "a.md": f"{RISKY}\n".encode(),
}
READ_BY_NAME = {name for name in FILES if name.endswith(".py") or name == "tool"}
ALWAYS_BYTES = {"cp037.py", "utf16-declared.py", "latin.py"}
"""What an editor has is decoded: these can only be refused as files."""


@pytest.mark.asyncio
@pytest.mark.parametrize("pull", [True])
async def test_every_front_end_reads_a_file_alike(connect, probe, tmp_path, monkeypatch, pull):
    monkeypatch.setenv("LINEWISE_STATE_DIR", str(tmp_path / "state"))
    folder = tmp_path / "project"
    folder.mkdir()
    for name, data in FILES.items():
        (folder / name).write_bytes(data)
    settings = Settings(max_file_lines=LINES, threshold=0.5, max_findings_per_file=99)
    engine = load(probe, settings.model)

    def checked(path):
        (report,) = check_files(engine, Request((path,), settings), lambda *_: None).report.files
        return report

    monkeypatch.setattr(Session, "folders", (folder.as_uri(),))
    ours = {"maxFileLines": LINES, "threshold": 0.5, "maxFindingsPerFile": 99}
    async with connect(settings=ours, pull=pull) as session:
        for name, data in FILES.items():
            path = folder / name
            report = checked(path)
            found = [line.line for line in report.lines]
            source = read_source(path, settings)
            assert isinstance(source, Source) is (report.status == "ok"), name
            assert isinstance(source, Source) or source.reason == report.reason
            closed = await asked(session, path.as_uri(), 1 + data.count(b"\n") + data.count(b"\r"))
            assert (closed is None) is (report.status == "ok"), (name, closed)
            if closed is not None:
                # Each is told what can be done where it is.
                there = report.reason.replace("--max-lines", "the setting linewise.maxFileLines")
                assert closed == f"the file is not scored: {there}"
            if name not in READ_BY_NAME:
                assert report.status == "skipped"
                assert "not Python" in report.reason
                continue
            monkeypatch.setattr(
                checking, "_read", lambda _path, its, data=data: decode_source(data, its)
            )
            piped = checked(STDIN)
            monkeypatch.undo()
            monkeypatch.setenv("LINEWISE_STATE_DIR", str(tmp_path / "state"))
            assert (piped.status, piped.reason) == (report.status, report.reason), name
            assert [line.line for line in piped.lines] == found
            if name in ALWAYS_BYTES:
                continue
            encoding = "utf-16" if name == "utf16.py" else source_encoding(source)
            uri = f"file:///elsewhere/{name}"
            session.open(data.decode(encoding), uri)
            items = (await session.pull(uri))["items"]
            assert [each["range"]["start"]["line"] + 1 for each in items] == found, name
            assert bool(found) is (report.status == "ok")


def source_encoding(source):
    return "utf-8" if isinstance(source, Skipped) else source.encoding.removesuffix("-sig")


async def asked(session, uri, rows):
    """Return why a closed file is not scored, None if it is."""
    area = {"start": {"line": 0, "character": 0}, "end": {"line": rows, "character": 0}}
    try:
        await session.execute(QUERY, {"uri": uri, "range": area})
    except JsonRpcException as error:
        return error.message
    return None


@pytest.mark.asyncio
async def test_a_closed_notebook_is_to_be_opened_first(connect, tmp_path):
    path = tmp_path / "n.ipynb"
    path.write_text('{"cells": []}')
    async with connect() as session:
        assert "the notebook is not open" in await asked(session, path.as_uri(), 1)
        with pytest.raises(JsonRpcException, match="the notebook is not open"):
            await session.execute("linewise.server.explainLine", {"uri": path.as_uri(), "line": 0})


@pytest.mark.asyncio
async def test_a_notebook_is_scored_alike_as_a_file_and_in_an_editor(
    connect, probe, tmp_path, monkeypatch
):
    monkeypatch.setenv("LINEWISE_STATE_DIR", str(tmp_path / "state"))
    cells = [
        "danger = doubt\n",
        "# words",
        "%time danger = doubt\nx = danger\r\nfor i in x:\n    !ls danger doubt\n    danger\n",
        "",
        "%%bash\ndanger doubt\n",
        "def f():\n    danger = doubt\n    return maybe + danger",
    ]
    markdown = {1}
    path = tmp_path / "n.ipynb"
    written = [
        {
            "cell_type": "markdown" if number in markdown else "code",
            "source": text.splitlines(keepends=True) if number % 2 else text,
        }
        for number, text in enumerate(cells)
    ]
    path.write_text(json.dumps({"cells": written, "metadata": {}, "nbformat": 4}))
    settings = Settings(threshold=0.1)
    engine = load(probe, settings.model)
    request = Request((path,), settings)
    (report,) = check_files(engine, request, lambda *_: None).report.files
    expected = [(line.cell, line.line, pytest.approx(line.probability)) for line in report.lines]
    assert {cell for cell, *_ in expected} == {1, 3, 6}

    uris = [f"vscode-notebook-cell:{path}#{number}" for number in range(len(cells))]
    async with connect(settings={"threshold": 0.1}, notebooks=True) as session:
        session.notify_raw(
            "notebookDocument/didOpen",
            {
                "notebookDocument": {
                    "uri": path.as_uri(),
                    "notebookType": "jupyter-notebook",
                    "version": 1,
                    "cells": [
                        {"kind": 1 if number in markdown else 2, "document": uri}
                        for number, uri in enumerate(uris)
                    ],
                },
                "cellTextDocuments": [
                    {"uri": uri, "languageId": "python", "version": 1, "text": text}
                    for number, (uri, text) in enumerate(zip(uris, cells, strict=True))
                    if number not in markdown
                ],
            },
        )
        found = [
            (number + 1, each["range"]["start"]["line"] + 1, each["data"]["probability"])
            for number, uri in enumerate(uris)
            if number not in markdown
            for each in (await session.pull(uri))["items"]
        ]
    assert found == expected
