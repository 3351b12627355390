"""Greedy rationales against their definition, carried out one sub-sequence at a time in torch."""

from itertools import combinations

import numpy as np
import pytest

from linewise.errors import LinewiseError
from linewise.rationale.attribution import EditRisks, NextTokens, attribute, greedy

KINDS = ("llama", "gpt2", "qwen2")
PLACES = [3, 8, 13]


def text(seed, model, logps, *, predicted=True):
    """Random tokens, those at PLACES being what the model predicts there, or least so."""
    ids = np.random.default_rng(seed).integers(1, 384, 16)
    for place in PLACES:
        ranked = np.argsort(logps(model, ids, np.arange(place)))
        ids[place] = ranked[-1] if predicted else ranked[0]
    return ids


def by_definition(model, ids, place, logps):
    """Places, log-probabilities, and whether the target became the most probable token."""
    rationale, target = [place - 1], ids[place]
    scores = [logps(model, ids, rationale)]
    while scores[-1].argmax() != target and len(rationale) < place:
        trials = {
            other: logps(model, ids, sorted([*rationale, other]))
            for other in range(place)
            if other not in rationale
        }
        best = max(trials, key=lambda other: trials[other][target])
        rationale.append(best)
        scores.append(trials[best])
    return rationale, [each[target] for each in scores], scores[-1].argmax() == target


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("predicted", [True, False])
def test_equals_the_definition(kind, predicted, incremental, in_torch, logps):
    model = in_torch(kind)
    sizes = []
    for seed in range(3):
        ids = text(seed, model, logps, predicted=predicted)
        found = attribute("greedy", NextTokens(incremental(kind), ids, PLACES))
        for row, place in enumerate(PLACES):
            places, scores, reached = by_definition(model, ids, place, logps)
            mine = found.rationales[row]
            assert list(mine.places) == places
            assert mine.reached_argmax == reached
            np.testing.assert_allclose(np.log(mine.probabilities), scores, atol=5e-4)
            np.testing.assert_allclose(np.cumsum(mine.gains) - np.log(384), scores, atol=5e-4)
            np.testing.assert_array_equal(found.weights[row, places], mine.gains)
            assert np.isnan(found.weights[row, place:]).all()
            assert np.nansum(np.abs(np.delete(found.weights[row], places))) == 0
            sizes.append(len(places))
    assert max(sizes) >= 3  # the search had something to do


@pytest.mark.parametrize("kind", KINDS)
def test_no_smaller_set_is_missed_by_more_than_greed(kind, incremental, in_torch, logps):
    model = in_torch(kind)
    ids = text(5, model, logps)
    for place in (3, 8):
        (mine,) = attribute("greedy", NextTokens(incremental(kind), ids, [place])).rationales
        others = range(place - 1)
        sufficient = [
            size + 1
            for size in range(place)
            for kept in combinations(others, size)
            if logps(model, ids, [*kept, place - 1]).argmax() == ids[place]
        ]
        assert mine.reached_argmax
        assert logps(model, ids, sorted(mine.places)).argmax() == ids[place]
        assert min(sufficient) <= len(mine.places)
        if min(sufficient) == 1:
            assert mine.places == (place - 1,)
        for size in range(1, len(mine.places)):  # it stopped as soon as it could
            assert logps(model, ids, sorted(mine.places[:size])).argmax() != ids[place]


@pytest.mark.parametrize("batch", [1, 7, 10_000])
@pytest.mark.parametrize("cached", [0, 20, 10_000])
@pytest.mark.parametrize("call", [0, 10_000])
def test_how_it_is_computed_does_not_matter(
    batch, cached, call, incremental, in_torch, logps, monkeypatch
):
    ids = text(7, in_torch(), logps)
    model = incremental()
    usual = attribute("greedy", NextTokens(model, ids, PLACES)).rationales
    monkeypatch.setattr(greedy, "CACHED_TOKENS", cached)
    monkeypatch.setattr(greedy, "_CALL_TOKENS", call)
    found = attribute("greedy", NextTokens(model, ids, PLACES, batch_tokens=batch)).rationales
    for mine, expected in zip(found, usual, strict=True):
        assert (mine.places, mine.reached_argmax) == (expected.places, expected.reached_argmax)
        np.testing.assert_allclose(mine.gains, expected.gains, atol=1e-4)


def test_what_comes_after_and_other_targets_do_not_matter(incremental, in_torch, logps):
    ids = text(8, in_torch(), logps)
    model = incremental()
    together = attribute("greedy", NextTokens(model, ids, PLACES)).rationales
    alone = attribute("greedy", NextTokens(model, ids[:9], [8])).rationales
    assert together[1].places == alone[0].places


