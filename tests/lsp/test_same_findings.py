"""The command line, clients that pull and clients that are pushed to show the same lines."""

import pytest
from attrs import evolve
from git_repository import Repository
from lsp_session import Session
from tiny_server import load

from linewise.analysis.fingerprints import fingerprint
from linewise.commands.checking import Request, check_files
from linewise.commands.limits import baseline_run, since
from linewise.settings import Settings
from linewise.workspace.decisions import DecisionStore
from linewise.workspace.project import read_project

LINES = [
    "danger",
    "danger(doubt)",
    "danger = doubt + maybe  # linewise: ignore",
    "x = danger",
    "# why",
    "",
    "def f():",
    "    danger = doubt",
    "    return maybe + danger",
    "    s = 'danger\u2028\x0c'; danger",
]


@pytest.mark.asyncio
@pytest.mark.parametrize("cap", [20, 3])
async def test_all_three_show_the_same(connect, probe, tmp_path, monkeypatch, cap):
    monkeypatch.setenv("LINEWISE_STATE_DIR", str(tmp_path / "state"))
    folder = tmp_path / "project"
    folder.mkdir()
    file = folder / "a.py"
    text = "\r\n".join(LINES) + "\n"
    file.write_bytes(text.encode())
    (folder / ".linewise.toml").write_text(f"threshold = 0.1\nmax-findings-per-file = {cap}\n")
    known = fingerprint("x = danger", "<module>")
    DecisionStore(folder).change("a.py", lambda old: evolve(old, reviewed=frozenset({known})))
    monkeypatch.setattr(Session, "folders", (folder.as_uri(),))

    async with connect() as first, connect(pull=False) as second:
        first.open(text, file.as_uri())
        second.open(text, file.as_uri())
        pulled = (await first.pull(file.as_uri()))["items"]
        pushed = (await second.published(1, file.as_uri()))["diagnostics"]
    settings = read_project(folder, Settings()).settings
    engine = load(probe, settings.model)
    report = check_files(engine, Request((file,), settings), lambda *_: None).report
    (checked,) = report.files

    assert pulled == pushed
    found = [(item["range"]["start"]["line"], item["data"]["probability"]) for item in pulled]
    assert found == [(line.line - 1, pytest.approx(line.probability)) for line in checked.lines]
    assert len(found) == min(cap, 5)
    assert f"{checked.hidden} more below" in pulled[-1]["message"] or not checked.hidden


EDITED = {
    "moved.py": "x = 1\ndanger = doubt + maybe\nsame = danger\nnew = danger\n",
    "renamed.py": "danger = doubt\nsame = danger\n",
    "new.py": "danger\n",
}


@pytest.mark.asyncio
@pytest.mark.parametrize("diff", [None, "HEAD", "main..."])
@pytest.mark.parametrize("baseline", ["linewise-baseline.json", "ci/known.json"])
async def test_changed_lines_and_baselines_too(
    connect, probe, tmp_path, monkeypatch, diff, baseline
):
    """`--diff` is the setting changedSince, `--baseline` the setting baseline."""
    monkeypatch.setenv("LINEWISE_STATE_DIR", str(tmp_path / "state"))
    repository = Repository(tmp_path / "repository")
    root = repository.root
    old = "danger = doubt + maybe\nsame = danger\n"
    kept = {"moved.py": old, "old.py": "danger = doubt\nsame = danger\n", "same.py": old}
    (root / "ci").mkdir()
    repository.commit(0, kept)
    engine = load(probe, "tiny")
    plain = Settings(threshold=0.1)
    files = tuple(root / name for name in ("moved.py", "old.py"))
    path = root / baseline
    accepted = baseline_run(path, None, [root], files, plain, accept=True)
    request = Request(files, plain, baseline=accepted.baseline)
    accepted.settle(check_files(engine, request, lambda *_: None)).write()

    repository.git("checkout", "--quiet", "-b", "topic")
    repository.git("mv", "old.py", "renamed.py")
    for name, text in EDITED.items():
        repository.write(name, text)
    repository.git("add", "renamed.py")
    names = [*EDITED, "same.py"]
    files = tuple(root / name for name in names)
    settings = {"threshold": 0.1, "changedSince": diff, "baseline": baseline}

    shown = {}
    async with (
        connect(settings=settings) as first,
        connect(settings=settings, pull=False) as second,
    ):
        for name in names:
            text, uri = (root / name).read_text(), (root / name).as_uri()
            first.open(text, uri)
            second.open(text, uri)
            pulled = (await first.pull(uri))["items"]
            assert pulled == (await second.published(1, uri))["diagnostics"]
            shown[name] = [item["range"]["start"]["line"] + 1 for item in pulled]

    used = baseline_run(path, None, [root], files, plain, accept=False)
    files = files if diff is None else since(files, diff)
    request = Request(files, evolve(plain, changed_since=diff), baseline=used.baseline)
    report = check_files(engine, request, lambda *_: None).report
    checked = {file.name: [line.line for line in file.lines] for file in report.files}
    assert shown == {name: [] for name in names} | checked
    everything = [1, 2] if diff is None else []
    assert shown == {"moved.py": [4], "renamed.py": [], "new.py": [1], "same.py": everything}
