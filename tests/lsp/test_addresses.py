"""One document has many spellings of its address, and the client may use another each time."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lsprotocol import types
from tiny_server import probability

from linewise.lsp.addresses import Addresses, normal, path_of

RISKY = "danger = doubt\n"
SPELLINGS = [
    "file:///c%3A/w/b%20c.py",
    "file:///C:/w/b%20c.py",
    "file:///c:/w/b%20c.py",
    "file:///C%3a/w/%62%20c.py",
    "file://localhost/C:/w/b%20c.py",
    "FILE:///c:/w/b c.py",
    "file:/c:/w/b%20c.py",
    "file:///C:%5Cw%5Cb%20c.py",
]
PLACES = [
    ["file:///w/a%2Bb.py", "file:///w/a+b.py", "file://localhost/w/a%2bb.py"],
    ["file:///w/%C3%A9.py", "file:///w/%c3%a9.py", "file:///w/é.py"],
    ["file://Server/share/a.py", "file://server/share/%61.py"],
    ["vscode-notebook-cell:/c%3A/w/n.ipynb#X1", "vscode-notebook-cell:/C:/w/n.ipynb#%58%31"],
    ["untitled:Untitled-1", "untitled:Untitled%2D1"],
]
DIFFERENT = [
    "file:///w/a.py", "file:///w/A.py", "file:///W/a.py", "file:///w/a%23b.py", "file:///w/a#b.py",
    "file:///w/a%2523b.py", "file:///w/%FF.py", "file:///w/%FE.py", "file://other/w/a.py",
    "file:///w/a.py?x", "untitled:/w/a.py", "file:///c:/W/a.py", "file:///c:/w/a.py",
    "file:///d:/w/a.py", "file:///cc:/w/a.py", "file:///CC:/w/a.py",
]  # fmt: skip
SPELLED = pytest.mark.parametrize("other", SPELLINGS[1:])


@pytest.mark.parametrize("spellings", [SPELLINGS, *PLACES])
def test_spellings_of_one_address_have_one_form(spellings):
    assert len({normal(each) for each in spellings}) == 1


def test_different_addresses_keep_different_forms():
    assert len({normal(each) for each in DIFFERENT}) == len(DIFFERENT)


@given(st.text())
def test_the_form_of_any_text_is_its_own_form(text):
    assert normal(normal(text)) == normal(text)


@pytest.mark.parametrize("name", ["/w/a b+c#é%3A?.py", "/c/:w.py", "/w/bad\udcff.py", "/"])
def test_the_form_of_a_file_is_that_of_its_path(name):
    path = Path(name)
    assert normal(path.as_uri()) == path.as_uri()
    assert path_of(path.as_uri()) == path


def test_what_goes_out_is_spelled_as_it_was_opened():
    addresses = Addresses()
    opened, other = SPELLINGS[:2]
    document = {"uri": opened, "languageId": "python", "version": 1, "text": other}
    taken = addresses.taken_in({"textDocument": document})
    assert taken == {"textDocument": document | {"uri": normal(opened)}}
    asked = addresses.taken_in({"textDocument": {"uri": other}, "arguments": [{"uri": other}]})
    assert asked["arguments"] == [{"uri": normal(opened)}]
    answer = {"changes": {normal(opened): []}, "arguments": (normal(opened), 3), "text": "file:"}
    assert addresses.spelled(answer) == {
        "changes": {opened: []}, "arguments": [opened, 3], "text": "file:"
    }  # fmt: skip


@pytest.mark.asyncio
@SPELLED
async def test_a_change_and_a_close_by_another_spelling(connect, other):
    opened = SPELLINGS[0]
    async with connect() as session:
        session.open(RISKY, opened)
        assert len((await session.pull(other))["items"]) == 1
        assert len((await session.pull(opened))["items"]) == 1
        session.change("calm = 1\n", 2, other)
        assert (await session.pull(opened))["items"] == []
        assert (await session.pull(other))["items"] == []
        session.change(RISKY, 3, opened)
        assert len((await session.pull(other))["items"]) == 1
        session.save(other)
        session.close(other)
        assert (await session.pull(opened))["items"] == []
        session.open(RISKY, other)
        assert len((await session.pull(opened))["items"]) == 1
        session.close(opened)
        assert (await session.pull(other))["items"] == []
        assert session.all("window/logMessage") == []
        assert session.all("window/showMessage") == []


@pytest.mark.asyncio
@SPELLED
async def test_pushed_findings_come_under_the_address_that_was_opened(connect, other):
    opened = SPELLINGS[0]
    async with connect(pull=False) as session:
        session.open(RISKY, opened)
        assert len((await session.published(1, opened))["diagnostics"]) == 1
        session.change("calm = 1\n", 2, other)
        assert (await session.published(2, opened))["diagnostics"] == []
        session.close(other)
        await session.published(None, opened)
        sent = session.all(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
        assert {each["uri"] for each in sent} == {opened}
        # Who opens it by another spelling looks for it by that.
        session.open(RISKY, other, version=7)
        assert len((await session.published(7, other))["diagnostics"]) == 1
        assert session.all("window/logMessage") == []


@pytest.mark.asyncio
@SPELLED
async def test_requests_and_commands_by_another_spelling(connect, other):
    opened = SPELLINGS[0]
    async with connect() as session:
        session.open(RISKY, opened)
        (item,) = (await session.pull(opened))["items"]
        assert "danger" not in str(item["message"])
        assert await session.hover(0, uri=other) == await session.hover(0, uri=opened)
        actions = await session.code_actions(0, diagnostics=[item], uri=other)
        edits = [each["edit"] for each in actions if "edit" in each]
        assert edits
        assert all(opened in str(each) for each in edits)
        area = {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 14}}
        answer = await session.execute("linewise.server.querySpan", {"uri": other, "range": area})
        assert answer["probability"] == pytest.approx(probability("danger", "doubt"))
        asked = {"uri": other, "line": 0, "replacement": "calm = 1"}
        assert (await session.execute("linewise.server.whatIf", asked))["after"]
        listed = await session.execute("linewise.server.riskyLines", {"uri": other})
        assert {each["uri"] for each in listed["files"]} == {opened}
        assert session.all("window/logMessage") == []


def cell_of(book, number):
    return book.replace("file:", "vscode-notebook-cell:") + f"#W{number}"


@pytest.mark.asyncio
@SPELLED
async def test_cells_by_another_spelling(connect, other):
    book, opened, called = SPELLINGS[0], cell_of(SPELLINGS[0], 0), cell_of(other, 0)
    if "%5C" in called or not called.startswith("vscode"):
        pytest.skip("only files are spelled so")
    async with connect(notebooks=True) as session:
        notify = session.notify_raw
        identifier = {"uri": book, "notebookType": "jupyter-notebook", "version": 1}
        item = {"uri": opened, "languageId": "python", "version": 1, "text": RISKY}
        notify(
            "notebookDocument/didOpen",
            {
                "notebookDocument": identifier | {"cells": [{"kind": 2, "document": opened}]},
                "cellTextDocuments": [item],
            },
        )
        expected = 1 if normal(called) == normal(opened) else 0
        assert len((await session.pull(called))["items"]) == expected
        text = {"document": {"uri": opened, "version": 2}, "changes": [{"text": "calm = 1\n"}]}
        notify(
            "notebookDocument/didChange",
            {
                "notebookDocument": {"uri": other, "version": 2},
                "change": {"cells": {"textContent": [text]}},
            },
        )
        assert (await session.pull(opened))["items"] == []
        notify(
            "notebookDocument/didClose",
            {"notebookDocument": {"uri": other}, "cellTextDocuments": [{"uri": called}]},
        )
        assert (await session.pull(opened))["items"] == []
        assert session.all("window/logMessage") == []


@pytest.mark.asyncio
async def test_folders_by_another_spelling(connect, tmp_path):
    folder = tmp_path / "a+b"
    folder.mkdir()
    (folder / ".linewise.toml").write_text("max-file-lines = 1\n")
    file = folder / "a.py"
    file.write_text(RISKY * 2)
    spelled = f"file://localhost{folder}"
    async with connect() as session:
        session.change_folders(added=[spelled])
        session.open(RISKY * 2, file.as_uri())
        assert (await session.pull(file.as_uri()))["items"] == []
        session.change_folders(removed=[folder.as_uri()])
        await session.until(lambda: session.all("window/logMessage"))
        session.change(RISKY, 2, str(file.as_uri()).replace("%2B", "+"))
        assert len((await session.pull(file.as_uri()))["items"]) == 1
