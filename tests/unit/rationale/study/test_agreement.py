"""Agreement against its definitions, written out or enumerated."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linewise.rationale.study.agreement import (
    MEASURES,
    expected,
    krippendorff,
    measures,
    over_answers,
    over_pairs,
)

SETS = st.frozensets(st.integers(0, 7))


@given(SETS, SETS)
def test_measures_are_those_of_sets(chosen, marked):
    found = dict(zip(MEASURES, measures(chosen, marked), strict=True))
    both = len(chosen & marked)
    assert (found["jaccard"] == both / len(chosen | marked)) if chosen | marked else True
    assert np.isnan(found["precision"]) if not chosen else found["precision"] == both / len(chosen)
    assert np.isnan(found["recall"]) if not marked else found["recall"] == both / len(marked)
    if both:
        harmonic = 2 / (1 / found["precision"] + 1 / found["recall"])
        assert found["f1"] == pytest.approx(harmonic)
    assert np.isnan(found["jaccard"]) == (not chosen | marked)


@pytest.mark.parametrize(("chosen", "marked", "candidates"), [(2, 2, 5), (3, 1, 6), (4, 5, 6)])
def test_expected_is_the_mean_over_all_choices(chosen, marked, candidates):
    person = frozenset(range(marked))
    every = [measures(frozenset(c), person) for c in combinations(range(candidates), chosen)]
    np.testing.assert_allclose(expected(chosen, marked, candidates), np.mean(every, axis=0))


def test_alpha_of_a_published_example():
    """Krippendorff 2011, *Computing Krippendorff's Alpha-Reliability*, section A."""
    marks = np.array([[0, 1, 0, 0, 0, 0, 0, 0, 1, 0], [1, 1, 1, 0, 0, 1, 0, 0, 0, 0]], float)
    assert krippendorff([marks]).value == pytest.approx(0.095, abs=5e-4)
    assert np.isnan(krippendorff([marks]).low)  # one piece says nothing about others
    halves = krippendorff([marks[:, :5], marks[:, 5:]])
    assert halves.value == pytest.approx(0.095, abs=5e-4)
    assert halves.low <= halves.value <= halves.high


@given(
    st.lists(
        st.lists(st.sampled_from([0.0, 1.0, np.nan]), min_size=6, max_size=6),
        min_size=2,
        max_size=4,
    )
)
def test_alpha_is_disagreement_in_pairs_over_that_of_chance(votes):
    """The definition by coincidences: every ordered pair of votes on one token."""
    pairs = np.zeros((2, 2))
    for token in np.array(votes).T:
        known = token[~np.isnan(token)].astype(int)
        for one in range(len(known)):
            for other in range(len(known)):
                if one != other:
                    pairs[known[one], known[other]] += 1 / (len(known) - 1)
    totals, count = pairs.sum(axis=1), pairs.sum()
    found = krippendorff([np.array(votes)]).value
    if totals.prod() == 0:
        assert np.isnan(found)
    else:
        observed, chance = pairs[0, 1] / count, totals.prod() / count / (count - 1)
        assert found == pytest.approx(1 - observed / chance)


def test_nobody_agrees_with_nobody():
    alone = krippendorff([np.array([[0.0, 1.0]]), np.empty((0, 3))])
    assert np.isnan(alone.value)


def test_means_are_over_answers_and_intervals_over_people_and_pieces():
    generator = np.random.default_rng(1)
    values = generator.random((6, 8, 1))
    values[0, 3:] = np.nan
    found = over_answers(values)
    assert found.value[0] == pytest.approx(np.nanmean(values))
    assert found.low[0] < found.value[0] < found.high[0]
    # People who differ as wholes make it wider than pieces alone do.
    shifted = values + np.linspace(0, 3, 6)[:, None, None]
    assert np.ptp([over_answers(shifted).low, over_answers(shifted).high]) > 3 * np.ptp(
        [found.low, found.high]
    )


def test_what_was_not_answered_is_no_part_of_the_sample():
    values = np.full((4, 9, 1), np.nan)
    values[2, 5] = 0.4
    lone = over_answers(values)
    assert lone.value[0] == 0.4
    assert np.isnan(lone.low[0])
    values[2, 6] = 0.8
    both = over_answers(values)
    assert (both.low[0], both.high[0]) == (0.4, 0.8)
    empty = over_answers(np.full((3, 2, 4), np.nan))
    assert np.isnan(empty.value).all()


def test_pairs_leave_out_what_somebody_has_in_common_with_themselves():
    values = np.zeros((3, 3, 2, 1))
    values[np.arange(3), np.arange(3)] = 1.0
    found = over_pairs(values)
    assert (found.value[0], found.low[0], found.high[0]) == (0.0, 0.0, 0.0)
