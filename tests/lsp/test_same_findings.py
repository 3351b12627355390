"""The command line, clients that pull and clients that are pushed to show the same lines."""

import pytest
from attrs import evolve
from lsp_session import Session
from tiny_server import load

from linewise.analysis.fingerprints import fingerprint
from linewise.commands.checking import Request, check_files
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
