"""Files, limits and thresholds of nested projects: the server and the command line agree."""

import os
from pathlib import Path

import pytest
import typer
from git_repository import Repository
from lsp_session import Session
from tiny_server import load

from linewise.commands.checking import Request, check_files
from linewise.commands.explaining import _read
from linewise.commands.paths import STDIN, python_files
from linewise.commands.project import kept_files, projects, settings_of
from linewise.errors import LinewiseError

TEXT = "danger = 1\ndanger = doubt\n"
FILES = {
    "repo/.linewise.toml": "exclude = ['gen/**']\nmax-file-lines = 5\nthreshold = 0.5\n",
    "repo/src/a.py": TEXT,
    "repo/gen/g.py": TEXT,
    "repo/src/gen/h.py": TEXT,
    "repo/src/long.py": TEXT * 3,
    "repo/pkg/pyproject.toml": "[tool.linewise]\nthreshold = 0.999\n",
    "repo/pkg/b.py": TEXT,
    "repo/pkg/long.py": TEXT * 3,
    "loose/d.py": TEXT,
}
WITHIN = {
    "repo/pkg/b.py": ([], 0.999),
    "repo/pkg/long.py": ([], 0.999),
    "repo/src/a.py": ([1], 0.5),
    "repo/src/gen/h.py": ([1], 0.5),
    "repo/src/long.py": ("skipped", 0.5),
}
OPENED = ["", "repo", "repo/src", "loose", None]


@pytest.fixture
def tree(tmp_path, monkeypatch):
    monkeypatch.setenv("LINEWISE_STATE_DIR", str(tmp_path / "state"))
    tree = tmp_path / "tree"
    for name, text in FILES.items():
        path = tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    Repository(tree / "repo").commit(0)
    (tree / "link").symlink_to(tree / "repo", target_is_directory=True)
    return tree


def opened(tree, name, monkeypatch):
    folders = () if name is None else ((tree / name).as_uri(),)
    monkeypatch.setattr(Session, "folders", folders)


@pytest.mark.parametrize(
    ("start", "named"),
    [
        (".", "repo"),
        ("repo", "."),
        ("repo/src", ".."),
        ("repo/pkg", "../src/..//"),
        (".", "link"),
        ("link/src", ".."),
        ("loose", "{}/repo"),
        ("loose", "/{}/loose/../repo"),
    ],
)
def test_check_and_explain_from_anywhere(probe, tree, monkeypatch, start, named):
    monkeypatch.chdir(tree / start)
    among, named = projects(), [Path(named.format(tree))]
    files = kept_files(named, python_files(named), among)
    own = settings_of((STDIN, *files), among)
    request = Request(files, own[STDIN], own=own)
    report = check_files(load(probe, "tiny"), request, lambda *_: None).report
    found = {}
    for path, file in zip(files, report.files, strict=True):
        name = os.path.relpath(path.resolve(), tree.resolve())
        skipped = file.status == "skipped"
        found[name] = (
            "skipped" if skipped else [each.line - 1 for each in file.lines],
            file.threshold,
        )
        if skipped:
            with pytest.raises(LinewiseError) as refused:
                _read(path, own[path])
            assert str(refused.value).endswith(f"cannot be explained: {file.reason}")
        else:
            assert _read(path, own[path]) == path.read_text()
    assert found == WITHIN


@pytest.mark.asyncio
@pytest.mark.parametrize("folder", OPENED)
async def test_the_server_wherever_it_is_opened(connect, tree, monkeypatch, folder):
    opened(tree, folder, monkeypatch)
    names = [name for name in FILES if name.endswith(".py")]
    shown = {}
    async with connect(settings=None) as session:
        for name in names:
            uri = (tree / name).as_uri()
            session.open((tree / name).read_text(), uri)
            items = (await session.pull(uri))["items"]
            shown[name] = [each["range"]["start"]["line"] for each in items]
        said = [each["message"] for each in session.all("window/logMessage")]
    expected = {
        name: [] if WITHIN.get(name, ([], 0))[0] == "skipped" else WITHIN.get(name, ([], 0))[0]
        for name in names
    }
    assert shown == expected | {"loose/d.py": [0, 1]}
    assert sum("the setting linewise.exclude leaves it out" in each for each in said) == 1
    assert sum("6 lines, above the limit of 5" in each for each in said) == 1


