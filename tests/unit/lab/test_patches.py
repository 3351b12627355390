"""Patches: donors dressed like the failing program, differences reduced to what repairs."""

import gzip
import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linewise.errors import LabDataError
from linewise.lab.data import read_programs
from linewise.lab.journal import Journal
from linewise.lab.patches.agreement import compare, drawn, write_agreement
from linewise.lab.patches.build import Recipe, build
from linewise.lab.patches.donors import Anonymised, dressed, ranked, renamed, renaming
from linewise.lab.patches.edits import line_edits
from linewise.lab.patches.hunks import Patchable
from linewise.lab.patches.minimise import BudgetSpent, minimise
from linewise.lab.patches.repair_model import RepairModel
from linewise.lab.patches.search import Effort, Search
from linewise.lab.patches.sheet import data_sheet, read_patches
from linewise.lab.patches.tasks import Tasks
from linewise.lab.sandbox import Isolation, Limits, Outcome, Sandbox, Status, Suite
from linewise.lab.table import read_table

SHORT = Limits(cpu_seconds=0.1, wall_seconds=5)
FAILING = '''def f(numbers, k):
    """Sum those above k."""
    total = 1

    # walk
    for number in numbers:
        if number >= k:
            total += number
    return total
'''
DONOR = """def f(xs, limit):
  s = 0
  for x in xs:
    if x > limit:
      s += x
  return s
"""
REPAIRED = FAILING.replace("total = 1", "total = 0").replace(">= k", "> k")
SUITE = Suite("func", ("assert f([1, 2, 3], 1) == 5", "assert f([], 9) == 0"), ("f",))


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox(isolation=Isolation.LIMITS) as made:
        yield made


def test_line_edits():
    edits = line_edits("a\nb\nc\n", "a\nB\nc\nd\n")
    assert (edits.replaced, edits.deleted, edits.inserts, edits.size) == ((2,), (), ((4, 1),), 2)
    assert line_edits("a\nb\n", "a\n").deleted == (2,)
    assert line_edits("a \nb", "a\nb\n").size == 0
    assert line_edits("a\x0cb\n", "a\x0cc\n").replaced == (1,)


def test_names_are_found_by_the_part_they_play():
    assert renaming(FAILING, DONOR) == {
        "xs": "numbers",
        "limit": "k",
        "s": "total",
        "x": "number",
    }
    assert renamed("a.a(a=a, b=1)\na = b\n", {"a": "b"}) == "b.a(a=b, b=1)\nb = b\n"
    swapped = renamed("def f(a, b):\n    return a - b\n", {"a": "b", "b": "a"})
    assert swapped == "def f(b, a):\n    return b - a\n"


def test_a_name_that_means_something_else_is_not_taken():
    donor = "def f(xs):\n    n = len(xs)\n    return n\n"
    program = "def f(xs):\n    len = 0\n    return len\n"
    assert "len" not in renaming(program, donor).values()


def test_a_dressed_donor_differs_only_where_it_matters():
    first, own = dressed(FAILING, {"program": DONOR, "model": "m", "sample_id": "d"})
    assert first.renamed
    assert not own.renamed
    lines = Anonymised.of(REPAIRED).lines
    assert first.lines == lines
    assert own.lines[0] == "def f(xs, limit):"
    assert own.lines[1] == "    s = 0"


def test_the_nearest_come_first_and_twins_once():
    far = "def f(n, k):\n    return sum(x for x in n if x > k)\n"
    twin = DONOR.replace("limit", "bound")
    found = ranked(FAILING, [{"program": text} for text in (far, DONOR, twin)], 5)
    assert [row["program"] for row, _ in found] == [DONOR, far]
    assert 0 < found[0][1] < found[1][1] <= 1


@given(st.lists(st.sampled_from("abcd"), max_size=6), st.lists(st.sampled_from("abcd"), max_size=6))
def test_all_units_together_make_the_donor(ours, theirs):
    text = "".join(f"{line} = 1\n" for line in ours)
    donor = tuple(f"{line} = 1" for line in theirs)
    patchable = Patchable.of(text)
    assert patchable.apply(patchable.units(donor)).splitlines() == list(donor)
    assert patchable.apply([]) == text


def test_prose_and_line_ends_stay():
    text = '"""Doc."""\r\n\r\nx = 1\r\n# c\r\ny = 2'
    patchable = Patchable.of(text)
    units = patchable.units(("x = 1", "z = 3", "y = 4", "w = 5"))
    assert patchable.apply(units) == '"""Doc."""\r\n\r\nx = 1\r\n# c\r\nz = 3\r\ny = 4\r\nw = 5\r\n'


