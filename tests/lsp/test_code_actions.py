"""`textDocument/codeAction`: what is offered where, to whom, and what the edits do."""

import pytest
from lsp_session import Session

pytestmark = pytest.mark.asyncio

TEXT = 'import os\n\ndef f():\n    s = "🎉"; danger(doubt)  # why\n    return maybe\n'
EDITED = TEXT.replace("# why", "# why  # linewise: ignore")
CLIENT = ["linewise.showExplanation", "linewise.whatIf", "linewise.copyMarkdown"]


def titles(actions):
    return [each["title"].removeprefix("Linewise: ") for each in actions]


def applied(text, action, uri="file:///a.py"):
    """What an editor makes of a text by an action's edit; positions in UTF-16."""
    edit = action["edit"]
    if "documentChanges" in edit:
        (change,) = edit["documentChanges"]
        assert change["textDocument"] == {"uri": uri, "version": 1}
        (replaced,) = change["edits"]
    else:
        (replaced,) = edit["changes"][uri]
    rows = text.split("\n")

    def offset(at):
        units = rows[at["line"]].encode("utf-16-le")[: 2 * at["character"]]
        return sum(len(row) + 1 for row in rows[: at["line"]]) + len(units.decode("utf-16-le"))

    start, end = (offset(replaced["range"][side]) for side in ("start", "end"))
    return text[:start] + replaced["newText"] + text[end:]


async def test_whole_actions_on_a_flagged_line(connect):
    async with connect() as session:
        session.open(TEXT)
        (item,) = (await session.pull())["items"]
        place = {"uri": "file:///a.py", "line": 3}

        def fix(title, **does):
            return {
                "title": f"Linewise: {title}",
                "kind": "quickfix",
                "diagnostics": [item],
                **does,
            }

        def runs(title, name, argument):
            command = f"linewise.server.{name}"
            does = {"title": f"Linewise: {title}", "command": command, "arguments": [argument]}
            return fix(title, command=does)

        def edits(title, line, character, new, end=None):
            area = {
                "start": {"line": line, "character": character},
                "end": {"line": line, "character": character if end is None else end},
            }
            change = {
                "textDocument": {"uri": "file:///a.py", "version": 1},
                "edits": [{"range": area, "newText": new}],
            }
            return fix(title, edit={"documentChanges": [change]})

        assert await session.code_actions(3, diagnostics=[item]) == [
            runs("mark this line as reviewed", "markReviewed", {**place, "reviewed": True}),
            runs("not useful: this line needs no edit", "notUseful", place),
            edits("ignore this line", 3, 29, "# why  # linewise: ignore", 34),
            edits("ignore the function around this line", 2, 8, "  # linewise: ignore-function"),
            edits("ignore this file", 0, 0, "# linewise: ignore-file\n"),
            runs("add this line to the baseline", "addToBaseline", place),
            runs(
                "what if this line were removed?",
                "whatIf",
                {**place, "replacement": None, "show": True},
            ),
            {
                "title": "Linewise: accept all lines shown in this file",
                "kind": "source.acceptAll.linewise",
                "command": {
                    "title": "Linewise: accept all lines shown in this file",
                    "command": "linewise.server.acceptFile",
                    "arguments": [{"uri": "file:///a.py"}],
                },
            },
        ]


async def test_edits_do_what_they_say(connect):
    async with connect() as session:
        session.open(TEXT)
        (item,) = (await session.pull())["items"]
        actions = await session.code_actions(3, diagnostics=[item])
        line, function, file = (each for each in actions if "edit" in each)
        assert applied(TEXT, line) == EDITED
        assert applied(TEXT, function) == TEXT.replace(
            "def f():", "def f():  # linewise: ignore-function"
        )
        assert applied(TEXT, file) == "# linewise: ignore-file\n" + TEXT
        session.change(EDITED, 2)
        assert (await session.pull())["items"] == []


async def test_edits_for_clients_that_know_no_versions(connect):
    async with connect(versioned_edits=False) as session:
        session.open(TEXT)
        (item,) = (await session.pull())["items"]
        actions = await session.code_actions(3, diagnostics=[item])
        assert applied(TEXT, next(each for each in actions if "edit" in each)) == EDITED


async def test_positions_are_in_the_clients_units(connect):
    async with connect(encodings=["utf-8"]) as session:
        session.open(TEXT)
        (item,) = (await session.pull())["items"]
        action = next(
            each for each in await session.code_actions(3, diagnostics=[item]) if "edit" in each
        )
        (edit,) = action["edit"]["documentChanges"][0]["edits"]
        assert edit["range"]["start"] == {"line": 3, "character": 31}


async def test_commands_that_the_client_executes_itself(connect, monkeypatch):
    monkeypatch.setattr(Session, "options", {"clientCommands": [*CLIENT, 3]})
    async with connect() as session:
        session.open(TEXT)
        (item,) = (await session.pull())["items"]
        actions = await session.code_actions(3, diagnostics=[item])
        theirs = {
            each["command"]["command"]: each["command"]["arguments"]
            for each in actions
            if "command" in each and not each["command"]["command"].startswith("linewise.server.")
        }
        assert theirs == {name: ["file:///a.py", 3] for name in CLIENT}
        assert titles(actions)[0] == "explain this line"
        assert sum("what if" in each for each in titles(actions)) == 1


