"""Tallies are a commutative group, exact, and survive every way of storing them."""

import io
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rationale_units import CATEGORIES, SCHEMA, TALLIES, rationales, tally

from linewise.rationale.statistics import sketch
from linewise.rationale.statistics.counts import QUANTUM, Cells, Counted, Schema, TallyError
from linewise.rationale.statistics.intervals import percentile, resampling
from linewise.rationale.statistics.tables import Amount, amounts, category_table, matrix
from linewise.rationale.statistics.tally import CLUSTERS, Tally, cluster_of, total

GROUPS = {"identifier": "words", "loops": "code", "operators": "code"}


@given(TALLIES, TALLIES, TALLIES)
def test_merging_is_associative_and_commutative_with_an_identity(a, b, c):
    assert a.merge(b).merge(c) == a.merge(b.merge(c))
    assert a.merge(b) == b.merge(a)
    assert a.merge(Tally.empty(SCHEMA)) == a == Tally.empty(SCHEMA).merge(a)


@given(TALLIES, TALLIES)
def test_what_was_merged_can_be_taken_off_again(a, b):
    assert a.merge(b).without(b) == a
    assert a.without(a) == Tally.empty(SCHEMA)


@given(st.lists(TALLIES, max_size=6), st.randoms(use_true_random=False))
def test_no_order_of_merging_changes_a_bit_of_what_is_reported(units, random):
    shuffled = list(units)
    random.shuffle(shuffled)
    one, other = total(SCHEMA, units), total(SCHEMA, shuffled)
    assert one == other
    assert repr(category_table(one, resamples=20)) == repr(category_table(other, resamples=20))


@given(TALLIES, TALLIES)
def test_grouping_and_merging_commute(a, b):
    assert a.merge(b).grouped(GROUPS) == a.grouped(GROUPS).merge(b.grouped(GROUPS))


def test_groups_hold_what_their_categories_held():
    found = total(SCHEMA, [tally(seed) for seed in range(5)])
    pairs, grouped = found.rows(Cells.PAIRS), found.grouped(GROUPS).rows(Cells.PAIRS)
    assert found.grouped(GROUPS).schema.categories == ("words", "code")
    assert (grouped[:, 0, 1] == pairs[:, 0, 1] + pairs[:, 0, 2]).all()
    assert (grouped[:, 1, 1] == pairs[:, 1:, 1:].sum(axis=(1, 2))).all()
    spread = found.rows(Cells.SPREAD)
    assert (found.grouped(GROUPS).rows(Cells.SPREAD)[:, 1] == spread[:, 1] + spread[:, 2]).all()


@given(TALLIES)
def test_json_and_arrays_give_back_the_same(a):
    assert Tally.from_json(json.loads(json.dumps(a.as_json()))) == a
    file = io.BytesIO()
    np.savez(file, **a.as_arrays())
    file.seek(0)
    with np.load(file, allow_pickle=False) as arrays:
        assert Tally.from_arrays(arrays) == a


def test_sums_are_those_of_plain_counting():
    unit = rationales(3)
    counted = Tally.of(SCHEMA, "a.py", unit)
    pairs, quanta = np.zeros((3, 3), np.int64), np.zeros((3, 3), np.int64)
    for t, c in zip(*np.nonzero(unit.selected), strict=True):
        i, k = unit.target_members[t].argmax(), unit.context_members[c].argmax()
        pairs[i, k] += 1
        quanta[i, k] += round(unit.weights[t, c] / QUANTUM)
    assert (counted.rows(Cells.PAIRS)[0] == pairs).all()
    assert (counted.rows(Cells.POSITIVE)[0] - counted.rows(Cells.NEGATIVE)[0] == quanta).all()
    absolute = [np.abs(unit.weights[:, c][unit.selected[:, c]]).sum() for c in range(6)]
    by_category = np.array(absolute) @ unit.context_members
    assert amounts(counted, Amount.WEIGHT)[0] == pytest.approx(by_category, abs=1e-7)
    assert counted.rows(Cells.TARGETS)[0].sum() == 4
    assert counted.rows(Cells.TOKENS)[0].sum() == pairs.sum()
    mass = counted.rows(Cells.MASS)[0].sum(axis=0) * QUANTUM
    assert mass.sum() == pytest.approx(np.abs(unit.weights[unit.selected]).sum(), abs=1e-7)


