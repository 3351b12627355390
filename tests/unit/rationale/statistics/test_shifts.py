"""Shifts between two models beyond their controls, and matrices compared target by target."""

import numpy as np
import pytest

from linewise.rationale.statistics.counts import Rationales, Schema
from linewise.rationale.statistics.divergence import compare, shifts
from linewise.rationale.statistics.matrices import compare_targets
from linewise.rationale.statistics.tally import Tally, total

NAMES = ("indentation", "identifier", "return")


def clusters(shares, seed, count=64, size=60):
    return np.random.default_rng(seed).multinomial(size, shares, count).astype(float)


def by_name(found):
    return {each.category: each for each in found}


def test_what_both_controls_explain_is_no_shift():
    # Model b cuts indentation into more tokens: its rationales and random ones have more of it.
    a, b = ((0.3, 0.4, 0.3), (0.3, 0.4, 0.3)), ((0.5, 0.3, 0.2), (0.5, 0.3, 0.2))
    found = by_name(
        shifts(
            *(
                tuple(clusters(shares, seed) for seed, shares in enumerate(pair, start))
                for start, pair in ((0, a), (2, b))
            ),
            NAMES,
        )
    )
    assert all(each.q > 0.05 for each in found.values())
    assert found["indentation"].b > found["indentation"].a
    low, high = found["indentation"].beyond.low, found["indentation"].beyond.high
    assert low < 0 < high
    assert compare(clusters(a[0], 0), clusters(b[0], 2), NAMES).p < 0.01


def test_what_they_do_not_explain_is_one():
    chance = (0.3, 0.4, 0.3)
    found = by_name(
        shifts(
            (clusters((0.45, 0.3, 0.25), 0), clusters(chance, 1)),
            (clusters(chance, 2), clusters(chance, 3)),
            NAMES,
        )
    )
    shift = found["indentation"]
    assert shift.q < 0.01
    assert shift.beyond.low > 0.08
    assert shift.beyond.value == pytest.approx(
        (shift.a - shift.chance_a) - (shift.b - shift.chance_b)
    )
    assert found["identifier"].beyond.value < 0
    assert sum(each.beyond.value for each in found.values()) == pytest.approx(0)


def test_equal_ones_do_not_differ_at_all():
    both = clusters((0.2, 0.5, 0.3), 0), clusters((0.3, 0.4, 0.3), 1)
    assert all(each.beyond.value == 0 and each.p == 1 for each in shifts(both, both, NAMES))


def test_false_discoveries_are_rare_where_nothing_differs():
    share = (0.3, 0.4, 0.3)
    found = 0
    for seed in range(0, 240, 4):
        rows = [clusters(share, seed + each, size=20) for each in range(4)]
        found += any(
            each.q <= 0.05
            for each in shifts((rows[0], rows[1]), (rows[2], rows[3]), NAMES, flips=499)
        )
    assert found <= 8  # of 60; 3 are expected


def test_an_empty_one_differs_from_nothing():
    rows = clusters((0.2, 0.5, 0.3), 0)
    with pytest.raises(ValueError, match="empty"):
        shifts((rows, np.zeros_like(rows)), (rows, rows), NAMES)


def tally(shares_by_target, seed):
    """Units whose targets of each category rest on four tokens drawn by these shares."""
    generator = np.random.default_rng(seed)
    schema = Schema(NAMES, 3, "nats")
    parts = []
    for unit in range(160):
        for target, shares in shares_by_target.items():
            tokens = generator.choice(3, 4, p=shares)
            parts.append(
                Tally.of(
                    schema,
                    f"u{unit}",
                    Rationales(
                        np.ones((1, 4)),
                        np.ones((1, 4), bool),
                        np.eye(3, dtype=bool)[[target]],
                        np.eye(3, dtype=bool)[tokens],
                        tokens,
                    ),
                )
            )
    return total(schema, parts)


def test_only_the_targets_that_differ_differ():
    same = (0.3, 0.4, 0.3)
    found = compare_targets(
        tally({0: same, 1: (0.6, 0.2, 0.2)}, 0), tally({0: same, 1: same}, 1), least=100
    )
    assert [each.target for each in found] == ["indentation", "identifier"]
    assert all(each.pairs == (640, 640) for each in found)
    alike, other = (by_name(each.divergence.categories) for each in found)
    assert all(each.q > 0.05 for each in alike.values())
    assert other["indentation"].q < 0.01
    assert other["indentation"].effect.low > 0.2


def test_targets_with_too_few_pairs_are_left_out():
    one = tally({0: (0.3, 0.4, 0.3)}, 0)
    assert compare_targets(one, one, least=1000) == ()
