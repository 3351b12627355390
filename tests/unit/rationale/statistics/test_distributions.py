"""Entropies and divergences: fixed points, definitions, false alarms and power."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from rationale_units import CATEGORIES, SCHEMA, rationales, tally
from scipy import stats
from scipy.spatial.distance import jensenshannon

from linewise.rationale.statistics.counts import Rationales, Schema, TallyError
from linewise.rationale.statistics.divergence import (
    aligned,
    compare,
    discovery_rates,
    jensen_shannon,
)
from linewise.rationale.statistics.entropy import entropy, entropy_reduction, normalised_entropy
from linewise.rationale.statistics.tables import Amount
from linewise.rationale.statistics.tally import Tally, total

MASSES = arrays.arrays(np.float64, 6, elements=st.floats(0, 100)).filter(lambda x: x.sum() > 1e-3)


@given(MASSES)
def test_entropy_is_scipys(masses):
    assert entropy(masses) == pytest.approx(stats.entropy(masses, base=2))
    assert -1e-12 <= normalised_entropy(masses) <= 1 + 1e-12


def test_entropy_at_its_bounds():
    assert entropy([[1, 1, 1, 1], [3, 0, 0, 0], [0, 0, 0, 0]]).tolist() == [2, 0, 0]
    assert normalised_entropy([[1, 1, 0, 0], [3, 0, 0, 0], [0, 0, 0, 0]]).tolist() == [1, 0, 0]


@given(MASSES, MASSES)
def test_distance_is_symmetric_and_bounded(a, b):
    distance = jensen_shannon(a, b)
    assert distance == pytest.approx(jensen_shannon(b, a), abs=1e-7)
    assert 0 <= distance <= 1 + 1e-9
    assert jensen_shannon(a, a) == pytest.approx(0, abs=1e-7)
    assert jensen_shannon([1, 0], [0, 3]) == pytest.approx(1)
    # Of equal distributions, scipy may take the root of a rounding error below 0.
    assert distance == pytest.approx(np.nan_to_num(jensenshannon(a, b, base=2)), abs=1e-7)
    assert np.isnan(jensen_shannon([[0, 0], [1, 0]], [1, 1])).tolist() == [True, False]


def test_shares_that_are_equal_but_for_rounding_do_not_differ():
    a, b = np.array([[1.0, 9, 327], [0, 0, 9]]), np.array([[1.0, 100, 236], [0, 9, 0]])
    found = {each.category: each for each in compare(a, b, "xyz").categories}
    assert abs(found["x"].effect.value) < 1e-15
    assert (found["x"].p, found["x"].q) == (1.0, 1.0)


@given(arrays.arrays(np.float64, st.integers(1, 12), elements=st.floats(0, 1)))
def test_discovery_rates_are_scipys(p):
    assert discovery_rates(p) == pytest.approx(stats.false_discovery_control(p))


def words(categories, counts, seed=0, units=40):
    """Tally units whose rationale tokens are drawn by ``counts`` and have fixed ``categories``."""
    schema = Schema(("a", "b"), len(categories), "test, nats")
    generator = np.random.default_rng(seed)
    tallies = []
    for unit in range(units):
        ids = generator.choice(len(counts), 50, p=np.array(counts) / np.sum(counts))
        one = np.ones((1, 50))
        members = np.eye(2, dtype=bool)
        tallies.append(
            Tally.of(
                schema,
                f"{unit}.py",
                Rationales(one, one > 0, members[:1], members[np.array(categories)[ids]], ids),
            )
        )
    return total(schema, tallies)


def test_uniform_tokens_leave_nothing_beyond_the_control():
    """Any mapping of equal sizes does the same to a uniform distribution."""
    found = entropy_reduction(words([0] * 8 + [1] * 8, [1] * 16), draws=200)
    assert found.tokens.bits.value == pytest.approx(4, abs=0.02)
    assert found.categories.bits.value == pytest.approx(1, abs=0.01)
    assert found.reduction.value == pytest.approx(0.75, abs=0.01)
    assert found.beyond.low <= 0 <= found.beyond.high
    assert found.p > 0.05
    assert (found.tokens.support, found.categories.support) == (16, 2)


def test_categories_that_gather_the_frequent_tokens_beat_the_control():
    frequent = [40] * 8 + [1] * 8
    gathered = entropy_reduction(words([0] * 8 + [1] * 8, frequent), draws=500)
    scattered = entropy_reduction(words([0, 1] * 8, frequent), draws=500)
    assert 0 < gathered.beyond.low < gathered.beyond.value < gathered.beyond.high
    assert gathered.p < 0.01
    assert scattered.reduction.value < gathered.reduction.value
    assert scattered.beyond.value < gathered.beyond.value
    # The same tokens and class sizes: only the mapping differs, and the control is the same.
    assert scattered.control.value == pytest.approx(gathered.control.value, abs=0.03)


def test_a_deterministic_control_is_the_mean_over_all_mappings():
    """Four tokens, classes of 1 and 3: the control has four mappings, so it can be enumerated."""
    sample = words([0, 1, 1, 1], [8, 4, 2, 2])
    found = entropy_reduction(sample, draws=4000)
    _, counts = np.unique(sample.cells["tokens"].tocoo().col // 2, return_inverse=True)
    masses = np.bincount(counts, sample.cells["tokens"].tocoo().data)
    mixed = [1 - entropy([m, masses.sum() - m]) / entropy(masses) for m in masses]
    assert found.control.value == pytest.approx(np.mean(mixed), abs=0.01)
    assert found.p == pytest.approx(np.mean(np.array(mixed) >= mixed[0]), abs=0.03)


def test_a_figure_lies_within_its_interval_even_where_the_vocabulary_is_sparse():
    """Half of these tokens are seen once: resampled entropies all lie below the observed one."""
    frequencies = 1 / np.arange(1, 2001)
    found = entropy_reduction(words([0, 1] * 1000, frequencies, units=20), draws=50)
    for figure in (
        found.tokens.bits,
        found.tokens.normalised,
        found.categories.bits,
        found.reduction,
        found.beyond,
    ):
        assert figure.low < figure.value < figure.high
    assert found.beyond.value == pytest.approx(found.reduction.value - found.control.value)


def test_an_ambiguous_token_keeps_its_proportions():
    sample = total(SCHEMA, [tally(seed, targets=9, context=30) for seed in range(20)])
    found = entropy_reduction(sample, Amount.WEIGHT, draws=100)
    # Every token is each category as often as any other here: shuffling them changes little.
    assert abs(found.beyond.value) < 0.02
    assert found.tokens.normalised.value > 0.95


def test_entropy_of_nothing_is_refused():
    with pytest.raises(TallyError, match="scan first"):
        entropy_reduction(Tally.empty(SCHEMA))


def drawn(generator, p, clusters=64, tokens=40):
    """Counts by cluster; clusters differ in size and, by a Dirichlet draw, in distribution."""
    sizes = generator.integers(1, tokens, clusters)
    return np.array(
        [generator.multinomial(n, generator.dirichlet(20 * np.array(p))) for n in sizes], float
    )


SAME, SHIFTED = (0.5, 0.3, 0.15, 0.05), (0.5, 0.2, 0.25, 0.05)
NAMES = ("w", "x", "y", "z")


def test_false_alarms_come_as_often_as_they_claim():
    generator = np.random.default_rng(1)
    p_values, found_any, covered = [], [], []
    for repetition in range(150):
        found = compare(
            drawn(generator, SAME),
            drawn(generator, SAME),
            NAMES,
            flips=199,
            resamples=200,
            seed=repetition,
        )
        p_values.append([found.p, *(each.p for each in found.categories)])
        found_any.append(any(each.q < 0.05 for each in found.categories))
        covered += [each.effect.low <= 0 <= each.effect.high for each in found.categories]
    false = (np.array(p_values) < 0.05).mean(axis=0)
    assert (false < 0.11).all()
    assert np.mean(found_any) < 0.11
    assert np.mean(covered) > 0.9


def test_real_differences_are_found_where_they_are():
    generator = np.random.default_rng(2)
    found = compare(
        drawn(generator, SAME, tokens=200), drawn(generator, SHIFTED, tokens=200), NAMES
    )
    assert found.p < 0.01
    assert found.distance.low > 0
    significant = {each.category for each in found.categories if each.q < 0.05}
    assert significant == {"x", "y"}
    effects = {each.category: each.effect for each in found.categories}
    assert effects["x"].low < 0.1 < effects["x"].high
    assert effects["y"].low < -0.1 < effects["y"].high
    assert [each.q for each in found.categories] == pytest.approx(
        stats.false_discovery_control([each.p for each in found.categories])
    )


def test_the_distance_is_corrected_for_what_chance_adds():
    generator, found, plain = np.random.default_rng(4), [], []
    for seed in range(40):
        a, b = drawn(generator, SAME), drawn(generator, SAME)
        found.append(compare(a, b, NAMES, flips=9, resamples=100, seed=seed).distance)
        plain.append(jensen_shannon(a.sum(axis=0), b.sum(axis=0)))
    assert np.mean([each.value for each in found]) < 0.6 * np.mean(plain)
    assert np.mean([each.low == 0 for each in found]) > 0.9


def test_pairing_sharpens():
    """Two models on the same files: what the files have in common cancels."""
    generator = np.random.default_rng(3)
    files = 50 * generator.dirichlet(2 * np.array(SAME), 64)
    nudge = np.array([0, -1.0, 1.0, 0])
    a, b = files + 2, files + 2 + nudge * generator.random((64, 1))
    paired = compare(a, b, NAMES)
    apart = compare(a, generator.permutation(b), NAMES)
    assert paired.p < 0.01 < apart.p


def test_equal_distributions_are_at_no_distance():
    rows = drawn(np.random.default_rng(0), SAME)
    found = compare(rows, rows, NAMES, flips=99, resamples=99)
    assert found.distance.value == 0
    assert found.p == 1
    assert all(each.effect.value == each.effect.low == 0 for each in found.categories)


def test_what_cannot_be_compared():
    with pytest.raises(ValueError, match="empty"):
        compare(np.zeros((3, 2)), np.ones((3, 2)), ("a", "b"))
    one = compare(np.array([[1.0, 2.0]]), np.array([[2.0, 1.0]]), ("a", "b"))
    assert np.isnan(one.distance.low)
    assert one.p == 1
    unseen = compare(np.array([[1.0, 0], [2, 0]]), np.array([[2.0, 0], [1, 0]]), ("a", "b"))
    assert [each.category for each in unseen.categories] == ["a"]


def test_tallies_are_compared_on_their_clusters():
    names = [f"{i}.py" for i in range(150)]
    a, b = (
        total(
            SCHEMA,
            [
                Tally.of(SCHEMA, name, rationales([i, which], 5, 20, shares))
                for i, name in enumerate(names)
            ],
        )
        for which, shares in enumerate([(0.5, 0.2, 0.3), (0.4, 0.3, 0.3)])
    )
    found = compare(aligned(a, Amount.COUNT), aligned(b, Amount.COUNT), CATEGORIES)
    effects = {each.category: each for each in found.categories}
    assert effects["identifier"].q < 0.05
    assert effects["loops"].q < 0.05
    assert abs(effects["operators"].effect.value) < 0.05
    assert aligned(a, Amount.WEIGHT).shape == (64, 3)
