"""The balanced draw."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from linewise.rationale.study.sampling import balanced

KEYS = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("xyz")), max_size=40)


@given(KEYS, st.integers(0, 50), st.integers(0, 5))
def test_shares_are_equal_until_a_stratum_runs_out(keys, count, seed):
    drawn = balanced(keys, count, seed)
    assert len(set(drawn)) == len(drawn) == min(count, len(keys))
    there = Counter(keys[each][0] for each in range(len(keys)))
    found = Counter(keys[each][0] for each in drawn)
    most = max(found.values(), default=0)
    assert all(found[label] >= min(there[label], most - 1) for label in there)


def test_within_a_stratum_files_have_equal_shares():
    keys = [("a", "large")] * 50 + [("a", "small")] * 4
    found = Counter(keys[each][1] for each in balanced(keys, 6))
    assert found == {"large": 3, "small": 3}


def test_a_seed_draws_the_same_and_another_something_else():
    keys = [("a",)] * 100
    assert balanced(keys, 10, 1) == balanced(keys, 10, 1)
    assert balanced(keys, 10, 1) != balanced(keys, 10, 2)