def test_minimising_keeps_what_is_needed():
    patchable = Patchable.of("".join(f"{n} = 0\n" for n in "abcdefgh"))
    units = patchable.units(tuple(f"{n} = {int(n in 'abdfh')}" for n in "abcdefgh"))
    tried = []

    def passes(subset):
        tried.append(subset)
        return {"b = 1", "f = 1"} <= set(patchable.apply(subset).splitlines())

    assert [unit.new for unit in minimise(units, passes)] == ["b = 1", "f = 1"]
    assert len(tried) < 25


def test_minimising_stops_when_the_budget_is_spent():
    patchable = Patchable.of("a = 0\nb = 0\nc = 0\n")
    units = patchable.units(("a = 1", "b = 1", "c = 1"))

    def passes(_):
        raise BudgetSpent

    assert minimise(units, passes) == units


def test_the_smallest_repair(sandbox):
    far = "def f(n, k):\n    return sum(x for x in n if x > k)\n"
    donors = [{"program": text, "model": "m", "sample_id": text[:9]} for text in (far, DONOR)]
    search = Search(FAILING, SUITE, sandbox, Effort())
    repair = search.repair(search.outcome(), donors, None)
    assert repair.text == REPAIRED
    assert (repair.size, repair.method, repair.donor_renamed) == (2, "donor", True)
    assert repair.runs == search.runs <= 25


def test_a_repair_model_is_asked_last(sandbox):
    search = Search(FAILING, SUITE, sandbox, Effort())
    repair = search.repair(search.outcome(), [], lambda *_: [(REPAIRED, "fixer")])
    assert (repair.text, repair.method, repair.donor_model) == (REPAIRED, "model", "fixer")
    assert Search(FAILING, SUITE, sandbox, Effort(runs=0)).repair(None, [], None) is None


