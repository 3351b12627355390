"""Deletion tests on scores whose truth is known."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linewise.rationale.faithfulness.curves import faithfulness
from linewise.rationale.faithfulness.units import verdict

TRUTH = np.array([5.0, 0.0, 3.0, -1.0, 0.5, 0.0, 0.0, 0.25, 0.0, 0.0])


def additive(kept):
    """Score a text by what its tokens add: the one model whose weights are beyond doubt."""
    return kept @ TRUTH


def test_an_additive_model_gives_the_curves_by_hand():
    found = faithfulness(TRUTH, additive, fractions=(0.1, 0.2, 0.3, 1.0))
    assert found.whole == TRUTH.sum() == 7.75
    assert found.nothing == 0
    assert found.sufficiency == pytest.approx([5, 8, 8.5, 7.75])
    assert found.comprehensiveness == pytest.approx([5, 8, 8.5, 7.75])
    height = (0.1 * 6.5 + 0.1 * 8.25 + 0.7 * (8.5 + 7.75) / 2) / 0.9
    assert found.sufficiency_area.value == pytest.approx(height)


def test_the_truth_beats_every_random_rationale_and_its_reverse_none():
    best = faithfulness(TRUTH, additive, draws=50)
    worst = faithfulness(-TRUTH, additive, draws=50)
    for area in (best.sufficiency_area, best.comprehensiveness_area):
        assert area.beaten >= 0.99
        assert 0 < area.difference.low < area.difference.value < area.difference.high
        assert area.difference.value == pytest.approx(area.value - area.random)
    assert worst.sufficiency_area.beaten <= 0.01
    assert worst.comprehensiveness_area.difference.high < 0


def test_random_rationales_are_what_chance_makes_them():
    found = faithfulness(TRUTH, additive, fractions=(0.3,), draws=2000)
    every = [TRUTH[list(some)].sum() for some in itertools.combinations(range(10), 3)]
    assert found.sufficiency_area.random == pytest.approx(np.mean(every), abs=0.1)
    assert found.sufficiency_area.value == 8.5


@given(
    st.lists(st.floats(-10, 10), min_size=1, max_size=12),
    st.integers(1, 7),
    st.integers(0, 12),
    st.data(),
)
def test_every_mask_has_the_size_it_should_and_is_asked_once(weights, batch, draws, data):
    fixed = np.array(
        data.draw(st.lists(st.booleans(), min_size=len(weights), max_size=len(weights)))
    )
    fixed[0] = False
    asked = []

    def score(kept):
        assert len(kept) <= batch
        asked.extend(map(tuple, kept))
        return kept.sum(axis=1).astype(float)

    found = faithfulness(weights, score, fixed=fixed, draws=draws, batch=batch)
    assert len(asked) == len(set(asked)) <= 2 * 5 * (1 + draws) + 2
    assert all(np.array(mask)[fixed].all() for mask in asked)
    free = (~fixed).sum()
    sizes = np.ceil(np.round(np.array(found.fractions) * free, 9))
    assert found.sufficiency == pytest.approx(sizes + fixed.sum())
    assert found.comprehensiveness == pytest.approx(sizes)
    if draws:
        # A score that only counts tells no rationale from another.
        assert found.sufficiency_area.beaten == 0.5
        assert found.sufficiency_area.difference.value == pytest.approx(0)


def test_ties_go_to_the_latest_token():
    seen = []

    def score(kept):
        seen.extend(map(tuple, kept))
        return np.zeros(len(kept))

    faithfulness([1.0, 1.0, 1.0, 0.0], score, fractions=(0.25,), draws=0)
    assert (False, False, True, False) in seen


def test_one_token_is_its_own_rationale():
    found = faithfulness([2.0], lambda kept: kept.sum(axis=1) * 3.0)
    assert found.sufficiency.tolist() == found.comprehensiveness.tolist() == [3.0] * 5
    assert found.sufficiency_area.beaten == 0.5


@pytest.mark.parametrize(
    ("weights", "more"),
    [
        ([], {}),
        ([1.0], {"fixed": np.array([True])}),
        ([np.nan, 1.0], {}),
        ([1.0], {"fractions": (0.5, 0.2)}),
        ([1.0], {"fractions": (0.0, 0.2)}),
        ([1.0], {"fractions": (0.5, 1.5)}),
    ],
)
def test_what_cannot_be_measured_is_refused(weights, more):
    with pytest.raises(ValueError):
        faithfulness(weights, lambda kept: kept.sum(axis=1), **more)


def areas(weights_of, units=40):
    generator = np.random.default_rng(0)
    found = []
    for unit in range(units):
        truth = generator.normal(size=20)
        kept = faithfulness(
            weights_of(truth, generator), lambda kept, truth=truth: kept @ truth, seed=unit
        )
        found.append(kept.comprehensiveness_area)
    return found


def test_a_verdict_tells_a_good_method_from_chance():
    files = np.arange(40) // 4
    good = verdict(areas(lambda truth, g: truth + 0.5 * g.normal(size=20)), files)
    chance = verdict(areas(lambda truth, g: g.normal(size=20)), files)
    assert (good.units, good.groups) == (40, 10)
    assert good.better.value > 0.95
    assert good.difference.low > 0
    assert chance.beaten.low < 0.5 < chance.beaten.high
    assert chance.difference.low < 0 < chance.difference.high


def test_a_verdict_on_nothing_is_refused():
    with pytest.raises(ValueError, match="no unit"):
        verdict([], [])
