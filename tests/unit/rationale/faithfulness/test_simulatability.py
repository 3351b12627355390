"""What a reader of summaries can know, on worlds where that is set."""

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, r2_score

from linewise.errors import LabDataError
from linewise.lab.evaluate.sample import sample_of
from linewise.lab.evaluate.simulatability import accuracy, explained_variance, simulate

FILES = np.repeat(np.arange(20), 20)


def world(told, seed=0):
    """Log-odds rest on shares to the degree ``told``; each file has a level of its own."""
    generator = np.random.default_rng(seed)
    shares = generator.dirichlet(np.ones(4), len(FILES))
    noise = generator.normal(size=len(FILES))
    level = 0.3 * generator.normal(size=20)[FILES]
    return shares, told * 8 * (shares[:, 0] - 0.25) + (1 - told) * noise + level - 0.5


def test_summaries_that_tell_the_answer_predict_it():
    found = simulate(*world(0.8), FILES, resamples=200)
    assert found.summary["r2"].low > 0.6
    assert found.summary["auc"].value > 0.9
    assert found.over_base_rate["bss"].low > 0.2
    assert found.over_shuffled["r2"].low > 0.5
    assert found.base_rate["r2"].value <= 0
    assert abs(found.shuffled["auc"].value - 0.5) < 0.1
    assert (found.lines, found.files) == (400, 20)
    assert found.flagged == pytest.approx((world(0.8)[1] >= 0).mean())


def test_summaries_that_tell_nothing_predict_nothing():
    found = simulate(*world(0.0), FILES, resamples=200)
    assert found.over_shuffled["r2"].low < 0.02
    assert found.over_base_rate["bss"].low < 0.02
    assert abs(found.summary["auc"].value - 0.5) < 0.1


def test_a_file_does_not_predict_itself():
    """Shares that name the file know its level only where its other lines were seen."""
    generator = np.random.default_rng(1)
    shares = np.eye(20)[FILES]
    log_odds = generator.normal(size=20)[FILES] + 0.01 * generator.normal(size=len(FILES))
    assert simulate(shares, log_odds, FILES, resamples=50).summary["r2"].value < 0.05


def test_metrics_are_those_of_scikit_learn():
    generator = np.random.default_rng(2)
    truth = generator.normal(size=50)
    guess = truth + generator.normal(size=50)
    assert explained_variance(truth, guess) == pytest.approx(r2_score(truth, guess))
    flags, p = truth > 0, 1 / (1 + np.exp(-guess))
    assert accuracy(flags, p) == pytest.approx(accuracy_score(flags, p >= 0.5))
    assert sample_of(flags, p).labels.sum() == flags.sum()


def test_what_cannot_be_simulated():
    shares, log_odds = world(0.5)
    with pytest.raises(LabDataError, match="at least 5 files"):
        simulate(shares, log_odds, FILES % 2)
    with pytest.raises(LabDataError, match="move the threshold"):
        simulate(shares, log_odds, FILES, threshold=99.0)
