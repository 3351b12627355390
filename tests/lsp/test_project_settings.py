"""Settings of projects and folders, and what each of them does to what is shown."""

import subprocess

import pytest
from lsp_session import Session

pytestmark = pytest.mark.asyncio

TEXT = "danger = 1\ndanger = doubt\n"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("LINEWISE_STATE_DIR", str(tmp_path / "state"))
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.setattr(Session, "folders", (folder.as_uri(),))
    return folder


def git(folder, *arguments):
    identity = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


async def lines(session, uri):
    return [item["range"]["start"]["line"] for item in (await session.pull(uri))["items"]]


async def test_the_editor_goes_above_the_project(connect, folder):
    uri = (folder / "a.py").as_uri()
    (folder / "pyproject.toml").write_text("[tool.linewise]\nthreshold = 0.5\n")
    async with connect(settings={"statusThreshold": 0.1}) as session:
        assert session.all("workspace/configuration") == [
            {
                "items": [
                    {"section": "linewise"},
                    {"scopeUri": folder.as_uri(), "section": "linewise"},
                ]
            }
        ]
        session.open(TEXT, uri)
        assert await lines(session, uri) == [1]
        await session.configure({"threshold": 0.1})
        await session.until(lambda: len(session.requests("workspace/diagnostic/refresh")) == 2)
        assert await lines(session, uri) == [0, 1]
        await session.configure({"threshold": None})
        await session.until(lambda: len(session.requests("workspace/diagnostic/refresh")) == 3)
        assert await lines(session, uri) == [1]


async def test_a_project_file_that_changes_is_followed(connect, folder):
    uri, own = (folder / "a.py").as_uri(), folder / ".linewise.toml"
    async with connect(pull=False) as session:
        session.open(TEXT, uri)
        await session.published(1, uri)

        def published():
            return [len(p["diagnostics"]) for p in session.all("textDocument/publishDiagnostics")]

        own.write_text("threshold = 0.5\n")
        session.files_changed(own.as_uri())
        await session.until(lambda: published() == [2, 1])
        own.write_text("treshold = 0.5\n")
        session.files_changed(own.as_uri())
        await session.until(lambda: published() == [2, 1, 2])
        (said,) = session.all("window/showMessage")
        assert said == {
            "type": 2,
            "message": f"{own}: there is no setting 'treshold'; did you mean 'threshold'?",
        }


async def test_without_a_folder_the_files_own_project_counts(connect, folder, monkeypatch):
    monkeypatch.setattr(Session, "folders", ())
    (folder / "inner").mkdir()
    (folder / ".linewise.toml").write_text("threshold = 0.5\n")
    uri = (folder / "inner" / "a.py").as_uri()
    async with connect(settings=None) as session:
        session.open(TEXT, uri)
        session.open(TEXT, "untitled:1")
        assert await lines(session, uri) == [1]
        assert await lines(session, "untitled:1") == [0, 1]


async def test_each_folder_has_settings_of_its_own(connect, folder, monkeypatch):
    other = folder.parent / "other"
    other.mkdir()
    scoped = {folder.as_uri(): {"threshold": 0.5}, other.as_uri(): {"threshold": 0.99}}
    monkeypatch.setattr(
        Session,
        "configuration_answer",
        staticmethod(lambda params: [scoped.get(each.scope_uri, {}) for each in params.items]),
    )
    first, second = (folder / "a.py").as_uri(), (other / "a.py").as_uri()
    async with connect() as session:
        session.open(TEXT, first)
        session.open(TEXT, second)
        assert await lines(session, first) == [1]
        assert await lines(session, second) == [0, 1]
        session.change_folders(added=[other.as_uri()])
        await session.until(lambda: len(session.requests("workspace/diagnostic/refresh")) == 2)
        assert await lines(session, second) == []
        session.change_folders(removed=[folder.as_uri(), other.as_uri()])
        await session.until(lambda: len(session.requests("workspace/diagnostic/refresh")) == 3)
        assert await lines(session, first) == [0, 1]


