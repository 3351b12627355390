"""The fit on made-up histories, what is stored of it, and how it is applied to a file."""

import json

import numpy as np
import pytest
from attrs import evolve
from git_repository import BEGIN, DAY, lines

from linewise.lab.evaluate.metrics import auc, expected_calibration_error
from linewise.probe.calibration import Platt, sigmoid
from linewise.probe.manifest import Calibration
from linewise.workspace import fit, store
from linewise.workspace.calibration import Workspace, Workspaces, fitted, shifted
from linewise.workspace.churn import FEATURES
from linewise.workspace.feedback import Observation, Seen
from linewise.workspace.fit import Background, Data, Inputs
from linewise.workspace.labels import read_labels
from linewise.workspace.odds import log_odds
from linewise.workspace.sampling import sample
from linewise.workspace.scoring import score
from linewise.workspace.store import StoredCalibration, StoredCalibrationError, Weights

NOW = BEGIN + 1_000 * DAY
LEVEL = Platt(slope=1.0, intercept=0.0, base_rate=0.1, n=100)
LEVELS = (LEVEL, LEVEL, LEVEL, LEVEL)
SHIPPED = Calibration(*LEVELS, 0.3, "shipped", "fitted on 100 lines", "needed an edit")
NONE = (0.0,) * len(FEATURES)


def history(slope=1.0, intercept=-2.5, churn=0.0, commits=600, seed=0):
    """Lines of a history whose true probabilities are known, and those probabilities."""
    rng = np.random.default_rng(seed)
    owner = np.repeat(np.arange(commits), 5)
    context = np.repeat(rng.normal(1.0, 0.5, (commits, len(FEATURES))), 5, axis=0)
    evidence = rng.normal(-2.0, 1.0, len(owner))
    true = sigmoid(slope * (evidence + 2.0) + churn * (context[:, 0] - 1.0) + intercept)
    changed = rng.random(len(owner)) < true
    time = np.int64(BEGIN) + owner * DAY
    data = Data(evidence, context, changed, owner.astype(str), time)
    return data, Background(context, changed, data.commit, time), true


@pytest.fixture
def no_prior(monkeypatch):
    """Nothing known from other repositories."""
    ones = (1.0,) * len(FEATURES)
    prior = fit.Prior(NONE, -2.5, ones, ones, {})
    monkeypatch.setattr(fit, "read_prior", lambda: prior)


@pytest.mark.usefixtures("no_prior")
def test_a_probe_that_knows_something_keeps_its_slope():
    data, background, true = history(slope=1.0)
    weights = fit.fit(data, background, NOW)
    assert weights.slope == pytest.approx(1.0, abs=0.25)
    assert np.abs(fit.apply(weights, data) - true).mean() < 0.03


def test_a_probe_that_is_wrong_here_is_left_out():
    data, background, _ = history(slope=-1.0)
    weights = fit.fit(data, background, NOW)
    assert weights.slope == 0.0
    assert np.ptp(fit.apply(weights, data)) < 0.5


def test_parts_look_at_nothing_else():
    data, background, _ = history(slope=1.0, churn=1.0)
    alone = fit.fit(data, background, NOW, Inputs.PROBE)
    assert alone.churn == NONE
    assert alone.slope > 0
    assert fit.fit(data, background, NOW, Inputs.CHURN).slope == 0.0


@pytest.mark.usefixtures("no_prior")
def test_on_later_commits_it_is_calibrated_and_ranks():
    data, background, _ = history(slope=1.5, intercept=-3.5, commits=1_500)
    later = fit.predict_later(data, background, window_days=14)
    assert later.lines.time.min() > np.quantile(data.time, 0.69)
    assert len(later.p) == len(later.lines.changed)
    assert expected_calibration_error(later.lines.changed, later.p) < 0.03
    assert auc(later.lines.changed, later.p) > 0.75
    assert fit.gain(later).low > 0
    measured = fit.measure(later)
    assert set(measured) == {"bss", "ece", "auc"}
    assert measured["bss"].low <= measured["bss"].value <= measured["bss"].high


def test_nothing_is_predicted_from_its_own_future():
    data, background, _ = history()
    later = fit.predict_later(data, background, window_days=14)
    # What the first period's lines turned out to be was not known while its window was open.
    start = later.lines.time[0]
    closed = data.time + 14 * DAY <= start
    flipped = np.where(closed, data.changed, ~data.changed)
    other = fit.predict_later(
        evolve(data, changed=flipped), evolve(background, changed=flipped), window_days=14
    )
    first = later.lines.time < start + 20 * DAY
    assert np.array_equal(later.p[first], other.p[first])


