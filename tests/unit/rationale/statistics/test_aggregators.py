"""Token → category → group, against plain Python."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from linewise.rationale.statistics.aggregators import (
    UnknownAggregatorError,
    aggregate,
    aggregators,
    coarser,
    grouping,
    one_hot,
    register,
    shares,
)

WEIGHTS = st.lists(st.floats(-5, 5), min_size=1, max_size=30)
BY_HAND = {
    "sum": sum,
    "mean": lambda x: sum(x) / len(x),
    "median": lambda x: float(np.median(x)),
    "max": max,
    "min": min,
    "absolute sum": lambda x: sum(map(abs, x)),
    "absolute max": lambda x: max(x, key=abs),
    "positive part": lambda x: sum(each for each in x if each > 0),
    "negative part": lambda x: -sum(each for each in x if each < 0),
    "euclidean norm": lambda x: sum(each * each for each in x) ** 0.5,
}


@given(WEIGHTS, st.randoms(use_true_random=False))
def test_every_aggregator_is_its_definition(weights, random):
    classes = [random.randrange(3) for _ in weights]
    members = one_hot(classes, 4)
    assert set(BY_HAND) == set(aggregators())
    for name, by_hand in BY_HAND.items():
        found = aggregate(weights, members, name)
        for k in range(4):
            mine = [w for w, c in zip(weights, classes, strict=True) if c == k]
            assert found[k] == pytest.approx(by_hand(mine) if mine else 0.0, abs=1e-9)


def test_leading_axes_are_kept():
    weights = np.arange(12.0).reshape(2, 2, 3)
    found = aggregate(weights, one_hot([0, 1, 0], 2), "sum")
    assert found.shape == (2, 2, 2)
    assert found[1, 0].tolist() == [6 + 8, 7]


def test_a_token_of_two_categories_of_one_group_counts_once_in_it():
    members = np.array([[True, True, False], [False, False, True]])
    names, of_class = grouping(("if", "call", "name"), {"if": "code", "call": "code", "name": "nl"})
    groups = coarser(members, of_class, len(names))
    assert names == ("code", "nl")
    assert aggregate([2.0, 3.0], members, "sum").tolist() == [2, 2, 3]
    assert aggregate([2.0, 3.0], groups, "sum").tolist() == [2, 3]


def test_names_are_checked():
    with pytest.raises(UnknownAggregatorError, match="absolute sum, euclidean norm"):
        aggregate([1.0], one_hot([0], 1), "average")
    with pytest.raises(ValueError, match="two aggregators"):
        register("sum")(lambda weights: weights)
    with pytest.raises(KeyError):
        grouping(("if",), {})


@given(arrays.arrays(np.float64, (3, 5), elements=st.floats(0, 1e300)))
def test_shares_add_up_to_one(amounts):
    for row, found in zip(amounts, shares(amounts), strict=True):
        assert found.sum() == pytest.approx(1.0 if row.any() else 0.0)
        assert (found >= 0).all()


def test_amounts_that_cancel_have_no_shares():
    with pytest.raises(ValueError, match="one sign"):
        shares([1.0, -1.0])