def test_a_pair_counts_once_for_every_pair_of_categories():
    unit = rationales(0, targets=1, context=1)
    everything = np.ones((1, 3), bool)
    unit = type(unit)(
        np.ones((1, 1)), np.ones((1, 1), bool), everything, everything, np.zeros(1, int)
    )
    counted = Tally.of(SCHEMA, "a.py", unit)
    assert counted.rows(Cells.PAIRS)[0].tolist() == [[1] * 3] * 3
    # The weight's distribution is by the rationale's category alone.
    assert counted.rows(Cells.SPREAD)[0].sum(axis=1).tolist() == [1] * 3


def test_clusters_are_fixed_and_even():
    assert [cluster_of(each) for each in ("a.py", "b.py", "\udce9.py")] == [29, 12, 51]
    sizes = np.bincount([cluster_of(f"file{i}.py") for i in range(6400)], minlength=CLUSTERS)
    assert abs(sizes - 100).max() < 50


def test_what_does_not_fit_is_refused():
    other = Tally.empty(Schema(CATEGORIES, 12, "other, nats"))
    with pytest.raises(TallyError, match="cannot be merged"):
        tally(0).merge(other)
    with pytest.raises(TallyError, match="never in"):
        tally(0).without(tally(1))
    unit = rationales(0)
    unit.weights[unit.selected] = np.nan
    with pytest.raises(TallyError, match="not a finite number"):
        Tally.of(SCHEMA, "a.py", unit)
    unit.weights[:] = 2.0**32
    with pytest.raises(TallyError, match="scale"):
        Tally.of(SCHEMA, "a.py", unit)


def test_integers_that_wrap_are_noticed():
    unit = rationales(0, targets=1, context=1)
    one = np.ones((1, 1), bool)
    large = type(unit)(
        np.full((1, 1), 2.0**31), one, unit.target_members, unit.context_members, unit.token_ids
    )
    counted = Tally.of(SCHEMA, "a.py", large)
    counted = counted.merge(counted)
    with pytest.raises(TallyError, match="64 bits"):
        counted.merge(counted)


@pytest.mark.parametrize(
    "damage",
    [
        lambda raw: raw.pop("cells"),
        lambda raw: raw.update(version=99),
        lambda raw: raw["cells"]["pairs"]["clusters"].append(3),
        lambda raw: raw["cells"]["pairs"].update(clusters=[99], columns=[0], values=[1]),
        lambda raw: raw["cells"]["pairs"].update(clusters=[0], columns=[0], values=[-1]),
        lambda raw: raw["cells"]["pairs"].update(clusters=["x"], columns=[0], values=[1]),
        lambda raw: raw["cells"]["pairs"].update(clusters=[0], columns=[0], values=[2**70]),
        lambda raw: raw["schema"].update(vocabulary=None),
    ],
)
def test_damaged_statistics_are_refused(damage):
    raw = tally(0).as_json()
    damage(raw)
    with pytest.raises(TallyError, match=r"scan again|64 bits"):
        Tally.from_json(raw)


@given(
    st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60),
    st.sampled_from([0.0, 0.05, 0.25, 0.5, 0.9, 1.0]),
)
def test_quantiles_are_within_the_stated_error(values, q):
    counts = np.bincount(sketch.bin_of(values), minlength=sketch.BINS)
    exact = np.quantile(values, q, method="inverted_cdf")
    found = sketch.quantile(counts, q)
    if q > 0:
        assert found == pytest.approx(exact, rel=sketch.RELATIVE_ERROR * 1.001, abs=sketch.SMALLEST)


def test_tables_are_those_of_the_values_themselves():
    units = {f"{seed}.py": rationales(seed, targets=20, context=30, shift=0.3) for seed in range(9)}
    found = total(SCHEMA, [Tally.of(SCHEMA, name, unit) for name, unit in units.items()])
    rows = category_table(found)
    for k, row in enumerate(rows):
        weights = np.concatenate(
            [u.weights[u.selected & u.context_members[:, k]] for u in units.values()]
        )
        assert row.category == CATEGORIES[k]
        assert row.count == len(weights)
        assert row.mean.value == pytest.approx(weights.mean(), abs=1e-8)
        exact = np.quantile(weights, 0.5, method="inverted_cdf")
        assert row.median.value == pytest.approx(exact, rel=sketch.RELATIVE_ERROR)
        for interval in (row.count_share, row.weight_share, row.mean, row.median):
            assert interval.low < interval.value < interval.high
    assert sum(row.count_share.value for row in rows) == pytest.approx(1)
    assert sum(row.weight_share.value for row in rows) == pytest.approx(1)
    cells = matrix(found)
    assert cells.counts.sum() == sum(row.count for row in rows)
    mean = np.nansum(cells.mean.value * cells.counts, axis=0) / cells.counts.sum(axis=0)
    assert mean == pytest.approx([row.mean.value for row in rows])
    of_row = np.nansum(cells.share.value, axis=1)
    assert of_row == pytest.approx(cells.counts.any(axis=1).astype(float))