@pytest.fixture
def endpoint():
    """An OpenAI-compatible server that answers with the repaired program."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            message = {"role": "assistant", "content": f"Here:\n```python\n{REPAIRED}```\n"}
            choice = {"index": 0, "finish_reason": "stop", "message": message}
            answer = {"id": "1", "object": "chat.completion", "created": 1, "model": "x"}
            body = json.dumps({**answer, "choices": [choice], "usage": {}}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/v1", asked
    server.shutdown()
    server.server_close()


def test_an_endpoint_is_asked_with_what_the_tests_said(endpoint):
    url, asked = endpoint
    outcome = Outcome(Status.FAILED, "AssertionError", "7 != 5", 0.0)
    assert list(RepairModel(url, "x").propose("Sum.", FAILING, outcome)) == [(REPAIRED, "x")]
    prompt = asked[0]["messages"][0]["content"]
    assert all(text in prompt for text in ("Sum.", FAILING, "AssertionError: 7 != 5"))


def test_an_endpoint_that_is_down_gives_no_repair(caplog):
    outcome = Outcome(Status.FAILED, "E", "", 0.0)
    assert list(RepairModel("http://127.0.0.1:9/v1", "x", 2).propose("", "", outcome)) == []
    assert "gave no repair" in caplog.text


PROBLEM = {
    "task_id": "T/0",
    "kind": "func",
    "prompt": "Sum.",
    "entry_point": "f",
    "tests_base": "\n".join(SUITE.tests),
    "tests_plus": "",
    "canonical_solution": "",
    "fold": 1,
}
PROGRAMS = {
    "wrong": (FAILING, False),
    "right": (DONOR, True),
    "hangs": ("def f(n, k):\n    while True: pass\n", False),
    "bomb": ("import os\ndef f(n, k):\n    while True: os.fork()\n", False),
    "passes after all": (REPAIRED, False),
    "prose": ("I cannot do that.", False),
}


@pytest.fixture
def folder(tmp_path):
    samples = [
        {"sample_id": name, "task_id": "T/0", "model": "m", "program": text, "passing": passing}
        for name, (text, passing) in PROGRAMS.items()
    ]
    known = {
        "sample_id": "wrong",
        "task_id": "T/0",
        "dataset": "T",
        "model": "m",
        "fold": 1,
        "program": FAILING,
        "repaired_program": REPAIRED,
        "passing": False,
        "flags": [],
        "edited_lines": [3, 7],
        "inserts": [],
    }
    contents = {"problems": [PROBLEM], "samples": samples, "patches": [known]}
    for name, rows in contents.items():
        with gzip.open(tmp_path / f"{name}.jsonl.gz", "wt") as file:
            file.write("".join(json.dumps(row) + "\n" for row in rows))
    return tmp_path


def test_a_dataset_is_built_once(folder, tmp_path, sandbox, monkeypatch):
    monkeypatch.setattr("linewise.lab.patches.search.Limits", lambda **_: SHORT)
    out = tmp_path / "out"
    fared = build(Tasks.read(folder), out, sandbox, Recipe(), lambda *_: None)
    assert fared["repaired"] >= 1
    assert fared["no failing test"] == 1
    assert fared.total() == 5
    runs = sandbox.runs
    again = build(Tasks.read(folder), out, sandbox, Recipe(), lambda *_: None)
    assert (again, sandbox.runs) == (fared, runs)
    row = next(row for row in read_table(out / "patches.parquet") if row["sample_id"] == "wrong")
    assert row["repaired_program"] == REPAIRED
    assert (row["edited_lines"], row["kept_lines"]) == ([3, 7], [1, 6, 8, 9])
    words = {FAILING[each["start"] : each["end"]] for each in row["edited_tokens"]}
    assert {"1"} <= words
    assert row["provenance"]["donor_sample"] == "right"
    program = next(each for each in read_programs(folder, out / "patches.parquet"))
    assert program.edited == {2, 6}
    sheet = data_sheet(read_patches(out / "patches.parquet"), "Sheet")
    assert "| T | " in sheet


def test_agreement(folder, tmp_path, sandbox):
    only = drawn(folder, 5)
    assert only == {"wrong"}
    build(Tasks.read(folder), tmp_path / "o", sandbox, Recipe(only=only), lambda *_: None)
    record = tmp_path / "record.json"
    write_agreement(record, folder, only, tmp_path / "o" / "patches.parquet")
    figures = json.loads(record.read_text())["figures"]
    assert (figures["wanted"], figures["found"]) == (1, 1)
    assert (figures["identical"], figures["overlap"], figures["equal"]) == (1, 1, 1)
    ours = {"sample_id": "a", "program": "x\ny\n", "repaired_program": "z\ny\n"}
    theirs = {**ours, "repaired_program": "z\nw\n"}
    figures = compare([ours], [theirs])
    assert (figures.identical, figures.overlap, figures.smaller) == (0, 0.5, 1)
    assert compare([], [theirs]).found == 0


def test_a_sheet_of_json_lines_counts_what_can_be_counted(tmp_path, caplog):
    row = {
        **dict.fromkeys(("task_id", "model", "dataset", "source", "error_class"), "T"),
        "fold": 1,
        "n_code_lines": 10,
        "n_units": 2,
        "touched_frac": 0.2,
        "flags": [],
        "passing": False,
    }
    rows = [row, {**row, "passing": True, "touched_frac": 0.0}, {**row, "flags": None}]
    path = tmp_path / "patches.jsonl"
    path.write_text("".join(json.dumps(each) + "\n" for each in rows))
    sheet = data_sheet(read_patches(path), "Sheet")
    assert "1 failing programs of 1 tasks" in sheet
    assert "| T | 1 | 10 | 20.0% | 2.0 |" in sheet
    assert "patches.jsonl:3: flags: not what belongs there" in caplog.text


def test_damaged_lines_are_named_and_empty_sources_refused(folder, caplog):
    path = folder / "samples.jsonl.gz"
    content = gzip.decompress(path.read_bytes())
    path.write_bytes(gzip.compress(b"{oops\n" + content + b'{"sample_id": 1}\n'))
    assert len(Tasks.read(folder).samples) == len(PROGRAMS)
    assert "samples.jsonl.gz:1: not JSON" in caplog.text
    assert f"samples.jsonl.gz:{len(PROGRAMS) + 2}: lacks" in caplog.text
    path.write_bytes(gzip.compress(b""))
    with pytest.raises(LabDataError):
        Tasks.read(folder)


def test_other_folds_and_tasks_without_tests_are_left_out(folder):
    with pytest.raises(LabDataError, match="--folds"):
        Tasks.read(folder, [0])
    path = folder / "problems.jsonl.gz"
    path.write_bytes(gzip.compress(json.dumps({**PROBLEM, "tests_base": " "}).encode()))
    with pytest.raises(LabDataError, match="tests"):
        Tasks.read(folder)


def test_a_journal_survives_a_crash(tmp_path, caplog):
    path = tmp_path / "journal.jsonl"
    journal = Journal(path)
    journal.put("a", {"rows": [1]})
    journal.close()
    path.write_bytes(path.read_bytes() + b'{"key": "b", "resu')
    again = Journal(path)
    again.put("c", {"rows": [2]})
    again.close()
    assert "journal.jsonl:2: damaged" in caplog.text
    whole = Journal(path)
    assert list(whole.rows(["a", "c"])) == [1, 2]
    assert whole.get("a") == {"rows": [1]}
    assert whole.get("b") is None
    whole.close()