@pytest.mark.asyncio
@pytest.mark.parametrize("folder", ["", "repo/src", None])
async def test_the_editor_stands_above_every_project(connect, tree, monkeypatch, folder):
    opened(tree, folder, monkeypatch)
    async with connect(settings={"threshold": 0.1, "maxFileLines": 100}) as session:
        for name in ("repo/src/a.py", "repo/pkg/b.py", "loose/d.py"):
            uri = (tree / name).as_uri()
            session.open(TEXT, uri)
            assert len((await session.pull(uri))["items"]) == 2
        uri = (tree / "repo/src/long.py").as_uri()
        session.open(TEXT * 3, uri)
        assert len((await session.pull(uri))["items"]) == 6


@pytest.mark.asyncio
async def test_patterns_of_the_editor_are_those_of_the_folder_it_has_open(
    connect, tree, monkeypatch
):
    opened(tree, "", monkeypatch)
    shown = {}
    async with connect(settings={"exclude": ["repo/pkg/"]}) as session:
        for name in ("repo/gen/g.py", "repo/pkg/b.py", "repo/src/a.py"):
            uri = (tree / name).as_uri()
            session.open(TEXT, uri)
            shown[name] = len((await session.pull(uri))["items"])
        said = [each["message"] for each in session.all("window/logMessage")]
    assert shown == {"repo/gen/g.py": 1, "repo/pkg/b.py": 0, "repo/src/a.py": 1}
    assert "b.py is not scored: the setting linewise.exclude leaves it out" in said


@pytest.mark.asyncio
@pytest.mark.parametrize("pattern", ["[z-a].py", "!", "\\", "[", 3])
@pytest.mark.parametrize("source", ["editor", ".linewise.toml", "pyproject.toml"])
async def test_a_pattern_that_is_none_is_said_once(connect, tree, monkeypatch, pattern, source):
    opened(tree, "loose", monkeypatch)
    written = f"'{pattern}'" if isinstance(pattern, str) else pattern
    section = "[tool.linewise]\n" if source == "pyproject.toml" else ""
    if source != "editor":
        (tree / "loose" / source).write_text(f"{section}exclude = ['gen/', {written}]\n")
    settings = {"exclude": ["gen/", pattern]} if source == "editor" else None
    async with connect(settings=settings) as session:
        for name, count in (("d.py", 2), ("e.py", 2), ("gen/g.py", 0)):
            uri = (tree / "loose" / name).as_uri()
            session.open(TEXT, uri)
            assert len((await session.pull(uri))["items"]) == count
        (said,) = session.all("window/showMessage")
    called = "linewise.exclude" if source == "editor" else f"{tree / 'loose' / source}: exclude"
    assert said["message"].startswith(f"{called}: {pattern!r} is not allowed (")


def test_several_baselines_are_no_one_baseline(tree, monkeypatch):
    from linewise.commands.limits import baseline_run

    (tree / "repo/pkg/pyproject.toml").write_text("[tool.linewise]\nbaseline = 'other.json'\n")
    monkeypatch.chdir(tree)
    files = (Path("repo/src/a.py"), Path("repo/pkg/b.py"))
    own = settings_of((STDIN, *files), projects())
    with pytest.raises(typer.BadParameter, match=r"linewise-baseline\.json, other\.json"):
        baseline_run(None, None, files, files, own, accept=True)
    assert baseline_run(None, None, files[1:], files[1:], own, accept=True).baseline.path.name == (
        "other.json"
    )