@pytest.mark.parametrize("commits", [20, 90])
def test_too_few_labels_are_refused(commits):
    data, _, _ = history(commits=commits)
    with pytest.raises(fit.TooFewLabelsError, match=f"{commits} commits with {5 * commits} lines"):
        fit.require_enough(data)


def test_a_history_without_changes_is_refused():
    data, background, _ = history()
    quiet = evolve(data, changed=np.zeros_like(data.changed))
    with pytest.raises(fit.TooFewLabelsError):
        fit.require_enough(quiet)
    with pytest.raises(fit.TooFewLabelsError):
        fit.predict_later(quiet, background, window_days=14)


def test_the_prior_was_made_for_these_features():
    prior = fit.read_prior()
    assert tuple(prior.provenance["features"]) == FEATURES
    assert len(prior.churn) == len(prior.mean) == len(prior.scale) == len(FEATURES)


def test_a_pooled_prior_finds_what_is_common():
    pooled = fit.pooled_prior([history(churn=2.0, seed=seed)[1] for seed in range(3)], {})
    assert pooled.churn[0] / pooled.scale[0] == pytest.approx(2.0, abs=0.4)
    assert np.abs(pooled.churn[1:]).max() < 0.2


def test_scores_are_those_of_the_product_and_computed_once(
    repository, engine, tiny_model, tmp_path
):
    repository.commit(1, {"a.py": lines(1, 2) + "\n\ndef f(x):\n    return x\n"})
    repository.commit(2, {"a.py": lines(1, 2) + "\n\ndef f(x):\n    return x + 1\n"})
    repository.commit(60, {"z.py": "end = 1\n"})
    labels = read_labels(repository.root)
    drawn = sample(repository.root, labels.examples)
    data = score(engine, drawn, tmp_path / "scores.sqlite")
    passes = tiny_model.passes
    again = score(engine, drawn, tmp_path / "scores.sqlite")
    assert tiny_model.passes == passes
    assert np.array_equal(data.evidence, again.evidence)
    assert list(data.changed) == [each.changed for unit in drawn for each in unit.examples]
    whole = {line.line: line.probability for line in engine.score(drawn[0].text).lines}
    expected = [whole[each.line] for each in drawn[0].examples]
    assert sigmoid(data.evidence[: len(expected)]) == pytest.approx(expected, abs=1e-4)


def test_scores_go_by_the_names_that_the_settings_define(repository, engine, tmp_path):
    repository.commit(1, {"a.py": "def f(x):\n    return spark\n"})
    repository.commit(2, {"a.py": "def f(x):\n    return spark + 1\n"})
    repository.commit(60, {"z.py": "end = 1\n"})
    drawn = sample(repository.root, read_labels(repository.root).examples)
    cache, names = tmp_path / "scores.sqlite", frozenset({"spark"})
    bare, given = (score(engine, drawn, cache, names=each) for each in (frozenset(), names))
    for data, known in ((bare, frozenset()), (given, names)):
        scored = engine.score(drawn[0].text, names=known)
        whole = {line.line: line.probability for line in scored.lines}
        expected = [whole[each.line] for each in drawn[0].examples]
        assert sigmoid(data.evidence[: len(expected)]) == pytest.approx(expected, abs=1e-4)
    assert not np.array_equal(bare.evidence, given.evidence)


def test_nothing_to_score(engine, tmp_path):
    data = score(engine, [], tmp_path / "scores.sqlite")
    with pytest.raises(fit.TooFewLabelsError):
        fit.require_enough(data)


def stored(engine=None, **changes):
    calibration = StoredCalibration(
        version=store.VERSION,
        root="/work",
        model="tiny",
        probe=engine.manifest.identity if engine else "0" * 64,
        features=FEATURES,
        weights=Weights(0.5, NONE, -1.0),
        window_days=14.0,
        base_rate=0.05,
        lines=1_234,
        commits=321,
        head="a" * 40,
        fitted="2026-01-01",
        metrics={"later commits": {}},
    )
    return evolve(calibration, **changes)


def test_a_line_is_read_as_it_was_fitted():
    weights = Weights(0.5, (0.25, *NONE[1:]), -1.0)
    calibration = fitted(SHIPPED, stored(weights=weights), (2.0, *NONE[1:]))
    logits = np.array([-3.0, 0.0, 2.0])
    assert calibration.line(logits) == pytest.approx(sigmoid(0.5 * logits + 0.5 - 1.0))
    assert (calibration.line.base_rate, calibration.line.n) == (0.05, 1_234)
    assert calibration.source == "workspace"
    assert "1,234 lines of 321 commits, 5 % of them changed within 14 days" in calibration.fitted


