"""The engine: one pass per unit, only changed units again, any span from what is known."""

import shutil

import numpy as np
import pytest
from attrs import evolve
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from linewise.analysis.model_input import INPUT_BUILDER_VERSION
from linewise.engine import Engine
from linewise.errors import Cancelled
from linewise.probe.calibration import Platt
from linewise.probe.calibration_file import (
    CalibrationFile,
    LevelCalibration,
    write_calibration,
)
from linewise.probe.domain import Domain
from linewise.probe.runtime import Probe
from linewise.results import Omission, OmissionKind

SOURCE = '''\
import os


def first(x):
    """Say."""
    return x + 1


def second(y):
    z = y * 2
    return z
'''


def test_every_code_line_is_scored_and_ranked(engine):
    scored = engine.score(SOURCE)
    assert [score.line for score in scored.lines] == [0, 3, 5, 8, 9, 10]
    assert sorted(score.rank for score in scored.lines) == [1, 2, 3, 4, 5, 6]
    by_rank = sorted(scored.lines, key=lambda score: score.rank)
    assert [s.probability for s in by_rank] == sorted(
        (s.probability for s in scored.lines), reverse=True
    )
    assert all(0 < score.probability < 1 for score in scored.lines)
    assert [score.unit for score in scored.lines] == ["<module>", *["first"] * 2, *["second"] * 3]


def test_an_edit_costs_the_unit_it_touches(engine, tiny_model):
    engine.score(SOURCE)
    before = tiny_model.passes
    edited = engine.score(SOURCE.replace("y * 2", "y * 3"))
    assert tiny_model.passes == before + 1
    assert edited.lines == Engine(tiny_model, engine._probe).score(edited.table.text).lines


def test_an_edit_has_its_own_unit_alone_split_into_tokens(engine, tiny_model, monkeypatch):
    asked = []
    encode = tiny_model.encode
    monkeypatch.setattr(tiny_model, "encode", lambda text: asked.append(text) or encode(text))
    fresh = Engine(tiny_model, engine._probe)
    fresh.score(SOURCE)
    before = len(asked)
    fresh.score(SOURCE.replace("y * 2", "y * 3"))
    assert asked[before:] == ["def second(y):\n    z = y * 3\n    return z\n"]


def test_what_was_prepared_is_not_done_again(engine, tiny_model, monkeypatch):
    expected = engine.score(SOURCE).lines
    prepared = Engine(tiny_model, engine.probe)
    prepared.prepare(SOURCE)
    for name in ("parse", "code_lines", "document_inputs", "line_facts"):
        monkeypatch.setattr(f"linewise.engine.{name}", None)
    assert prepared.score(SOURCE).lines == expected


def test_what_was_asked_of_a_unit_is_not_asked_again(engine, monkeypatch):
    first = engine.score(SOURCE)
    weights = engine.token_weights(first, 9)
    monkeypatch.setattr(engine.probe, "logits", None)
    again = engine.score("\n" + SOURCE)
    assert [each.probability for each in again.lines] == pytest.approx(
        [each.probability for each in first.lines]
    )
    assert [each.weight for each in engine.token_weights(again, 10)] == [
        each.weight for each in weights
    ]


def test_answers_are_remembered_by_what_was_asked(engine):
    (evidence, *_) = engine.score("a = 1\nb = 2\n").evidence
    tokens = len(evidence.starts)
    for _ in range(2):
        for member in np.eye(tokens, dtype=bool)[:, None]:
            expected = engine.probe.logits(evidence.reading.values, member)
            assert np.array_equal(evidence.reading.logits(engine.probe, member), expected)


def test_moving_a_unit_costs_nothing(engine, tiny_model):
    engine.score(SOURCE)
    before = tiny_model.passes
    engine.score(SOURCE.replace("import os\n", "import os\n\n\n"))
    assert tiny_model.passes == before


def test_token_weights_say_what_the_line_rests_on(engine):
    scored = engine.score(SOURCE)
    weights = engine.token_weights(scored, 9)
    assert "".join(w.text for w in sorted(weights, key=lambda w: w.start)) == "    z = y * 2\n"
    assert [w.weight for w in weights] == sorted((w.weight for w in weights), reverse=True)
    assert engine.token_weights(scored, 1) == ()


