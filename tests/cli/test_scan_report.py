"""`linewise scan`, `report` and `db` with the real model, alone and at once."""

import json
import resource
import sqlite3
import subprocess
from contextlib import closing

import pytest
from command_line import LINEWISE, ROOT
from jsonschema import Draft202012Validator
from typer.testing import CliRunner

from linewise.cli import app
from linewise.workspace.scan.location import path_of

SCHEMA = json.loads((ROOT / "docs/schema/report-v1.schema.json").read_text("utf-8"))
CODE = '''"""Stock of a shop."""


class Item:
    def __init__(self, name, on_hand):
        self.name = name
        self.on_hand = on_hand

    def available(self, wanted):
        return self.on_hand > wanted


def cheapest(items, price_of):
    best = None
    for each in items:
        if best is None or price_of(each) < price_of(best):
            best = each
    return best
'''
PLAIN = '"""Totals."""\n\n\ndef total(values):\n    return sum(values)\n'


@pytest.fixture
def root(tmp_path, monkeypatch, engine):
    """A repository of two files, where this process runs."""
    monkeypatch.setenv("LINEWISE_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setattr("linewise.engine.Engine.load", lambda model: engine)
    root = tmp_path / "shop"
    (root / "lib").mkdir(parents=True)
    subprocess.run(["git", "init", "--quiet", root], check=True)
    (root / "stock.py").write_text(CODE)
    (root / "lib/totals.py").write_text(PLAIN)
    monkeypatch.chdir(root)
    return root


def run(*arguments):
    return CliRunner().invoke(app, [*map(str, arguments)])


def scanned(*options):
    result = run("scan", ".", "--json", *options)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_a_folder_is_scanned_once_and_reported_in_every_format(root):
    first = scanned()
    assert (first["done"], first["units_read"] > 3, first["units_explained"] > 3) == (2, True, True)
    result = run("report")
    assert (result.exit_code, result.stdout) == (0, "linewise-report.html\n")
    page = (root / "linewise-report.html").read_text("utf-8")
    assert f'href="vscode://file{root}/stock.py:' in page
    assert "best = each" in page
    output = json.loads(run("report", "-f", "json").stdout)
    Draft202012Validator(SCHEMA).validate(output)
    assert output["summary"]["files"] == 2
    assert {each["path"] for each in output["tables"]["lines"]} == {"stock.py", "lib/totals.py"}
    assert run("report", "-f", "md").stdout.startswith("# Where edits are likely in")
    assert run("report", "-f", "pdf", "-o", "out.pdf").exit_code == 0
    assert (root / "out.pdf").read_bytes().startswith(b"%PDF-")
    tables = run("report", "--tables", "tables", "--table-format", "parquet", "-f", "md")
    assert tables.exit_code == 0
    assert (root / "tables/files.parquet").exists()
    part = json.loads(run("report", "lib", "-f", "json").stdout)
    assert (part["folder"], part["summary"]["files"]) == ("lib", 1)


def test_a_deleted_and_a_renamed_file_cost_no_pass(root, monkeypatch):
    scanned()
    monkeypatch.setattr("linewise.engine.Engine.load", lambda model: 1 / 0)
    (root / "stock.py").rename(root / "items.py")
    (root / "lib/totals.py").unlink()
    second = scanned()
    assert (second["done"], second["forgotten"], second["units_read"]) == (1, 2, 0)
    found = json.loads(run("report", "-f", "json").stdout)["tables"]["files"]
    assert [each["path"] for each in found] == ["items.py"]


def test_nothing_scanned_says_what_to_run(root):
    result = run("report")
    assert "linewise scan" in str(result.exception)
    assert not (root / "linewise-report.html").exists()
    (root / "empty").mkdir()
    assert run("scan", "empty").exit_code == 0
    assert "linewise scan" in str(run("report", "empty").exception)


def test_statistics_of_a_newer_version_are_refused_and_left_alone(root):
    scanned("--no-rationales")
    place = path_of(root)
    with closing(sqlite3.connect(place)) as plain:
        plain.execute("PRAGMA journal_mode=DELETE")
        plain.execute("PRAGMA user_version=999")
    before = place.read_bytes()
    for command in (("report",), ("scan",), ("db", "check"), ("db", "vacuum")):
        assert "update Linewise" in str(run(*command).exception)
    assert place.read_bytes() == before


def test_damaged_statistics_are_set_aside_and_can_be_scanned_again(root):
    scanned("--no-rationales")
    place = path_of(root)
    place.write_bytes(b"not a database" * 500)
    result = run("report")
    assert "damaged" in result.stderr
    assert "linewise scan" in str(result.exception)
    (aside,) = place.parent.glob("*.damaged-*")
    assert aside.read_bytes() == b"not a database" * 500
    assert scanned("--no-rationales")["units_read"] > 3
    assert run("report", "-f", "md").exit_code == 0


def test_a_report_that_cannot_be_written_is_said(root):
    scanned("--no-rationales")
    for place, reason in (("/dev/full", "No space left"), ("gone/report.html", "No such file")):
        assert reason in str(run("report", "-o", place).exception)
    (root / "file").write_text("")
    assert "cannot be written" in str(run("report", "-f", "md", "--tables", "file/x").exception)


def test_a_place_that_cannot_be_used_is_said(root, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("LINEWISE_STATE_DIR", str(tmp_path / "file"))
    assert "LINEWISE_STATE_DIR" in str(run("scan").exception)


def test_a_full_disk_ends_a_scan_and_loses_nothing(root, environment):
    scanned("--no-rationales")
    (root / "more.py").write_text(
        "\n\n".join(f"def f{n}(x):\n    return x + {n}\n" for n in range(400))
    )

    def little_room():
        # Less than the statistics of that file take.
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

    command = [*LINEWISE, "scan", ".", "--no-rationales"]
    state = {"LINEWISE_STATE_DIR": str(root.parent / "state")}
    ended = subprocess.run(
        command,
        cwd=root,
        env=environment | state,
        capture_output=True,
        preexec_fn=little_room,
        check=False,
    )
    assert ended.returncode == 3, ended.stderr
    assert b"free some space" in ended.stderr
    output = json.loads(run("report", "-f", "json").stdout)
    assert output["summary"]["files"] == 2
    assert run("db", "check").exit_code == 0


def test_many_at_once_hear_of_no_lock_and_agree(root, environment):
    scanned()
    for number in range(8):
        text = CODE.replace("cheapest", f"cheapest_{number}").replace("Item", f"Item{number}")
        (root / f"copy{number}.py").write_text(text)
    state = {"LINEWISE_STATE_DIR": str(root.parent / "state")}
    commands = [
        *(["scan", "."] for _ in range(3)),
        *(["report", ".", "-f", "json"] for _ in range(2)),
        ["db", "check"],
        ["db", "vacuum"],
    ]
    running = [
        subprocess.Popen(
            [*LINEWISE, *command],
            cwd=root,
            env=environment | state,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for command in commands
    ]
    ended = [each.communicate(timeout=500) for each in running]
    assert [each.returncode for each in running] == [0] * len(commands), ended
    assert [errors for _, errors in ended if b"lock" in errors.lower()] == []
    assert run("db", "check").exit_code == 0
    together = json.loads(run("report", "-f", "json").stdout)["tables"]
    path_of(root).unlink()
    scanned()
    alone = json.loads(run("report", "-f", "json").stdout)["tables"]
    assert together == alone


def test_a_report_covers_what_the_last_scan_could_read(root, monkeypatch):
    monkeypatch.setattr("linewise.workspace.scan.scan.SETTLED_NANOSECONDS", 0)

    def files():
        result = run("report", ".", "-f", "json")
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)["summary"]["files"]

    def read(*options):
        output = scanned("--no-rationales", *options)
        return output["done"], {each["kind"]: each["count"] for each in output["omissions"]}

    assert read("--max-lines", "10") == (2, {"skipped-file": 1})
    assert files() == 1
    assert read("--max-lines", "10") == (0, {"skipped-file": 1})
    assert read("--max-lines", "100") == (1, {})
    assert files() == 2
    assert read() == (0, {})
    (root / ".linewise.toml").write_text("max-file-lines = 10\n")
    assert read() == (1, {"skipped-file": 1})
    assert files() == 1