def test_other_levels_and_the_threshold_keep_their_distance():
    unit = Platt(slope=2.0, intercept=0.3, base_rate=0.4, n=10)
    shipped = evolve(SHIPPED, unit=unit)
    same = stored(weights=Weights(1.0, NONE, float(log_odds(0.05) - log_odds(0.1))))
    calibration = fitted(shipped, same, NONE)
    by = log_odds(0.05) - log_odds(0.1)
    logits = np.array([-1.0, 0.0, 1.0])
    assert log_odds(calibration.unit(logits)) == pytest.approx(log_odds(unit(logits)) + by)
    assert log_odds(calibration.unit.base_rate) == pytest.approx(log_odds(0.4) + by)
    assert log_odds(calibration.threshold) == pytest.approx(log_odds(0.3) + by)


def test_the_personal_shift_moves_the_level_alone():
    assert shifted(SHIPPED, 0.0) is SHIPPED
    moved = shifted(SHIPPED, -0.5)
    logits = np.array([-1.0, 1.0])
    assert log_odds(moved.line(logits)) == pytest.approx(logits - 0.5)
    assert moved.threshold == SHIPPED.threshold
    assert moved.fitted.endswith("adjusted to your edits (odds × 0.61)")


@pytest.fixture
def workspace(repository, engine, state):
    return Workspace(repository.root, "tiny", engine.manifest)


def test_what_is_stored_is_applied_and_forgotten(workspace, engine, repository):
    path = repository.root / "first.py"
    assert workspace.calibration(path, 1) == engine.manifest.calibration
    before = workspace.version
    where = workspace.keep(stored(engine))
    assert workspace.version != before
    assert repository.root not in where.parents
    assert workspace.calibration(path, 1).source == "workspace"
    assert workspace.described().line.base_rate == 0.05
    again = Workspace(repository.root, "tiny", engine.manifest)
    assert again.stored == stored(engine)
    assert workspace.reset()
    assert not workspace.reset()
    assert workspace.calibration(path, 1).source == "shipped"


def test_the_busier_file_is_the_riskier(workspace, engine, repository):
    repository.commit(1, {"a.py": lines(1)})
    churn = [0.0] * len(FEATURES)
    churn[FEATURES.index("the file is new")] = 1.0
    workspace.keep(stored(engine, weights=Weights(1.0, tuple(churn), 0.0)))
    logits = np.array([0.0])
    known = workspace.calibration(repository.root / "a.py", 1).line(logits)
    new = workspace.calibration(repository.root / "b.py", 1).line(logits)
    nameless = workspace.calibration(None, 1).line(logits)
    assert log_odds(new) - log_odds(known) == pytest.approx(1.0)
    assert nameless == new


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"probe": "f" * 64}, "fitted for probe ffffffffffff… of tiny"),
        ({"features": FEATURES[:-1]}, "another version of Linewise"),
    ],
)
def test_what_was_made_for_something_else_is_refused_by_name(workspace, engine, change, message):
    path = workspace.keep(stored(engine, **change))
    with pytest.raises(StoredCalibrationError, match=message):
        stored(engine, **change).check_fits(engine.manifest.identity, path)
    assert workspace.calibration(None, 1).source == "shipped"
    assert message in workspace.problem


@pytest.mark.parametrize("content", ["{", "[]", '{"version": 9}', '{"version": 1}', ""])
def test_a_damaged_file_is_named(workspace, engine, content):
    path = workspace.keep(stored(engine))
    path.write_text(content)
    assert workspace.stored is None
    assert str(path) in workspace.problem
    assert "linewise calibrate --reset" in workspace.problem


def test_a_write_that_fails_leaves_what_was_there(workspace, engine):
    path = workspace.keep(stored(engine))
    before = path.read_text()
    with pytest.raises(ValueError, match="JSON"):
        store.write(path, {"x": float("nan")})
    assert path.read_text() == before
    assert [each.name for each in path.parent.iterdir()] == [path.name]
    assert json.loads(before)["lines"] == 1_234


def test_files_of_several_repositories_have_no_common_one(engine, repository, tmp_path, state):
    workspaces = Workspaces("tiny", engine.manifest)
    one, two = repository.root / "a.py", repository.root / "b" / "c.py"
    assert workspaces.common([one, two]) is workspaces.of(one)
    assert workspaces.common([one, tmp_path]) is None
    assert workspaces.common([]) is None
    assert workspaces.calibration(tmp_path, 1) == engine.manifest.calibration


def test_edits_move_the_level_of_their_repository_only(workspace, engine, repository):
    seen = Seen(-2.0, False, 0.0)
    workspace.observe([Observation(seen, edited=index % 2 == 0) for index in range(1_000)])
    assert workspace.personal > 0.5
    assert workspace.described().fitted.endswith(f"(odds × {np.exp(workspace.personal):.2f})")
    assert workspace.feedback.lines == 1_000
    assert workspace.reset_feedback()
    assert workspace.personal == 0.0
