"""Metrics against scikit-learn, relplot and plain definitions; intervals against each other."""

import numpy as np
import pytest
import relplot
from hypothesis import given
from hypothesis import strategies as st
from sklearn.calibration import calibration_curve
from sklearn.metrics import average_precision_score, brier_score_loss, roc_auc_score

from linewise.lab.evaluate.bootstrap import differences, intervals, with_interval
from linewise.lab.evaluate.metrics import (
    METRICS,
    brier_score,
    brier_skill,
    equal_mass_error,
    expected_calibration_error,
    smooth_error,
)
from linewise.lab.evaluate.ranking import (
    area_under_risk_coverage,
    auc,
    average_precision,
    effort_at_recall,
    initial_false_alarms,
    recall_at_effort,
)
from linewise.lab.evaluate.sample import sample_of

ITEMS = st.lists(st.tuples(st.booleans(), st.integers(0, 20)), min_size=2, max_size=60)


def drawn(seed=0, n=2000, shift=0.0):
    generator = np.random.default_rng(seed)
    truth = generator.beta(0.7, 4, n)
    return generator.random(n) < truth, np.clip(truth + shift, 0, 1)


@given(ITEMS)
def test_scores_are_those_of_scikit_learn_ties_included(items):
    labels, p = np.array([y for y, _ in items]), np.array([k for _, k in items]) / 20
    assert brier_score(labels, p) == pytest.approx(brier_score_loss(labels, p, pos_label=True))
    if labels.any():
        assert average_precision(labels, p) == pytest.approx(average_precision_score(labels, p))
    if labels.any() and not labels.all():
        assert auc(labels, p) == pytest.approx(roc_auc_score(labels, p))


def test_equal_width_error_is_that_of_the_calibration_curve():
    labels, p = drawn(shift=0.1)
    observed, predicted = calibration_curve(labels, p, n_bins=10)
    counts = np.histogram(p, bins=10, range=(0, 1))[0]
    expected = np.abs(observed - predicted) @ counts[counts > 0] / len(p)
    assert expected_calibration_error(labels, p) == pytest.approx(expected)


def test_equal_mass_error_is_that_of_the_calibration_curve():
    labels, p = drawn(shift=0.1)
    observed, predicted = calibration_curve(labels, p, n_bins=10, strategy="quantile")
    expected = np.abs(observed - predicted).mean()
    assert equal_mass_error(labels, p) == pytest.approx(expected, abs=1e-3)
    assert equal_mass_error(labels, np.full(len(p), 0.3)) == pytest.approx(abs(labels.mean() - 0.3))


@pytest.mark.parametrize("shift", [0.0, 0.03, 0.2, -0.1])
def test_smooth_error_is_that_of_its_authors(shift, monkeypatch):
    monkeypatch.setattr(relplot.config, "use_logit_scaling", False)
    labels, p = drawn(shift=shift)
    p = np.clip(p, 0.01, 0.99)  # relplot counts half of what lies exactly at 0 or 1
    expected = relplot.smECE(p, labels.astype(float))
    assert smooth_error(labels, p) == pytest.approx(expected, abs=2e-3)


def test_fixed_points():
    labels = np.array([True, False, False, False] * 50)
    base, sure = np.full(200, 0.25), labels.astype(float)
    assert brier_skill(labels, base) == pytest.approx(0)
    assert brier_skill(labels, sure) == pytest.approx(1)
    for error in (expected_calibration_error, equal_mass_error, smooth_error):
        assert error(labels, base) == pytest.approx(0, abs=2e-3)
        assert error(labels, np.full(200, 0.75)) == pytest.approx(0.5, abs=2e-3)
    assert recall_at_effort(labels, base) == pytest.approx(0.2)
    assert effort_at_recall(labels, base) == pytest.approx(0.2)
    assert recall_at_effort(labels, sure) == pytest.approx(0.8)
    assert effort_at_recall(labels, sure) == pytest.approx(0.05)
    assert area_under_risk_coverage(labels, sure) == pytest.approx(0)