def test_a_rationale_may_be_ended_early(incremental, in_torch, logps):
    ids = text(0, in_torch(), logps, predicted=False)
    model = incremental()
    (long,) = attribute("greedy", NextTokens(model, ids, [13])).rationales
    (short,) = attribute("greedy", NextTokens(model, ids, [13]), max_places=4).rationales
    assert set(long.places) == set(range(13))
    assert short.places == long.places[:4]
    assert not short.reached_argmax


def test_the_second_token_has_one_rationale(incremental):
    model = incremental()
    found = attribute("greedy", NextTokens(model, [5, 6], [1]))
    assert found.rationales[0].places == (0,)
    assert found.weights[0, 0] == found.rationales[0].gains[0]


def test_a_shortlist_of_all_is_exact(incremental, in_torch, logps):
    ids = text(9, in_torch(), logps)
    model = incremental()
    exact = attribute("greedy", NextTokens(model, ids, PLACES)).rationales
    every = attribute("greedy-shortlist", NextTokens(model, ids, PLACES), size=99).rationales
    assert [each.places for each in every] == [each.places for each in exact]


@pytest.mark.parametrize("size", [1, 3])
def test_a_shortlist_holds_the_best_second_token_and_is_never_the_end(
    size, incremental, in_torch, logps
):
    ids = text(0, in_torch(), logps, predicted=False)
    targets = NextTokens(incremental(), ids, PLACES)
    exact = attribute("greedy", targets).rationales
    short = attribute("greedy-shortlist", targets, size=size).rationales
    for place, mine, full in zip(PLACES, short, exact, strict=True):
        assert mine.places[:2] == full.places[:2]
        assert set(mine.places) == set(range(place))


class Inexact:
    """A model whose log-probabilities are off by random errors, as those of int8 arithmetic are."""

    def __init__(self, model, error):
        self._model, self._error = model, error
        self._random = np.random.default_rng(1)

    def __getattr__(self, name):
        return getattr(self._model, name)

    def logp(self, final, next_ids):
        exact = self._model.logp(final, next_ids)
        return exact + self._random.normal(0, self._error, len(exact)).astype(np.float32)


@pytest.mark.parametrize(("error", "size"), [(0.0, 1), (0.01, 8), (9.0, 99)])
def test_a_ranker_that_is_right_enough_changes_nothing(error, size, incremental, in_torch, logps):
    model = incremental()
    ranker = Inexact(model, error)
    for seed in range(3):
        ids = text(seed, in_torch(), logps, predicted=seed != 1)
        targets = NextTokens(model, ids, PLACES)
        exact = attribute("greedy", targets).rationales
        ranked = attribute("greedy-shortlist", targets, size=size, ranker=ranker).rationales
        for mine, expected in zip(ranked, exact, strict=True):
            assert (mine.places, mine.reached_argmax) == (expected.places, expected.reached_argmax)
            np.testing.assert_allclose(mine.gains, expected.gains, atol=1e-4)


def test_gains_are_the_models_own_however_wrong_the_ranker_is(incremental, in_torch, logps):
    ids = text(0, in_torch(), logps, predicted=False)
    model = incremental()
    targets = NextTokens(model, ids, [13])
    ranker = Inexact(model, 9.0)
    (found,) = attribute("greedy-shortlist", targets, size=2, ranker=ranker).rationales
    assert found.places != attribute("greedy", targets).rationales[0].places
    for size in range(1, 14):
        expected = logps(in_torch(), ids, sorted(found.places[:size]))[ids[13]]
        assert sum(found.gains[:size]) - np.log(384) == pytest.approx(expected, abs=5e-4)


def test_a_ranker_spares_the_model_work(incremental):
    ids = np.random.default_rng(2).integers(1, 384, 60)
    model, asked = incremental(), []

    class Counting(Inexact):
        def logp(self, final, next_ids):
            asked.append(len(final))
            return self._model.logp(final, next_ids)

    targets = NextTokens(Counting(model, 0), ids, [59])
    attribute("greedy", targets, max_places=4)
    without, asked[:] = sum(asked), []
    attribute("greedy-shortlist", targets, max_places=4, size=8, ranker=model)
    assert sum(asked) < without / 4


def test_risks_have_no_greedy_rationale(incremental, probe):
    risks = EditRisks(incremental(), probe, [1, 2, 3], [[1, 3]])
    for method in ("greedy", "greedy-shortlist"):
        with pytest.raises(LinewiseError, match="predicted tokens only"):
            attribute(method, risks)