def test_cancelling_stops_between_passes_and_keeps_what_was_done(engine, tiny_model):
    asked = iter([False, True])
    with pytest.raises(Cancelled):
        engine.score(SOURCE, cancelled=lambda: next(asked))
    assert tiny_model.passes == 1
    engine.score(SOURCE)
    assert tiny_model.passes == 3


def test_the_cache_is_bounded(probe_folder, tiny_model):
    engine = Engine(tiny_model, Probe(probe_folder), cached_tokens=60)
    engine.score(SOURCE)
    assert sum(len(each.values) for each in engine._cache.values()) <= 60 + max(
        len(each.values) for each in engine._cache.values()
    )


def test_progress_counts_passes(engine):
    heard = []
    engine.score(SOURCE, progress=lambda done, total: heard.append((done, total)))
    assert heard == [(0, 3), (1, 3), (2, 3), (3, 3)]


@pytest.mark.parametrize("text", ["", "\n", "# only\n", "\x00", "\ud800", "\ufeffx = 1\n"])
def test_degenerate_texts(engine, text):
    scored = engine.score(text)
    assert all(np.isfinite(score.probability) for score in scored.lines)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.sampled_from("\r\n\t ():=abdefrtun1'\"#漢🎉\x0c\ud800"), max_size=200))
def test_any_text_scores_its_code_lines(engine, text):
    scored = engine.score(text)
    assert all(0 < score.probability < 1 for score in scored.lines)
    for score in scored.lines:
        assert scored.table.content(score.line).strip()


@pytest.mark.parametrize("end", range(0, len(SOURCE), 2))
def test_unfinished_code_at_every_prefix(engine, end):
    engine.score(SOURCE[:end])


def test_strange_code_is_called_uncalibrated_unless_the_workspace_calibrated_it(
    probe_folder, tiny_model, tmp_path
):
    folder = shutil.copytree(probe_folder, tmp_path / "probe")
    width = tiny_model.table.shape[1]
    domain = Domain(
        mean=(0.0,) * width,
        scale=(1.0,) * width,
        directions=tuple(map(tuple, np.eye(width)[:2].tolist())),
        rest=1.0,
        unit_distance=1.0,
    )
    for limit, calibrated in ((1e9, True), (0.0, False)):
        level = LevelCalibration("platt", Platt(1.0, 0.0, 0.1, 10), abstain_above=limit)
        file = CalibrationFile(1, "m", None, INPUT_BUILDER_VERSION, {"line": level}, domain, {})
        write_calibration(file, folder / "calibration.json")
        engine = Engine(tiny_model, Probe(folder))
        assert {score.calibrated for score in engine.score("a = 1\n").lines} == {calibrated}
        workspace = evolve(engine.manifest.calibration, source="workspace")
        scores = engine.score("a = 1\n", calibration=workspace).lines
        assert all(score.calibrated for score in scores)


def test_names_that_are_given_make_other_scores(engine):
    text = "def f(x):\n    return spark.read(x)\n"
    names = frozenset({"spark"})
    without, given = engine.score(text), engine.score(text, names=names)
    assert without.facts.tolist() != given.facts.tolist()
    engine.prepare(text)
    assert engine.score(text, names=names).facts.tolist() == given.facts.tolist()


def test_statements_without_facts_are_said(engine):
    scored = engine.score("a = 1\nb = (\nprint a\n")
    assert scored.omissions == (Omission(OmissionKind.SYNTAX, 2, ("2", "3")),)
    assert engine.score("a = 1\n").omissions == ()


def test_some_of_the_lines_have_ranks_among_themselves(engine):
    scored = engine.score(SOURCE)
    some = scored.among(lambda line: line in (5, 8, 9))
    assert [each.line for each in some.lines] == [each.line for each in some.code] == [5, 8, 9]
    assert sorted(each.rank for each in some.lines) == [1, 2, 3]
    order = [each.line for each in sorted(scored.lines, key=lambda each: each.rank)]
    ranked = [each.line for each in sorted(some.lines, key=lambda each: each.rank)]
    assert ranked == [line for line in order if line in (5, 8, 9)]
    rows = [row for row, each in enumerate(scored.lines) if each.line in (5, 8, 9)]
    assert np.array_equal(some.facts, scored.facts[rows])
    assert np.array_equal(some.heads, scored.heads[rows])
