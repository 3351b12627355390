"""What the check of shallow syntax counts: rationales of predicted tokens, and fair random ones."""

import json

import numpy as np
import pytest

from benchmarks.shallow import figures, tables
from benchmarks.shallow.figures import Sample
from benchmarks.shallow.functions import LIBRARY, PACKAGES, Function, functions
from benchmarks.shallow.rationales import Bounds, Subject
from linewise.lab.journal import Journal
from linewise.rationale.attribution import NextTokens
from linewise.rationale.explain_text import ExplainedText
from linewise.rationale.statistics.counts import Cells
from linewise.rationale.taxonomy.profiles import Profile

BOUNDS = Bounds(context=12, places=4)


def function(number):
    text = ExplainedText(f"def f{number}(x, y):\n    z = x + {number}\n    return z * y + x\n" * 2)
    return Function(LIBRARY, f"p{number % 5}", f"f{number}.py:1", text, (0, 1, 2))


@pytest.fixture
def asked(engine, tmp_path):
    return Subject(engine.model, Journal(tmp_path / "journal.jsonl"), BOUNDS)


@pytest.fixture
def right(monkeypatch):
    """Let random weights predict what they are asked about, which they hardly ever do."""
    monkeypatch.setattr(NextTokens, "predicted", property(lambda self: self.ids[self.places]))


@pytest.fixture
def samples(asked, right):
    found = []
    for number in range(8):
        target = asked.chosen(function(number))
        found.append(Sample(target, (asked.rationale(target),)))
    return found


def test_a_token_that_is_not_predicted_is_no_target(asked, monkeypatch):
    monkeypatch.setattr(NextTokens, "predicted", property(lambda self: self.ids[self.places] + 1))
    assert asked.chosen(function(0)) is None


def test_a_second_model_explains_only_what_it_predicts(samples, asked, monkeypatch):
    target = samples[0].target
    monkeypatch.setattr(NextTokens, "predicted", property(lambda self: self.ids[self.places] + 1))
    asked.journal._results.clear()
    assert asked.rationale(target) is None


def test_rationales_begin_with_the_last_token(samples):
    for each in samples:
        (places,) = each.rationales
        assert places[0] == each.target.place - each.target.begin(BOUNDS) - 1
        assert len(places) == len(set(places)) <= BOUNDS.places


def test_what_is_known_is_not_asked_again(samples, asked, monkeypatch):
    monkeypatch.setattr(Subject, "_draw", lambda *_: pytest.fail("it is in the journal"))
    for each in samples:
        again = asked.chosen(each.target.function)
        assert again.place == each.target.place
        assert asked.rationale(again) == each.rationales[0]


@pytest.mark.parametrize("skip", [0, 1])
def test_random_rationales_are_as_large_and_from_the_same_context(samples, asked, skip):
    way = figures._Way(Profile.COMPLETE, "category", skip)
    own, control = figures._counted(samples, 0, way, asked.target, BOUNDS)
    pairs = [each.rows(Cells.PAIRS).sum() for each in (own, control)]
    assert pairs[1] == figures.DRAWS * pairs[0]
    assert pairs[0] == sum(len(each.rationales[0]) - skip for each in samples)
    targets = [each.rows(Cells.TARGETS) for each in (own, control)]
    assert (targets[1] == figures.DRAWS * targets[0]).all()


def test_the_record_becomes_tables(samples, asked):
    found = figures.figures(samples, [asked.target], BOUNDS)
    assert json.loads(json.dumps(found, allow_nan=False))["functions"] == len(samples)
    record = {
        "date": "2026-11-28",
        "command": "python -m benchmarks.shallow",
        "machine": {"cores": 2, "processor": "test"},
        "figures": found,
    }
    made = dict(tables.tables(record))
    assert made.keys() == {"shallow", "shallow-matrix", "shallow-last", "shallow-shift"}
    assert "`indentation`" in made["shallow"]
    assert made["shallow-shift"] == "The committed record is of one model."


def test_functions_are_of_both_sources_and_the_same_each_time():
    first = list(functions(6))
    assert [each.name for each in functions(6)] == [each.name for each in first]
    assert {each.source for each in first} == {LIBRARY, PACKAGES}
    assert len({each.name for each in first}) == 6
    for each in first:
        assert np.isin(each.lines, sorted(each.text.code)).all()