async def test_only_what_is_asked_for(connect):
    async with connect() as session:
        session.open(TEXT)
        (item,) = (await session.pull())["items"]
        for only, kinds in (
            (["quickfix"], {"quickfix"}),
            (["source"], {"source.acceptAll.linewise"}),
            (["source.acceptAll"], {"source.acceptAll.linewise"}),
            (["source.acceptAll.linewise"], {"source.acceptAll.linewise"}),
            (["source.accept"], set()),
            (["refactor", "source.organizeImports"], set()),
            ([], {"quickfix", "source.acceptAll.linewise"}),
        ):
            actions = await session.code_actions(3, diagnostics=[item], only=only)
            assert {each["kind"] for each in actions} == kinds


async def test_where_nothing_is_flagged_there_is_nothing_to_do(connect):
    async with connect() as session:
        session.open("x = 1\n")
        await session.pull()
        assert await session.code_actions(0) == []
        assert await session.code_actions(10_000) == []
        assert await session.code_actions(0, uri="file:///never.py") == []
        theirs = {**RANGE, "message": "x", "source": "other"}
        assert await session.code_actions(0, diagnostics=[theirs]) == []


RANGE = {"range": {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 1}}}


async def test_actions_while_a_newer_version_is_not_scored_yet(connect):
    async with connect(debounce=5) as session:
        session.open(TEXT)
        (item,) = (await session.pull())["items"]
        session.change("\n" + TEXT, 2)
        for side in ("start", "end"):
            item["range"][side]["line"] += 1  # as an editor moves it
        actions = await session.code_actions(4, diagnostics=[item])
        assert titles(actions)[0] == "mark this line as reviewed"
        assert actions[0]["command"]["arguments"][0]["line"] == 4
        assert await session.code_actions(4) == []


async def test_a_client_that_sends_no_diagnostics_along(connect):
    async with connect() as session:
        session.open(TEXT)
        await session.pull()
        assert "mark this line as reviewed" in titles(await session.code_actions(3))
        several = titles(await session.code_actions(0, last=9))
        assert several[0] == "mark this line as reviewed"
        session.change(TEXT + "danger = doubt\n", 2)
        await session.pull()
        several = titles(await session.code_actions(0, last=9))
        assert "mark line 4 as reviewed" in several
        assert "mark line 6 as reviewed" in several


async def test_a_client_that_takes_commands_only(connect):
    async with connect(literals=False) as session:
        session.open(TEXT)
        (item,) = (await session.pull())["items"]
        actions = await session.code_actions(3, diagnostics=[item])
        assert all(set(each) == {"title", "command", "arguments"} for each in actions)
        assert "mark this line as reviewed" in titles(actions)


async def test_ignoring_outside_the_repository_and_taking_it_back(connect, tmp_path):
    uri = (tmp_path / "a.py").as_uri()
    async with connect(settings={"ignoreIn": "outside"}) as session:
        session.open(TEXT, uri)
        for scope in ("line", "function", "file"):
            (item,) = (await session.pull(uri))["items"]
            actions = await session.code_actions(3, diagnostics=[item], uri=uri)
            assert not any("edit" in each for each in actions)
            action = next(
                each for each in actions if each["command"]["arguments"][0].get("scope") == scope
            )
            command = action["command"]
            await session.execute(command["command"], *command["arguments"])
            assert (await session.pull(uri))["items"] == []
            (back,) = await session.code_actions(3, uri=uri)
            assert titles([back])[0].startswith("no longer ignore")
            await session.execute(back["command"]["command"], *back["command"]["arguments"])


async def test_a_reviewed_line_can_be_shown_again(connect, tmp_path):
    uri = (tmp_path / "a.py").as_uri()
    async with connect() as session:
        session.open(TEXT, uri)
        (item,) = (await session.pull(uri))["items"]
        command = (await session.code_actions(3, diagnostics=[item], uri=uri))[0]["command"]
        await session.execute(command["command"], *command["arguments"])
        await session.pull(uri)
        (back,) = await session.code_actions(3, uri=uri)
        assert titles([back]) == ["show this line again, reviewed or not"]
        await session.execute(back["command"]["command"], *back["command"]["arguments"])
        assert len((await session.pull(uri))["items"]) == 1


async def test_no_comment_is_offered_where_none_can_stand(connect):
    text = "x = '''\ndanger doubt\n'''\n"
    async with connect() as session:
        session.open(text)
        (item,) = (await session.pull())["items"]
        assert item["range"]["start"]["line"] == 1
        actions = await session.code_actions(1, diagnostics=[item])
        assert [title for title in titles(actions) if "ignore" in title] == ["ignore this file"]
