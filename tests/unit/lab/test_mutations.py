"""Injected bugs: what is mutated, what stays, and that the tests have the last word."""

import ast
import difflib
import gzip
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linewise.lab.data import read_programs
from linewise.lab.mutations.inject import Recipe, inject
from linewise.lab.mutations.operators import mutants, mutations
from linewise.lab.patches.tasks import Tasks
from linewise.lab.sandbox import Isolation, Sandbox
from linewise.lab.table import read_table

TEXT = '''import math


def f(xs, k):
    """Return something – in prose."""
    if not xs:
        return []
    total = 0  # é
    for i in range(len(xs) - 1):
        if xs[i] > k and i < len(xs):
            total += xs[i + 1]
            total = max(total, k)
        else:
            continue
    ys = [x for x in sorted(xs, reverse=True) if x != "a"]
    return ys[:k] + [total]


class C:
    def __init__(self):
        self.one, self.two = 1, True

    def g(self):
        return self.one
'''
KINDS = {
    "dropped branch": "        else:",
    "dropped guard": "    if not xs:",
    "dropped import": "import math",
    "dropped statement": "    total = 0  # é",
    "extra condition": "    if not xs and k:",
    "missing argument": "sorted(xs)",
    "missing condition": "if xs[i] > k:",
    "missing conversion": "i < xs:",
    "missing return": "    ys[:k] + [total]",
    "missing slice": "return ys + [total]",
    "negated condition": "    if xs:",
    "off by one": "range(len(xs)):",
    "swapped arguments": "max(k, total)",
    "wrong attribute": "return self.two",
    "wrong comparison": "xs[i] >= k",
    "wrong constant": "self.one, self.two = 1, False",
    "wrong function": "min(total, k)",
    "wrong jump": "            break",
    "wrong operator": "total -= xs[i + 1]",
    "wrong place": "        ys = [",
    "wrong return": "    return total",
    "wrong variable": "xs[i] > i",
}


@pytest.mark.parametrize(("kind", "wanted"), KINDS.items())
def test_every_kind(kind, wanted):
    made = [each.apply(TEXT) for each in mutations(TEXT) if each.kind == kind]
    if kind.startswith("dropped"):
        assert any(wanted in TEXT and wanted not in mutant for mutant in made)
    else:
        assert any(wanted in mutant for mutant in made), "\n".join(made)


def test_an_early_return():
    text = "def f(xs):\n    t = 0\n    for x in xs:\n        t += x\n    return t\n"
    made = [each.apply(text) for each in mutations(text) if each.kind == "early return"]
    assert made == ["def f(xs):\n    t = 0\n    for x in xs:\n        t += x\n        return t\n"]


def test_mutants_are_programs_of_their_own_and_come_in_the_same_order():
    made = list(mutants(TEXT))
    assert made == list(mutants(TEXT))
    trees = [ast.dump(ast.parse(mutant)) for _, mutant in made]
    assert len({*trees, ast.dump(ast.parse(TEXT))}) == len(trees) + 1
    first = [mutation.kind for mutation, _ in made[:10]]
    assert len(set(first)) == 10


def test_the_text_elsewhere_stays_byte_for_byte():
    text = TEXT.replace("\n", "\r\n").replace("    total = 0", "    total  =0 ;")
    for mutation, mutant in mutants(text):
        assert mutant.startswith(text[: mutation.start])
        assert mutant.endswith(text[mutation.end :])


@given(st.text(max_size=80))
def test_no_text_makes_it_fail(text):
    for mutation in mutations(text):
        assert mutation.apply(text) != text
    list(mutants(text))


def test_a_program_that_does_not_parse_has_no_mutants():
    assert list(mutants("def f(:\n")) == []


PROBLEM = {
    "task_id": "T/0",
    "kind": "func",
    "prompt": "Square.",
    "entry_point": "f",
    "tests_base": "assert f(2) == 4\nassert f(3) == 9\nassert f(0) == 0",
    "tests_plus": "",
    "fold": 1,
}
SAMPLE = {
    "sample_id": "s0",
    "task_id": "T/0",
    "model": "m",
    "source": "s:1",
    "licence": "MIT",
    "program": "def f(x):\n    y = x\n    y = y * x\n    return y\n",
    "passing": True,
}


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    wrong = {**SAMPLE, "sample_id": "s1", "program": "def f(x):\n    return x\n"}
    contents = {"problems": [PROBLEM], "samples": [SAMPLE, wrong]}
    for name, rows in contents.items():
        with gzip.open(folder / f"{name}.jsonl.gz", "wt") as file:
            file.write("".join(json.dumps(row) + "\n" for row in rows))
    return folder


def test_injection_keeps_what_the_tests_reject(folder, tmp_path):
    said = []
    with Sandbox(isolation=Isolation.LIMITS) as sandbox:
        tasks = Tasks.read(folder)
        recipe = Recipe(per_program=3)
        target = inject(tasks, tmp_path / "out", sandbox, recipe, lambda *each: said.append(each))
        runs = sandbox.runs
        again = inject(tasks, tmp_path / "out", sandbox, recipe, lambda *_: None)
        assert sandbox.runs == runs > 3
    assert target == again
    assert said[0] == ("0 mutants of 0 programs", 0.0)
    rows = list(read_table(target))
    assert len(rows) == 3
    # The program that is said to pass, but does not, has none.
    assert {row["provenance"]["parent"] for row in rows} == {"s0"}
    for row in rows:
        assert row["repaired_program"] == SAMPLE["program"]
        ours, theirs = (row[each].splitlines() for each in ("program", "repaired_program"))
        matcher = difflib.SequenceMatcher(None, ours, theirs, autojunk=False)
        changed = {
            line + 1
            for tag, first, last, *_ in matcher.get_opcodes()
            for line in range(first, last)
            if tag != "equal"
        }
        assert set(row["edited_lines"]) == changed
        assert set(row["kept_lines"]) == set(row["code_lines"]) - changed


def test_mutants_are_read_as_programs(folder, tmp_path):
    with Sandbox(isolation=Isolation.LIMITS) as sandbox:
        target = inject(
            Tasks.read(folder), tmp_path, sandbox, Recipe(per_program=2), lambda *_: None
        )
    programs = list(read_programs(folder, target))
    assert len(programs) == 2
    assert {program.repaired for program in programs} == {SAMPLE["program"]}
    assert all(program.edited and not program.passing for program in programs)
    assert {program.generator for program in programs} == {"m"}


def test_time_is_up(folder, tmp_path):
    with Sandbox(isolation=Isolation.LIMITS) as sandbox:
        target = inject(Tasks.read(folder), tmp_path, sandbox, Recipe(seconds=-1), lambda *_: None)
    assert list(read_table(target)) == []
