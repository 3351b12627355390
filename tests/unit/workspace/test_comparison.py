"""Two models on the same folders: what differs is the models' doing, and is said as it is."""

import json
import math
import shutil
from contextlib import contextmanager

import pytest
from attrs import evolve
from corpus_runs import CHOICE, corpus
from scan_runs import PROJECT, write

from linewise.commands import scanning
from linewise.commands.choices import Engine
from linewise.commands.comparing import compare_models, compare_scanned, targets_for
from linewise.commands.corpus import Run, scan_corpora
from linewise.commands.scanning import Options
from linewise.errors import LinewiseError
from linewise.output.comparison import render_json, render_markdown, render_text
from linewise.rationale.study.target import Target
from linewise.workspace.scan.pacing import Budget
from linewise.workspace.scan.walk import Globs

pytestmark = pytest.mark.usefixtures("later", "state")


@contextmanager
def unseen(_count):
    yield lambda _path, _done: None


@pytest.fixture
def folders(tmp_path):
    write(tmp_path / "one", PROJECT)
    return [tmp_path / "one", corpus(tmp_path / "two", 16)]


@pytest.fixture
def twins(installed, cache_dir):
    """One model under two names."""
    installed("llama")
    shutil.copytree(cache_dir / "llama", cache_dir / "twin")
    return "llama", "twin"


@pytest.fixture
def others(installed):
    """Two models with one tokenizer."""
    installed("llama")
    installed("llama-tied")
    return "llama", "llama-tied"


def compare(models, folders, **rest):
    return compare_models(models, folders, [CHOICE], Globs(), said=print, shown=unseen, **rest)


def strict(text):
    def refuse(constant):
        raise AssertionError(f"{constant} is no JSON")

    return json.loads(text, parse_constant=refuse)


def test_a_model_does_not_differ_from_its_twin(twins, folders):
    found = compare(twins, folders)
    (target,) = found.targets
    assert target.units[0] == target.units[1] > 40
    assert target.targets[0] == target.targets[1] > target.units[0]
    for level in (target.categories, target.groups):
        assert level.between.distance.value == 0
        assert all(each.beyond.value == 0 and each.a == each.b for each in level.shifts)
    assert "No category's shift is distinguishable" in render_text(found)


def test_two_models_are_compared_once_and_for_all(others, folders, monkeypatch):
    found = compare(others, folders)
    monkeypatch.setattr(scanning, "load_instruments", lambda *_: pytest.fail("all is known"))
    assert compare(others, folders) == found
    (target,) = found.targets
    assert target.methods[0].target == "next-token"
    assert target.categories.between.p > 0
    names = {each.category for each in target.categories.shifts}
    assert "identifier" in names
    assert {each.category for each in target.groups.shifts} <= {
        *("sc_semantic", "sc_nl", "sc_not_semantic", "sc_errors", "unknown", "excluded")
    }
    shares = [each.a for each in target.categories.shifts]
    assert sum(shares) == pytest.approx(1)
    sizes = [abs(each.beyond.value) for each in target.categories.shifts]
    assert sizes == sorted(sizes, reverse=True)


def test_it_is_written_for_people_and_for_programs(others, folders):
    found = compare(others, folders)
    text, page = render_text(found), render_markdown(found)
    (target,) = found.targets
    for written in (text, page):
        assert "llama (a) and llama-tied (b)" in written
        assert "Rationales of next tokens, by greedy" in written
        assert f"{target.units[0]} units" in written
    assert max(map(len, text.splitlines())) <= 120
    rows = [line for line in page.splitlines() if line.startswith("| ")]
    assert len({line.count("|") for line in rows if "q |" in line or "sc_" in line}) <= 2
    payload = strict(render_json(found))
    assert payload["models"] == list(others)
    shift = payload["targets"][0]["categories"]["shifts"][0]
    assert shift["beyond"]["value"] == pytest.approx(
        (shift["a"] - shift["chance_a"]) - (shift["b"] - shift["chance_b"])
    )


def test_what_has_no_interval_is_null(others, tmp_path):
    # One file is one cluster, which says nothing of how files differ.
    write(tmp_path / "one", {"a.py": PROJECT["a.py"]})
    found = compare(others, [tmp_path / "one"])
    first = found.targets[0].categories.shifts[0]
    assert math.isnan(first.beyond.low)
    payload = strict(render_json(found))
    assert payload["targets"][0]["categories"]["shifts"][0]["beyond"]["low"] is None
    assert "nan" not in render_text(found) + render_markdown(found)


def test_corpora_that_were_scanned_are_compared_too(others, folders, tmp_path):
    outputs = []
    for model in others:
        options = Options(
            model=model,
            choice=CHOICE,
            globs=Globs(),
            given={},
            budget=Budget(),
        )
        run = Run(tmp_path / f"out-{model}", Engine.LOCAL)
        scan_corpora(folders, options, run, print, lambda _: lambda _: None)
        outputs.append(run.out)
    found = compare_scanned((outputs[0], outputs[1]))
    expected = compare(others, folders)
    (mine,), (theirs,) = found.targets, expected.targets
    assert (mine.units, mine.targets) == (theirs.units, theirs.targets)
    assert [(each.category, each.a, each.b) for each in mine.categories.shifts] == [
        (each.category, each.a, each.b) for each in theirs.categories.shifts
    ]
    with pytest.raises(LinewiseError, match="holds no scan"):
        compare_scanned((outputs[0], tmp_path))


def test_what_cannot_be_compared_is_refused(twins, folders, tmp_path):
    with pytest.raises(LinewiseError, match="does not differ from itself"):
        compare(("llama", "llama"), folders)
    (tmp_path / "empty").mkdir()
    with pytest.raises(LinewiseError, match="nothing to compare"):
        compare(twins, [tmp_path / "empty"])
    with pytest.raises(LinewiseError, match="there is no probe for llama"):
        compare_models(
            twins, folders, [evolve(CHOICE, target=Target.EDIT, method=None)], Globs(),
            said=print, shown=unseen,
        )  # fmt: skip


def test_edit_risks_are_compared_where_both_have_probes():
    assert targets_for(("llama", "smollm2-135m"), None) == (Target.NEXT_TOKEN,)
    assert targets_for(("smollm2-135m", "smollm2-135m"), None) == (Target.NEXT_TOKEN, Target.EDIT)
    assert targets_for(("llama", "llama"), Target.EDIT) == (Target.EDIT,)