def test_false_alarms_count_within_documents():
    document = [0, 0, 0, 1, 1, 1, 2, 2]
    labels = [0, 1, 0, 0, 1, 0, 0, 0]
    p = [0.9, 0.5, 0.1, 0.2, 0.2, 0.2, 0.9, 0.8]
    # One in the first; in the second one edited of three equal ones: (0 + 1 + 2) / 3; the third
    # has nothing to find.
    assert initial_false_alarms(labels, p, document) == pytest.approx(1.0)
    assert initial_false_alarms(labels[:3], p[:3]) == pytest.approx(1.0)


def test_one_class_has_no_skill_and_no_order():
    with np.errstate(all="raise"):
        for labels in ([0, 0, 0], [1, 1, 1]):
            assert np.isnan(brier_skill(labels, [0.1, 0.2, 0.3]))
            assert np.isnan(auc(labels, [0.1, 0.2, 0.3]))
    assert np.isnan(average_precision([0, 0], [0.1, 0.2]))
    assert np.isnan(initial_false_alarms([0, 0], [0.1, 0.2]))
    found = with_interval(auc, [0, 0], [0.1, 0.2], np.array([0, 1]), resamples=10)
    assert np.isnan([found.value, found.low, found.high]).all()


@pytest.mark.parametrize("name", METRICS)
def test_weights_mean_repetition(name):
    labels, p = drawn(n=300)
    p = np.round(p, 2)
    document = np.arange(300) // 10
    times = np.random.default_rng(1).integers(0, 4, 30)[document]
    again = np.repeat(np.arange(300), times)
    # A copy of a document is a document of its own.
    copy = np.concatenate([np.arange(count) for count in times]) * 1000 + document[again]
    metric = METRICS[name]
    weighted = metric.values(sample_of(labels, p, document), times[None].astype(float))[0]
    tolerance = 0.02 if name in ("ece_mass", "aurc") else 1e-6  # bins and ties move
    assert weighted == pytest.approx(metric(labels[again], p[again], copy), abs=tolerance)


def test_nothing_to_measure_is_nan():
    assert all(np.isnan(metric([], [])) for metric in METRICS.values())


def test_grouped_intervals_are_wider_when_groups_agree_within():
    generator = np.random.default_rng(0)
    groups = np.repeat(np.arange(20), 30)
    labels = generator.random(600) < 0.4
    difficulty = np.repeat(generator.choice([-0.3, 0.3], 20), 30)
    p = np.clip(0.5 + difficulty * (2 * labels - 1) + generator.normal(0, 0.1, 600), 0, 1)
    grouped = with_interval(auc, labels, p, groups, resamples=200)
    alone = with_interval(auc, labels, p, np.arange(600), resamples=200)
    assert grouped.low <= grouped.value <= grouped.high
    assert grouped.high - grouped.low > alone.high - alone.low


def test_a_paired_difference_is_sharper_than_two_intervals():
    labels, p = drawn(n=1000)
    groups = np.arange(1000) // 10
    worse = np.clip(p + 0.05, 0, 1)
    one, other = sample_of(labels, p), sample_of(labels, worse)
    found = differences({"bss": brier_skill}, one, other, groups, resamples=300)["bss"]
    assert found.low <= found.value <= found.high
    assert found.value == pytest.approx(brier_skill(labels, p) - brier_skill(labels, worse))
    single = intervals({"bss": brier_skill}, one, groups, resamples=300)["bss"]
    assert found.high - found.low < single.high - single.low


def test_an_interval_covers_the_truth_about_as_often_as_it_says():
    truth = 0.3 * 0.7  # the Brier score of .3 for events of probability .3
    covered = 0
    for seed in range(100):
        labels = np.random.default_rng(seed).random(400) < 0.3
        found = with_interval(
            brier_score, labels, np.full(400, 0.3), np.arange(400), resamples=200, seed=seed
        )
        covered += found.low <= truth <= found.high
    assert 88 <= covered <= 100