def test_a_lone_unit_has_figures_but_no_intervals():
    row = category_table(tally(0, targets=20, context=30))[0]
    assert np.isfinite(row.mean.value)
    assert np.isnan([row.mean.low, row.mean.high, row.median.low, row.count_share.high]).all()


def test_nothing_counted_is_no_error():
    rows = category_table(Tally.empty(SCHEMA))
    assert [row.count for row in rows] == [0, 0, 0]
    assert [row.count_share.value for row in rows] == [0, 0, 0]
    assert np.isnan([row.mean.value for row in rows] + [row.median.value for row in rows]).all()


def test_the_interval_is_that_of_resampled_clusters():
    units = {f"{seed}.py": rationales(seed, targets=5, context=9) for seed in range(200)}
    sums, counts = np.zeros(CLUSTERS), np.zeros(CLUSTERS)
    for name, unit in units.items():
        mine = unit.weights[unit.selected & unit.context_members[:, 0]]
        sums[cluster_of(name)] += mine.sum()
        counts[cluster_of(name)] += len(mine)
    occupied = counts > 0
    weights = resampling(occupied.sum(), 500)
    wanted = percentile(
        sums.sum() / counts.sum(), (weights @ sums[occupied]) / (weights @ counts[occupied])
    ).at()
    tallies = [Tally.of(SCHEMA, name, unit) for name, unit in units.items()]
    found = category_table(total(SCHEMA, tallies), resamples=500)[0].mean
    assert [found.low, found.high] == pytest.approx([wanted.low, wanted.high], abs=1e-8)


def test_intervals_cover_as_often_as_they_claim():
    """Five units to a cluster: the interval from 64 sums must stand for one over 320 units."""
    generator, hits = np.random.default_rng(0), []
    cluster = np.array([cluster_of(f"{i}.py") for i in range(320)])
    for _ in range(400):
        counts = generator.poisson(3, 320)
        sums = counts * generator.normal(size=320) + np.sqrt(counts) * generator.normal(size=320)
        rows = [np.bincount(cluster, each, CLUSTERS) for each in (sums, counts)]
        weights = resampling(CLUSTERS, 300)
        found = percentile(sums.sum() / counts.sum(), (weights @ rows[0]) / (weights @ rows[1]))
        hits.append(found.low < 0 < found.high)
    assert 0.92 <= np.mean(hits) <= 0.97


@given(st.lists(st.tuples(st.integers(0, 10_000), st.sampled_from("abc")), max_size=6))
def test_units_gathered_at_once_are_those_merged_one_by_one(units):
    parts = [(name, Counted.of(SCHEMA, rationales(seed))) for seed, name in units]
    stored = [(name, Counted.from_bytes(part.to_bytes())) for name, part in parts]
    one_by_one = total(SCHEMA, [tally(seed, name) for seed, name in units])
    assert Tally.gathered(SCHEMA, stored) == Tally.gathered(SCHEMA, parts) == one_by_one


def test_a_damaged_unit_is_refused():
    whole = Counted.of(SCHEMA, rationales(0)).to_bytes()
    for damaged in (b"", whole[:-5], b"?" + whole[1:]):
        with pytest.raises(TallyError, match="damaged"):
            Counted.from_bytes(damaged)


@given(st.lists(st.integers(0, 10_000), max_size=6))
def test_units_of_a_file_can_be_counted_together(seeds):
    parts = [Counted.of(SCHEMA, rationales(seed)) for seed in seeds]
    together = Tally.gathered(SCHEMA, [("a.py", Counted.merged(parts))])
    assert together == Tally.gathered(SCHEMA, [("a.py", part) for part in parts])