async def test_only_lines_that_changed_since_a_revision(connect, folder):
    file = folder / "a.py"
    file.write_text(TEXT)
    git(folder, "init", "--quiet")
    git(folder, "add", "a.py")
    git(folder, "commit", "--quiet", "-m", "x")
    uri = file.as_uri()
    async with connect(settings={"changedSince": "HEAD"}, debounce=0) as session:
        session.open(TEXT, uri)
        assert await lines(session, uri) == []
        session.change(TEXT.replace("danger = 1", "danger = 2"), 2, uri)
        assert await lines(session, uri) == [0]
        session.change("danger = 1\ndanger\ndanger = doubt\n", 3, uri)
        assert await lines(session, uri) == [1]
        file.write_text("danger = 1\ndanger\ndanger = doubt\n")
        git(folder, "commit", "--quiet", "-am", "y")
        session.files_changed((folder / ".git" / "logs" / "HEAD").as_uri())
        await session.until(lambda: len(session.requests("workspace/diagnostic/refresh")) == 2)
        assert await lines(session, uri) == []
        new = (folder / "new.py").as_uri()
        session.open(TEXT, new)
        assert await lines(session, new) == [0, 1]
        await session.configure({"changedSince": "nowhere"})
        await session.until(lambda: len(session.requests("workspace/diagnostic/refresh")) == 3)
        assert await lines(session, uri) == [0, 1, 2]
        (said,) = session.all("window/showMessage")
        assert said["message"].startswith("changedSince: 'nowhere' names no commit of")


async def test_excluded_files_are_left_alone(connect, folder):
    inside = (folder / "gen" / "a.py").as_uri()
    packages = (folder / "lib" / "site-packages" / "a.py").as_uri()
    async with connect(settings={"exclude": ["gen/"]}) as session:
        for uri in (inside, packages):
            session.open(TEXT, uri)
        assert await session.pull(inside) == {"kind": "full", "items": []}
        assert await lines(session, packages) == [0, 1]
        await session.pull(inside)
        assert [each["message"] for each in session.all("window/logMessage")] == [
            "a.py is not scored: the setting linewise.exclude leaves it out"
        ]
        await session.configure({})
        await session.until(lambda: len(session.requests("workspace/diagnostic/refresh")) == 2)
        assert await lines(session, inside) == [0, 1]
        assert await lines(session, packages) == []
        assert session.all("window/showMessage") == []


async def test_diagnostics_can_be_switched_off_alone(connect, monkeypatch):
    monkeypatch.setattr(Session, "options", {"lineScores": True})
    async with connect(settings={"diagnostics": False, "inlayHints": True}) as session:
        session.open(TEXT)
        assert (await session.pull())["items"] == []
        assert len(session.all("linewise/lineScores")) == 1
        area = {"start": {"line": 0, "character": 0}, "end": {"line": 9, "character": 0}}
        params = {"textDocument": {"uri": "file:///a.py"}, "range": area}
        assert len(await session.ask_raw("textDocument/inlayHint", params)) == 2


async def test_severities_and_the_least_of_them(connect):
    settings = {"severityHigh": "warning", "severityMedium": "information"}
    async with connect(settings=settings) as session:
        session.open(TEXT)
        assert [item["severity"] for item in (await session.pull())["items"]] == [3, 2]
        await session.configure({**settings, "minimumSeverity": "warning"})
        await session.until(lambda: len(session.requests("workspace/diagnostic/refresh")) == 2)
        assert [item["severity"] for item in (await session.pull())["items"]] == [2]


async def test_scoring_when_saved_for_a_client_that_pulls(connect, folder):
    uri = (folder / "a.py").as_uri()
    async with connect(settings={"run": "onSave"}) as session:
        session.open(TEXT, uri)
        first = (await session.pull(uri))["resultId"]
        session.change(TEXT + TEXT, 2, uri)
        unchanged = {"kind": "unchanged", "resultId": first}
        assert await session.pull(uri, first) == unchanged
        assert await session.pull(uri) == {"kind": "full", "items": []}
        hints = {"textDocument": {"uri": uri}}
        assert await session.ask_raw("textDocument/codeLens", hints) is None
        risky = await session.execute("linewise.server.copyMarkdown", {"uri": uri, "line": 3})
        assert "a.py:4" in risky["markdown"]  # a question is answered all the same
        session.change(TEXT + TEXT + TEXT, 3, uri)
        session.save(uri)
        await session.until(lambda: len(session.requests("workspace/diagnostic/refresh")) == 2)
        assert await lines(session, uri) == [0, 1, 2, 3, 4, 5]
        session.save(uri)
        session.open(TEXT, "untitled:1")
        session.change(TEXT + TEXT, 2, "untitled:1")
        assert len(await lines(session, "untitled:1")) == 4
        assert len(session.requests("workspace/diagnostic/refresh")) == 2


