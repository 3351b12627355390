"""What the measurements of explanations share: units, repetitions, shared readings, controls."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from attrs import evolve
from lab_programs import RIGHT, document, program, write_rows

from benchmarks.explanations import comparison, faithfulness, gradients, randomisation, units
from benchmarks.explanations.heads import HeadProbe, Luck, TrainingPrograms, trained
from benchmarks.explanations.repeated import Explained, SharedReadings, by_heads, explained_lines
from benchmarks.explanations.subject import Subject, lines_before, quartiles
from benchmarks.explanations.tokens import predicted
from linewise.analysis.code_lines import code_lines
from linewise.analysis.line_facts import line_facts
from linewise.analysis.syntax import parse
from linewise.lab.journal import Journal
from linewise.lab.training.heads import MaxPoolHead
from linewise.models import cache
from linewise.rationale.attribution import EditRisks, NextTokens, attribute
from linewise.rationale.explain_text import ExplainedText
from linewise.rationale.line_input import line_inputs

SIZE = 32


@pytest.fixture
def data(tmp_path):
    """A folder of 64 programs for 16 problems in all folds, as the laboratory reads it."""
    programs = [program(number) for number in range(64)]
    write_rows(
        tmp_path / "problems.jsonl.gz",
        [
            {"task_id": name, "kind": "func", "prompt": "Add up the items.", "entry_point": None}
            for name in sorted({each.task_id for each in programs})
        ],
    )
    write_rows(
        tmp_path / "patches.jsonl.gz",
        [
            {
                "sample_id": each.sample_id,
                "task_id": each.task_id,
                "dataset": each.dataset,
                "model": each.generator,
                "fold": each.fold,
                "program": each.text,
                "repaired_program": each.repaired.replace("total", f"total{number}"),
                "passing": each.passing,
                "edited_lines": [line + 1 for line in each.edited],
                "inserts": [],
                "flags": [],
            }
            for number, each in enumerate(programs)
        ],
    )
    return tmp_path


@pytest.fixture
def line(subject):
    """The fourth line of a small program, as the tiny model reads it."""
    return line_inputs(ExplainedText(RIGHT), 3, subject.model.target)[0]


def head(seed):
    torch.manual_seed(seed)
    return MaxPoolHead(torch.zeros(SIZE), torch.ones(SIZE), width=6).eval()


def test_what_is_known_is_not_found_again_unless_the_probe_is_another(subject, tmp_path):
    calls = []
    for _ in range(2):
        found = subject.kept("two", lambda: calls.append(1) or {"value": 2})
    assert (found, len(calls)) == ({"value": 2}, 1)
    subject.journal.close()
    again = Subject(subject.model, subject.probe, Journal(tmp_path / "journal.jsonl"))
    assert again.kept("two", pytest.fail) == {"value": 2}
    manifest = evolve(subject.probe.manifest, layers=(9,))
    other = evolve(again, probe=SimpleNamespace(manifest=manifest))
    assert other.kept("two", lambda: {"value": 3}) == {"value": 3}


def test_units_are_of_held_out_problems_and_have_lines_by_risk(subject, data):
    found = list(units.programs(subject, data))
    folds = {each.sample_id: each.fold for each in map(program, range(64))}
    assert found
    assert {folds[unit.name.partition(":")[0]] for unit in found} == {6, 7}
    groups = [unit.group for unit in found]
    assert max(map(groups.count, groups)) <= 2
    for unit in found:
        logits = [each.logit for each in unit.lines]
        assert logits == sorted(logits)
        assert unit.riskiest is unit.lines[-1].input
        for each in unit.lines:
            assert subject.risk(each.input).logits[0] == pytest.approx(each.logit, abs=1e-5)


def test_the_order_of_units_does_not_depend_on_how_many_are_asked_for(subject, data):
    every = [unit.name for unit in units.units(subject, data, 6)]
    assert [unit.name for unit in units.units(subject, data, 2)] == every[:2]
    sources = [unit.source for unit in units.units(subject, data, 6)]
    assert sources == [units.PROGRAMS, units.LIBRARY] * 3


def test_predicted_tokens_are_the_models_choice_on_the_line(subject, line):
    found = predicted(subject, line, 40, 2)
    # A random model predicts few tokens: what it is asked about must be what it predicts.
    if found is not None:
        asked = found.asked(subject.model)
        tokens = asked.ids[asked.places]
        assert asked.predicted.tolist() == tokens.tolist()
        assert line.first <= min(found.places) <= max(found.places) < line.end
    assert predicted(subject, evolve(line, first=0, end=5), 40, 2) is None


def test_heads_share_readings_and_are_explained_as_if_they_read_alone(subject, line, monkeypatch):
    reads, original = [], EditRisks.read

    def count(self, *asked):
        reads.append(1)
        return original(self, *asked)

    monkeypatch.setattr(EditRisks, "read", count)
    memo = {}
    groups = [np.array([place]) for place in range(line.first)]
    for seed in (1, 2, 3):
        probe = HeadProbe(head(seed), subject.probe.manifest)
        shared = SharedReadings(memo, subject, line, probe)
        found = attribute("knockout", shared, groups=groups, budget=1e3).weights
        together = len(reads)
        alone = EditRisks(subject.model, probe, line.ids, [(line.first, line.end)])
        expected = attribute("knockout", alone, groups=groups, budget=1e3).weights
        np.testing.assert_allclose(found, expected, atol=1e-6)
        assert together == seed  # one for all that share, and one for each that read alone


def test_draws_keep_problems_whole():
    found = TrainingPrograms(tuple(document(number) for number in range(24)), ())
    everything = found.draw(Luck.SEEDS, 3)
    np.testing.assert_array_equal(everything, np.arange(24))
    drawn = found.draw(Luck.RESAMPLES, 3)
    np.testing.assert_array_equal(drawn, found.draw(Luck.RESAMPLES, 3))
    assert drawn.tolist() != found.draw(Luck.RESAMPLES, 4).tolist()
    tasks = np.array([number // 4 for number in drawn])
    counts = np.bincount(drawn, minlength=24)
    assert len(drawn) == 24
    for task in set(tasks.tolist()):
        assert len(set(counts[4 * task : 4 * task + 4].tolist())) == 1


def test_training_programs_are_those_of_training_folds(data):
    found = TrainingPrograms.read(data, 20, 4)
    assert len(found.train) == 20
    assert {each.program.fold for each in found.train} <= set(range(6))
    assert {each.program.fold for each in found.test} <= {6, 7}


def test_heads_are_trained_once_and_differ_by_their_luck(subject, data, tmp_path, monkeypatch):
    recipe = {"layer": 0, "head": "max", "width": 4, "epochs": 1, "batch": 8}
    manifest = evolve(subject.probe.manifest, provenance={"recipe": recipe})
    monkeypatch.setattr(subject.probe, "manifest", manifest)
    found = TrainingPrograms.read(data, 30, 16)
    by_luck = {luck: trained(subject, found, tmp_path, luck, 2) for luck in Luck}
    for luck, each in by_luck.items():
        one, other = (some.down.weight.detach() for some in each.heads)
        assert not torch.equal(one, other)
        assert all(0 <= auc <= 1 for auc in each.auc)
        files = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.npz")}
        again = trained(subject, found, tmp_path, luck, 2)
        assert files == {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.npz")}
        assert torch.equal(again.heads[0].down.weight, each.heads[0].down.weight)
    assert by_luck[Luck.SEEDS].key != by_luck[Luck.RESAMPLES].key
    (line,) = explained_lines(subject, data, 1)
    weights = by_heads(subject, line, by_luck[Luck.SEEDS])
    assert weights.shape == (2, line.input.end)
    assert np.isfinite(weights).all()
    assert line.categories.shape == line.lines.shape == (line.input.end,)


def test_methods_meet_the_same_random_rationales(subject, line):
    risk = subject.risk(line)
    last = line.end - 1
    generator = np.random.default_rng(0)
    ways = {name: lambda: generator.normal(size=len(line.ids)) for name in ("one", "other")}
    found = faithfulness.tested(risk, ways)
    for figure in faithfulness.FIGURES:
        assert found["one"][figure][1] == found["other"][figure][1]
        assert found["one"][figure][0] != found["other"][figure][0]
    # All of it kept is the line's own logit, whatever the weights: the last token is always kept.
    everything = risk.scores(0, np.arange(len(line.ids))[None] >= 0)[0]
    assert risk.logits[0] == pytest.approx(everything, abs=1e-4)
    assert last == risk.context(0)[-1]


def test_a_default_is_compared_pair_by_pair():
    rows = [
        {"group": "a", "methods": {"mine": _row(2.0), "other": _row(1.0)}},
        {"group": "b", "methods": {"mine": _row(3.0)}},
        {"group": "c", "methods": {"mine": _row(0.5), "other": _row(1.5)}},
    ]
    found = faithfulness._figures(rows, "mine")
    assert found["mine"]["units"] == 3
    assert found["mine"]["sufficiency"]["better"][0] == pytest.approx(2 / 3, abs=1e-4)
    assert found["mine"]["sufficiency"]["difference"][0] == pytest.approx(0.8333, abs=1e-4)
    other = found["other"]["sufficiency"]
    assert other["default does better"][0] == 0.5
    assert other["default less this"][0] == 0.0


def _row(value):
    return {"readings": 2.0, "sufficiency": [value, 1.0, 0.5], "comprehensiveness": [1.0, 1.0, 0.5]}


def test_words_are_taken_from_the_text_and_from_the_tokens(subject, line):
    unit = SimpleNamespace(text=ExplainedText(RIGHT))
    explained = Explained(unit, line, (), np.zeros(line.end, int), line.lines[: line.end])
    words = comparison._words(explained)
    code = "def total ( items ) : result = 0 for item in items : result + = item"
    assert words.texts == tuple(code.split())
    without = RIGHT.replace("def total", "def ")
    np.testing.assert_array_equal(words.facts[1 + words.texts.index("total")], _facts(without))
    np.testing.assert_array_equal(words.facts[0], _facts(RIGHT))
    tokens = np.random.default_rng(0).normal(size=(3, line.end))
    found = comparison._by_word(tokens, words)
    assert found.shape == (3, len(words.texts))
    np.testing.assert_allclose(found.sum(axis=1), tokens[:, words.owner >= 0].sum(axis=1))


def _facts(text):
    syntax = parse(text)
    code = code_lines(syntax)
    return line_facts(syntax, code)[list(code).index(3)]


def test_a_word_without_which_no_line_is_left_weighs_nothing():
    facts = np.array([[1.0, 2.0], [np.nan, np.nan], [3.0, 4.0]], np.float32)
    words = comparison.Words(("a", "b"), facts, np.zeros(1, int))
    model = SimpleNamespace(decision_function=lambda some: some.sum(axis=1))
    assert comparison._losses(model, words).tolist() == [0.0, -4.0]


def test_lines_of_documents_follow_the_draw():
    table = comparison._Table(np.zeros((5, 1)), np.zeros(5, bool), np.array([0, 0, 1, 1, 1]))
    rows = comparison._lines_of(table, np.array([1, 0, 1]))
    assert rows.tolist() == [2, 3, 4, 0, 1, 2, 3, 4]


def test_the_random_model_is_another_and_still_reads_what_stands_before(subject):
    ours = subject.model.target
    with randomisation._randomised(subject) as random:
        theirs = random.target
        assert theirs.layers == ours.layers
        assert theirs.weights_sha256 != ours.weights_sha256
        logp = [model.surprisal([5, 6, 7, 8])[0] for model in (ours, theirs)]
        assert not np.allclose(*logp, equal_nan=True)
        after_others = theirs.surprisal([9, 10, 7, 8])[0]
        assert logp[1][-1] != after_others[-1]
    assert randomisation.RANDOM not in {each.name for each in cache.installed()}


def test_likeness_is_of_ranks_with_and_without_signs():
    weights = np.array([3.0, -2.0, 1.0, 0.5, np.nan])
    assert randomisation._alike(weights, 2 * weights) == pytest.approx(
        {"weights": 1.0, "sizes of weights": 1.0}
    )
    assert randomisation._alike(weights, -weights) == pytest.approx(
        {"weights": -1.0, "sizes of weights": 1.0}
    )


def test_quartiles_stand_infinite_and_missing_values():
    assert quartiles([5.0, np.inf, 1.0, 2.0, 3.0, np.nan]) == [3.0, 2.0, 5.0]
    assert quartiles([1.0, np.inf, np.inf]) == [None, 1.0, None]
    assert quartiles([np.nan]) == [None] * 3


def test_lines_before_cover_the_context_in_order(line):
    groups = lines_before(line)
    np.testing.assert_array_equal(np.concatenate(groups), np.arange(line.first))
    assert len(groups) == 3


def test_infidelity_and_sensitivity_of_gradients_and_of_controls(subject, line):
    found = gradients._figures(NextTokens(subject.model, line.ids[:12], [11]))
    assert set(found) == {
        "gradient-x-input",
        "integrated-gradients",
        "random weights",
        "no weights",
    }
    assert all(each["infidelity"] > 0 for each in found.values())
    assert all(found[name]["sensitivity"] > 0 for name in list(found)[:2])
