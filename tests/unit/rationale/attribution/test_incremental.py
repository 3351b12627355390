"""Going on from what was read equals reading it all, in every tiny architecture."""

import numpy as np
import pytest

from linewise.errors import LinewiseError
from linewise.models.incremental import IncrementalModel, joined
from linewise.models.runtime import TargetModel

KINDS = ("llama", "gpt2", "qwen2")
IDS = np.random.default_rng(0).integers(1, 384, (3, 12))
PLACES = np.sort(np.random.default_rng(1).permuted(np.tile(np.arange(40), (3, 1)), axis=1)[:, :12])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("cut", [1, 5, 11])
def test_a_sequence_may_be_read_in_parts(kind, cut, incremental):
    model = incremental(kind)
    whole, states = model.hidden_states(model.start(3), IDS, PLACES)
    np.testing.assert_allclose(whole, model.target.hidden_states(IDS, PLACES), atol=1e-5, rtol=1e-5)
    _, first = model.final(model.start(3), IDS[:, :cut], PLACES[:, :cut])
    assert (first.count, first.length) == (3, cut)
    final, longer = model.final(first, IDS[:, cut:], PLACES[:, cut:])
    expected, at_once = model.final(model.start(3), IDS, PLACES)
    np.testing.assert_allclose(final, expected, atol=1e-4, rtol=1e-4)
    for mine, theirs in zip(longer.arrays, at_once.arrays, strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-4, rtol=1e-4)
    assert len(states.arrays) < len(at_once.arrays)  # the trunk is not the whole model


@pytest.mark.parametrize("kind", KINDS)
def test_the_vocabulary_is_that_of_torch(kind, incremental, in_torch, logps):
    model = incremental(kind)
    final, _ = model.final(model.start(3), IDS, PLACES)
    found = model.logps(final)
    for row in range(3):
        ids = np.zeros(40, np.int64)
        ids[PLACES[row]] = IDS[row]
        expected = logps(in_torch(kind), ids, PLACES[row])
        np.testing.assert_allclose(found[row], expected, atol=2e-4)
    np.testing.assert_allclose(model.logp(final, [5, 6, 7]), found[[0, 1, 2], [5, 6, 7]])


def test_continuations_that_do_not_see_each_other_share_a_pass(incremental):
    model = incremental()
    _, past = model.hidden_states(model.start(1, deep=False), IDS[:1, :6], np.arange(6)[None])
    places = np.array([6, 7, 6, 7, 8])
    ids = np.concatenate((IDS[1, :2], IDS[2, :3]))
    owner = np.array([0, 0, 1, 1, 1])
    seen = np.ones((5, 6), bool)
    seen[2:, 3] = False  # the second one is blind to a token as well
    own = (owner[:, None] == owner) & (places <= places[:, None])
    both, _ = model.hidden_states(past, ids[None], places[None], np.hstack((seen, own)))
    alone, _ = model.hidden_states(past, ids[None, :2], places[None, :2])
    np.testing.assert_allclose(both[:, :, :2], alone, atol=1e-5)
    other, _ = model.hidden_states(past, ids[None, 2:], places[None, 2:])
    assert np.abs(both[:, :, 2:] - other).max() > 1e-3


def test_rows_repeat_and_join(incremental):
    model = incremental()
    _, states = model.final(model.start(3), IDS, PLACES)
    again = joined([states.rows([2, 2], 4), states.rows([0], 4)])
    assert (again.count, again.length) == (3, 4)
    np.testing.assert_array_equal(again.arrays[1][1], states.arrays[1][2, :, :4])
    np.testing.assert_array_equal(again.arrays[1][2], states.arrays[1][0, :, :4])


def test_positions_end_with_the_context(incremental):
    model = incremental()
    model.hidden_states(model.start(1), [[1]], [[299]])
    with pytest.raises(LinewiseError, match="at most 300 tokens at once, not 301"):
        model.hidden_states(model.start(1), [[1]], [[300]])


def test_a_model_without_positions_is_refused(installed):
    with pytest.raises(LinewiseError, match="takes no positions"):
        IncrementalModel(TargetModel(installed("bloom")))