async def test_scoring_when_saved_for_a_client_that_does_not_pull(connect, folder):
    uri = (folder / "a.py").as_uri()
    async with connect(settings={"run": "onSave"}, pull=False, debounce=0) as session:
        session.open(TEXT, uri)
        await session.published(1, uri)
        session.change("danger\n", 2, uri)
        session.change("danger\ndanger\n", 3, uri)
        session.open(TEXT, "file:///b.py")
        await session.published(1, "file:///b.py")
        session.save(uri)
        assert len((await session.published(3, uri))["diagnostics"]) == 2
        versions = [
            each["version"]
            for each in session.all("textDocument/publishDiagnostics")
            if each["uri"] == uri
        ]
        assert versions == [1, 3]


@pytest.mark.parametrize("opened", [".", "pkg", "pkg/deep"])
async def test_a_file_has_the_settings_nearest_to_it(connect, folder, monkeypatch, opened):
    """Whether its project is opened, a folder above it, or one inside of it."""
    monkeypatch.setattr(Session, "folders", ((folder / opened).as_uri(),))
    (folder / "pkg" / "deep").mkdir(parents=True)
    (folder / ".linewise.toml").write_text("threshold = 0.99\n")
    (folder / "pkg" / ".linewise.toml").write_text('threshold = 0.5\nexclude = ["gen.py"]\n')
    git(folder, "init", "--quiet")
    async with connect() as session:
        for name, expected in (
            ("a.py", []),
            ("pkg/b.py", [1]),
            ("pkg/deep/c.py", [1]),
            ("pkg/gen.py", []),
        ):
            uri = (folder / name).as_uri()
            session.open(TEXT, uri)
            assert await lines(session, uri) == expected, name


@pytest.mark.parametrize("limit", ["max-file-lines = 1", "max-file-bytes = 5"])
async def test_limits_of_the_project_hold_from_a_subfolder(connect, folder, monkeypatch, limit):
    (folder / "src").mkdir()
    monkeypatch.setattr(Session, "folders", ((folder / "src").as_uri(),))
    (folder / ".linewise.toml").write_text(f"{limit}\n")
    git(folder, "init", "--quiet")
    uri = (folder / "src" / "a.py").as_uri()
    async with connect() as session:
        session.open(TEXT, uri)
        assert await lines(session, uri) == []
        session.open("danger\n"[:5], other := (folder / "src" / "b.py").as_uri())
        assert session.all("window/showMessage") == []
        assert await lines(session, other) is not None


@pytest.mark.parametrize("pattern", ["[z-a].py", "!", "\\\\"])
async def test_a_pattern_that_is_none_costs_no_finding(connect, folder, pattern):
    own = folder / ".linewise.toml"
    own.write_text(f"exclude = [\"{pattern}\", 'gen.py']\n")
    uri, left_out = (folder / "a.py").as_uri(), (folder / "gen.py").as_uri()
    async with connect() as session:
        for each in (uri, left_out):
            session.open(TEXT, each)
        assert await lines(session, uri) == [0, 1]
        assert await lines(session, left_out) == []
        (said,) = session.all("window/showMessage")
        assert str(own) in said["message"]
        assert "exclude" in said["message"]


@pytest.mark.parametrize("value", [["[z-a].py", "gen.py"], "gen.py", [1]])
async def test_patterns_of_the_editor_are_tried_too(connect, folder, value):
    uri = (folder / "a.py").as_uri()
    async with connect(settings={"exclude": value}) as session:
        session.open(TEXT, uri)
        assert await lines(session, uri) == [0, 1]
        (said,) = session.all("window/showMessage")
        assert "linewise.exclude" in said["message"]
