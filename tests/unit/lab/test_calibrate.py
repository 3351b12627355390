"""Calibration: every scaler, the choice among them, elsewhere, abstaining, the artefact."""

import json
import subprocess
import sys

import cattrs
import numpy as np
import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from lab_programs import predictions
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from linewise.errors import LabDataError, ProbeMismatchError
from linewise.lab.calibrate.domain import fit_domain, unit_means
from linewise.lab.calibrate.elsewhere import abstain_above, conditional, risk_coverage, transport
from linewise.lab.calibrate.run import calibrate
from linewise.lab.calibrate.scalers import SCALERS, choose, fit, trials
from linewise.lab.evaluate.metrics import brier_skill, expected_calibration_error
from linewise.probe.calibration import Beta, Calibrator, Isotonic, Platt, log_odds, sigmoid
from linewise.probe.calibration_file import read_calibration, write_calibration
from linewise.probe.domain import Conditional
from linewise.probe.prior_shift import estimated_rate, shifted

LOGITS = arrays.arrays(np.float64, st.integers(1, 30), elements=st.floats(-50, 50))


def drawn(n=4000, slope=2.0, intercept=-1.0, seed=0):
    """Logits that are too small by ``slope`` and off by ``intercept``."""
    generator = np.random.default_rng(seed)
    z = generator.normal(0, 1, n)
    return z, generator.random(n) < sigmoid(slope * z + intercept)


FITTED = {name: fit(name, *drawn(500)) for name in SCALERS}


@pytest.mark.parametrize("name", SCALERS)
@given(LOGITS)
def test_scalers_give_probabilities_and_keep_the_order(name, logits):
    p = FITTED[name](logits)
    assert p.shape == logits.shape
    assert ((p >= 0) & (p <= 1)).all()
    assert (np.diff(p[np.argsort(logits)]) >= -1e-12).all()


def test_platt_recovers_slope_and_intercept():
    made = fit("platt", *drawn(40_000))
    assert made.slope == pytest.approx(2, abs=0.1)
    assert made.intercept == pytest.approx(-1, abs=0.05)


def test_temperature_recovers_the_slope_and_none_changes_nothing():
    z, y = drawn(40_000, intercept=0.0)
    made = fit("temperature", z, y)
    assert (made.slope, made.intercept) == (pytest.approx(2, abs=0.1), 0.0)
    assert fit("none", z, y)(z) == pytest.approx(sigmoid(z))


def test_beta_is_logistic_regression_on_both_tails():
    z, y = drawn(4000)
    made = fit("beta", z, y)
    s = sigmoid(z)
    reference = LogisticRegression(C=np.inf).fit(np.column_stack((np.log(s), -np.log1p(-s))), y)
    expected = reference.predict_proba(np.column_stack((np.log(s), -np.log1p(-s))))[:, 1]
    assert made(z) == pytest.approx(expected, abs=1e-4)


def test_isotonic_is_that_of_scikit_learn():
    z, y = drawn(800)
    expected = IsotonicRegression(out_of_bounds="clip").fit(z, y).predict(z)
    assert fit("isotonic", z, y)(z) == pytest.approx(expected, abs=0.01)


CALIBRATORS = [
    Platt(1.5, -1, 0.1, 9),
    Beta(1, 2, 0.5, 0.1, 9),
    Isotonic((0.0, 1.0), (0.1, 0.9), 0.1, 9),
]


@pytest.mark.parametrize("made", CALIBRATORS)
def test_calibrators_are_told_apart_in_json(made):
    raw = json.loads(json.dumps(cattrs.unstructure(made)))
    assert cattrs.structure(raw, Calibrator) == made


def test_an_isotonic_curve_needs_a_probability_per_logit():
    with pytest.raises(ValueError, match="one probability per logit"):
        Isotonic((0.0, 1.0), (0.5,), 0.1, 9)


def test_one_class_and_nan_are_refused_by_name():
    with pytest.raises(LabDataError, match=r"3 lines of x are all unedited"):
        fit("platt", [0.0, 1.0, 2.0], [False] * 3, "lines of x")
    with pytest.raises(LabDataError, match=r"1 of 3 logits of lines of x are not finite"):
        fit("platt", [0.0, np.nan, 2.0], [False, True, True], "lines of x")
    with pytest.raises(LabDataError, match=r"no scaler 'magic'; there are none, temperature"):
        fit("magic", [0.0], [True])


def test_one_class_folds_are_left_out_and_counted():
    z, y = drawn(300)
    groups = np.arange(300) // 100
    y[groups > 0] = False  # without the first problem, nothing is edited
    found = trials(z, y, groups, folds=3)
    assert {row["one_class_folds"] for row in found.values()} == {1}
    with pytest.raises(LabDataError, match="none of 2 folds over 2 problems"):
        trials(z[100:], y[100:], groups[100:])


