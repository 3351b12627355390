"""Signal and noise on explanations whose signal and noise were put there."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy import stats

from linewise.rationale.noise.snr import (
    by_class,
    feature_noise,
    first_order_snr,
    normalised,
    rank_agreement,
    rank_snr,
    signal_noise,
    trace_ratio,
    with_interval,
)

EXPLANATIONS = arrays.arrays(
    np.float64, st.tuples(st.integers(2, 6), st.integers(2, 8)), elements=st.floats(-10, 10)
)


def repeated(signal, noise, repetitions=10, features=2000, seed=0):
    """Weights with the given variances of signal and noise."""
    generator = np.random.default_rng(seed)
    truth = np.sqrt(signal) * generator.normal(size=features)
    return truth + np.sqrt(noise) * generator.normal(size=(repetitions, features))


@pytest.mark.parametrize(("signal", "noise"), [(4.0, 1.0), (1.0, 4.0), (0.25, 1.0)])
def test_what_was_put_in_is_found(signal, noise):
    found = signal_noise(repeated(signal, noise))
    assert found.signal == pytest.approx(signal, rel=0.15)
    assert found.noise == pytest.approx(noise, rel=0.05)
    assert found.reliability == pytest.approx(signal / (signal + noise), rel=0.1)
    assert found.reliability_of_mean == pytest.approx(signal / (signal + noise / 10), rel=0.1)


def test_pure_noise_is_no_signal_however_few_the_repetitions():
    """Without the correction, two repetitions would show a signal of half the noise."""
    found = [signal_noise(repeated(0.0, 1.0, 2, 50, seed)) for seed in range(200)]
    uncorrected = [f.signal + f.noise / 2 for f in found]
    assert np.mean(uncorrected) > 0.5
    assert np.median([f.snr for f in found]) < 0.05
    unclipped = [repeated(0.0, 1.0, 2, 50, seed) for seed in range(200)]
    raw = [e.mean(axis=0).var(ddof=1) - e.var(axis=0, ddof=1).mean() / 2 for e in unclipped]
    assert np.mean(raw) == pytest.approx(0, abs=0.03)


def test_reliability_is_the_correlation_of_two_repetitions():
    e = repeated(1.5, 1.0, repetitions=30, features=500)
    every = np.corrcoef(e)[np.triu_indices(30, 1)].mean()
    assert signal_noise(e).reliability == pytest.approx(every, abs=0.02)


@given(EXPLANATIONS)
def test_shift_and_scale_do_not_change_the_ratio(e):
    one = signal_noise(e)
    if one.noise > 1e-3:
        other = signal_noise(3 * e + 7)
        assert other.snr == pytest.approx(one.snr, abs=1e-6)
        assert other.noise == pytest.approx(9 * one.noise)


@given(EXPLANATIONS)
def test_one_dimension_is_the_first_order(e):
    assert repr(trace_ratio(e[:, :, None])) == repr(signal_noise(e))


@given(EXPLANATIONS, st.integers(0, 100))
def test_rotating_features_does_not_change_the_trace_ratio(e, seed):
    cube = np.stack([e, np.roll(e, 1, axis=1), e[::-1] / 2], axis=2)
    rotation = stats.special_ortho_group.rvs(3, random_state=seed)
    one, other = trace_ratio(cube), trace_ratio(cube @ rotation)
    assert other.noise == pytest.approx(one.noise, abs=1e-9)
    assert other.signal == pytest.approx(one.signal, abs=1e-9)


def test_constant_explanations():
    assert signal_noise([[1.0, 2], [1, 2]]).snr == np.inf
    assert signal_noise([[1.0, 2], [1, 2]]).reliability == 1
    assert np.isnan(signal_noise([[1.0, 1], [1, 1]]).snr)


@given(EXPLANATIONS)
def test_rank_agreement_is_the_mean_spearman_and_kendalls_w(e):
    ranking = [row for row in e if np.ptp(row) > 0]
    found = rank_agreement(e)
    if len(ranking) < 2:
        assert np.isnan(found)
        return
    pairs = [
        stats.spearmanr(ranking[i], ranking[j]).statistic
        for i in range(len(ranking))
        for j in range(i)
    ]
    assert found == pytest.approx(np.mean(pairs), abs=1e-9)
    if all(len(set(row)) == len(row) for row in ranking):
        s, n = len(ranking), e.shape[1]
        sums = stats.rankdata(ranking, axis=1).sum(axis=0)
        w = 12 * np.square(sums - sums.mean()).sum() / (s**2 * (n**3 - n))
        assert (1 + (s - 1) * found) / s == pytest.approx(w)


def test_rank_snr_is_on_the_scale_of_the_first_order_and_deaf_to_outliers():
    e = repeated(2.0, 1.0, 20)
    assert rank_snr(e) == pytest.approx(first_order_snr(e), rel=0.15)
    e[3, 5] = 1e6
    assert rank_snr(e) == pytest.approx(2.0, rel=0.15)
    assert first_order_snr(e) < 1.0
    assert rank_snr(np.array([[1.0, 2, 3], [1, 2, 3]])) == np.inf
    assert rank_snr(np.array([[1.0, 2, 3], [3, 2, 1]])) == 0


def test_features_that_stand_out():
    e = repeated(0.0, 1.0, 25, 40)
    e[:, 7] += 3
    found = feature_noise(e)
    assert found.z.argmax() == 7
    assert found.z[7] == pytest.approx(3 * 5, rel=0.3)
    assert found.mean == pytest.approx(e.mean(axis=0))
    still = feature_noise([[1.0, 0, 0.5], [1, 0, 0.5]]).z
    assert still[:2].tolist() == [np.inf, -np.inf]
    assert np.isnan(still[2])


def test_classes_are_measured_apart():
    e = np.concatenate([repeated(9.0, 1.0, 10, 300), repeated(0.0, 1.0, 10, 300, 1)], axis=1)
    classes = np.repeat([0, 1], 300)
    steady, luck, lonely = by_class(np.c_[e, e[:, 0]], [*classes, 2], 3)
    assert steady.snr > 7
    assert luck.snr < 0.1
    assert lonely is None


def test_repetitions_are_brought_to_one_scale():
    e = repeated(1.0, 0.5, 8, 50)
    scaled = e * np.arange(1, 9)[:, None]
    assert normalised(scaled) == pytest.approx(normalised(e))
    assert np.abs(normalised(e)).sum(axis=1) == pytest.approx(1)
    assert normalised([[0.0, 0.0]]).tolist() == [[0, 0]]


def test_the_interval_covers_as_often_as_it_claims():
    hits = []
    for seed in range(200):
        e = repeated(2.0, 1.0, 10, 40, seed)
        truth = np.sqrt(2.0) * np.random.default_rng(seed).normal(size=40)
        found = with_interval(first_order_snr, e)
        hits.append(found.low <= truth.var(ddof=1) <= found.high)
    assert 0.9 <= np.mean(hits) <= 0.99


def test_intervals_of_any_ratio():
    e = repeated(2.0, 1.0, 12, 60)
    for ratio in (first_order_snr, rank_snr):
        found = with_interval(ratio, e)
        assert 0 < found.low < found.value < found.high
    still = with_interval(first_order_snr, np.tile([1.0, 2.0], (4, 1)))
    assert still.value == np.inf
    assert np.isnan(still.low)


@pytest.mark.parametrize("shape", [(1, 5), (5, 1), (5,), (0, 0)])
def test_too_little_is_refused(shape):
    with pytest.raises(ValueError, match="repetitions"):
        signal_noise(np.zeros(shape))
    with pytest.raises(ValueError, match="repetitions"):
        with_interval(first_order_snr, np.zeros((2, 5)))