def test_the_choice_falls_on_what_fits():
    z, y = drawn()
    found = trials(z, y, np.arange(len(z)) // 10)
    assert found["none"]["bss"] < found["platt"]["bss"]
    assert found["none"]["ece"] > found["platt"]["ece"]
    assert choose(found) in {"platt", "beta"}


def test_a_known_prior_shift_is_undone():
    generator = np.random.default_rng(0)
    y = generator.random(50_000) < 0.1
    p = sigmoid(generator.normal(np.where(y, 1.0, -1.0)) * 2 + log_odds(0.1))
    edited = np.flatnonzero(y)
    here = np.concatenate((edited, np.flatnonzero(~y)[: 3 * len(edited)]))  # a quarter are edited
    assert expected_calibration_error(y, p) < 0.01
    assert expected_calibration_error(y[here], p[here]) > 0.05
    rate = y[here].mean()
    assert estimated_rate(p[here], 0.1) == pytest.approx(rate, abs=0.02)
    assert expected_calibration_error(y[here], shifted(p[here], 0.1, rate)) < 0.02


@given(st.floats(0.05, 0.95), st.floats(0.05, 0.95), st.floats(0.01, 0.99))
def test_a_shift_and_back_is_nothing(one, other, p):
    assert shifted(shifted(p, one, other), other, one) == pytest.approx(p, abs=1e-6)
    assert shifted(one, one, other) == pytest.approx(other, abs=1e-6)


def test_rates_are_rates():
    with pytest.raises(ValueError, match="between 0 and 1"):
        shifted([0.5], 0.0, 0.5)
    assert estimated_rate([], 0.2) == 0.2
    assert estimated_rate(np.full(50, 0.9), 0.2) == pytest.approx(0.5)  # odds 1/4, times 4 at most


def states(n=600, d=12, seed=0):
    generator = np.random.default_rng(seed)
    return generator.normal(size=(n, d)) * np.linspace(1, 30, d), np.arange(n) // 3


def test_strangeness_1_is_the_strangest_twentieth():
    hidden, groups = states()
    domain = fit_domain(hidden, groups, directions=6)
    fresh, _ = states(seed=1)
    assert np.mean(domain.strangeness(fresh) > 1) == pytest.approx(0.05, abs=0.03)
    assert (domain.strangeness(fresh + 300) > 2).all()


def test_with_all_directions_it_is_the_mahalanobis_distance():
    hidden, groups = states(d=5)
    domain = fit_domain(hidden, groups, directions=4)
    fresh, _ = states(d=5, n=50, seed=1)
    centred = fresh - hidden.mean(axis=0)
    exact = np.sqrt(np.einsum("nd,de,ne->n", centred, np.linalg.inv(np.cov(hidden.T)), centred))
    ours = domain.strangeness(fresh) * domain.unit_distance
    assert np.corrcoef(exact, ours)[0, 1] > 0.99


def test_a_text_the_model_finds_unlikely_is_strange_too():
    hidden, groups = states()
    logp = np.random.default_rng(0).normal(-1.5, 0.3, len(hidden))
    domain = fit_domain(hidden, groups, logp)
    familiar = domain.strangeness(hidden[:1], [-1.5])
    assert familiar == domain.strangeness(hidden[:1])
    assert domain.strangeness(hidden[:1], [-6.0])[0] > 3


def test_damaged_or_foreign_activations_are_refused_by_name():
    hidden, groups = states()
    hidden[7, 3] = np.nan
    with pytest.raises(LabDataError, match=r"1 of 600 units.*problem 2"):
        fit_domain(hidden, groups)
    domain = fit_domain(*states())
    with pytest.raises(ProbeMismatchError, match="7 wide, the calibration was fitted on 12"):
        domain.strangeness(np.zeros((1, 7)))
    with pytest.raises(ProbeMismatchError, match="not finite"):
        domain.strangeness(np.full((1, 12), np.nan))
    with pytest.raises(LabDataError, match="too few"):
        fit_domain(np.zeros((5, 3)), np.arange(5))


def test_unit_means_average_token_ranges():
    hidden = np.arange(12.0).reshape(6, 2)
    assert unit_means(hidden, np.array([[0, 2], [2, 6]])).tolist() == [[1, 2], [7, 8]]


def left_out(strength=1.0, n=1500):
    """Three sources; the stranger a line, the less its logit means."""
    found = {}
    for seed, source in enumerate("ABC"):
        made = predictions(seed, n, source=source)
        strange = np.random.default_rng(seed + 10).uniform(0, 2, n)
        blurred = made.logit * np.where(strange > 1, 1 - strength, 1.0) + np.where(
            strange > 1, strength * np.random.default_rng(seed).normal(-1.5, 1.5, n), 0.0
        )
        found[source] = evolve(
            made, logit=blurred, domain=strange, split=f"without source {source}"
        )
    return found


def test_heeding_strangeness_helps_where_it_matters():
    sources = left_out()
    figures = transport(sources)
    for row in figures.values():
        assert row["conditional"]["bss"] > row["platt"]["bss"]
    fair = transport(left_out(strength=0.0))
    assert all(row["platt"]["ece"] < 0.05 for row in fair.values())
    with pytest.raises(LabDataError, match="two sources"):
        transport({"A": sources["A"]})


def test_a_source_of_one_class_has_no_figures():
    sources = left_out()
    sources["C"] = evolve(sources["C"], label=np.zeros(len(sources["C"]), bool))
    assert "platt" not in transport(sources)["C"]


def test_abstaining_trades_coverage_for_skill():
    rows = risk_coverage(left_out(), conditional)
    assert [row["coverage"] for row in rows] == sorted(row["coverage"] for row in rows)
    assert rows[0]["bss"] > rows[-1]["bss"]


def test_abstaining_where_even_the_worst_source_does_not_hold():
    def row(coverage, worst, bss=0.1):
        return {"strangeness": coverage * 2, "coverage": coverage, "bss": bss, "worst_ece": worst}

    assert abstain_above([row(0.5, 0.01), row(0.8, 0.04), row(1.0, 0.09)]) == 1.6
    assert abstain_above([row(0.5, 0.01), row(1.0, 0.02)]) == 2.0
    assert abstain_above([row(0.5, 0.2), row(1.0, 0.3)]) == 1.0
    assert abstain_above([row(0.5, 0.01), row(1.0, 0.02, bss=-0.1)]) == 1.0


def made_calibration():
    sources = left_out()
    training = frozenset(name for each in sources.values() for name in each.document)
    found = [evolve(predictions(3, 1500), split="out of fold"), *sources.values()]
    return calibrate(
        found,
        method="m",
        training=training,
        input_builder=1,
        model_sha256="0" * 64,
        domain=fit_domain(*states()),
    )


def test_a_calibration_says_the_same_after_a_file(tmp_path):
    made = made_calibration()
    path = tmp_path / "new" / "calibration.json"
    write_calibration(made, path)
    again = read_calibration(path)
    z = np.linspace(-5, 5, 21)
    for strangeness in (None, 0.2, 1.9):
        p, abstains = made.levels["line"](z, strangeness, 12)
        q, abstained = again.levels["line"](z, strangeness, 12)
        assert q == pytest.approx(p, abs=1e-4)
        assert (abstains == abstained).all()
    assert again.levels["line"].abstain_above == made.levels["line"].abstain_above
    assert again.levels["line"].conditional is not None
    fresh = states(seed=1)[0]
    assert again.domain.strangeness(fresh) == pytest.approx(
        made.domain.strangeness(fresh), rel=1e-3
    )
    assert "left-out sources" in again.levels["line"].trials


def test_test_programs_calibrate_nothing():
    sources = left_out()
    found = [evolve(predictions(3, 1500), split="out of fold"), *sources.values()]
    made = calibrate(found, method="m", training=frozenset(), input_builder=1)
    assert made.levels["line"].conditional is None
    assert made.levels["line"].abstain_above is None


def test_what_was_not_predicted_cannot_be_calibrated():
    with pytest.raises(LabDataError, match=r"no out-of-fold predictions of 'x'.*'m'"):
        calibrate(
            [evolve(predictions(), split="out of fold")],
            method="x",
            training=frozenset(),
            input_builder=1,
        )


def test_a_calibration_for_something_else_is_refused_by_name():
    made = made_calibration()
    made.check_fits("tiny", "0" * 64, 1)
    with pytest.raises(ProbeMismatchError, match=r"input builder 1, this version.*with 2"):
        made.check_fits("tiny", "0" * 64, 2)
    with pytest.raises(ProbeMismatchError, match="but tiny has weights ffffffffffff"):
        made.check_fits("tiny", "f" * 64, 1)


@pytest.mark.parametrize("text", ["{", "[]", '{"version": 9}', '{"version": 1, "method": "m"}'])
def test_a_damaged_file_is_refused_by_name(tmp_path, text):
    path = tmp_path / "calibration.json"
    path.write_text(text)
    with pytest.raises(ProbeMismatchError, match=r"calibration\.json: "):
        read_calibration(path)


def test_conditional_calibration_stops_at_the_edge_of_what_was_fitted():
    made = Conditional((1.0, -1.0, -0.2, 0.0, 0.0))
    assert made(1.0, 2.0, 5) == made(1.0, 50.0, 5)
    with pytest.raises(ValueError, match="5 weights, not 2"):
        Conditional((1.0, 2.0))


def test_applying_a_calibration_imports_no_scikit_learn():
    code = (
        "import sys, linewise.probe.calibration_file, linewise.probe.prior_shift\n"
        "print(sorted({'sklearn', 'scipy', 'torch', 'pandas'} & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert result.stdout.strip() == b"[]"


@pytest.mark.parametrize("seed", range(3))
def test_scaling_never_loses_much_skill_where_it_was_fitted(seed):
    z, y = drawn(2000, seed=seed)
    for name in ("platt", "beta", "isotonic"):
        assert brier_skill(y, fit(name, z, y)(z)) >= brier_skill(y, sigmoid(z)) - 1e-3
