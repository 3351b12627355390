"""The targets, the other methods and the registry."""

import subprocess
import sys

import numpy as np
import pytest

from linewise.errors import LinewiseError
from linewise.lab.attribution.gradients import baseline, score_of
from linewise.rationale.attribution import EditRisks, NextTokens, attribute, methods, register

IDS = np.random.default_rng(4).integers(1, 384, 24)
SPANS = [[10, 15], [0, 4], [23, 24]]
NAMED = {
    "greedy",
    "greedy-shortlist",
    "occlusion",
    "knockout",
    "gradient-x-input",
    "integrated-gradients",
    "attention-rollout",
    "random",
}


@pytest.fixture
def tokens(incremental):
    return NextTokens(incremental(), IDS, [1, 9, 23])


@pytest.fixture
def risks(incremental, probe):
    return EditRisks(incremental(), probe, IDS, SPANS)


def test_a_prediction_from_everything_is_the_models_own(tokens):
    everything = np.ones((1, len(IDS)), bool)
    expected = tokens.model.target.surprisal(IDS)[0]
    for target, place in enumerate(tokens.places):
        (found,) = tokens.scores(target, everything)
        assert found == pytest.approx(expected[place], abs=1e-4)


@pytest.mark.parametrize("kind", ["llama", "gpt2"])
def test_a_prediction_from_some_is_torchs(kind, incremental, in_torch, logps):
    keep = np.random.default_rng(0).random((6, len(IDS))) < 0.5
    keep[0] = False
    targets = NextTokens(incremental(kind), IDS, [17], batch_tokens=20)
    found = targets.scores(0, keep)
    assert np.isnan(found[0])
    for row in range(1, 6):
        places = np.flatnonzero(keep[row, :17])
        expected = logps(in_torch(kind), IDS, places)[IDS[17]]
        assert found[row] == pytest.approx(expected, abs=5e-4)


def test_predicted_tokens_are_torchs(incremental, in_torch, logps):
    targets = NextTokens(incremental(), IDS, [9, 4, 9])
    expected = [logps(in_torch(), IDS, np.arange(place)).argmax() for place in (9, 4, 9)]
    assert targets.predicted.tolist() == expected


@pytest.mark.parametrize("places", [[0], [24], [-1], [3, 0]])
def test_targets_that_nothing_predicts_are_refused(places, incremental):
    with pytest.raises(LinewiseError, match="nothing predicts the first token"):
        NextTokens(incremental(), IDS, places)


def test_a_unit_of_one_token_predicts_nothing_but_has_a_risk(incremental, probe):
    model = incremental()
    with pytest.raises(LinewiseError, match="nothing predicts"):
        NextTokens(model, [7], [1])
    assert attribute("greedy", NextTokens(model, [7], [])).weights.shape == (0, 1)
    risk = EditRisks(model, probe, [7], [[0, 1]])
    for method in ("knockout", "occlusion"):
        assert np.isnan(attribute(method, risk).weights).all()  # nothing is left without it


def test_inputs_longer_than_the_model_are_refused(incremental, probe):
    model = incremental()
    with pytest.raises(LinewiseError, match="at most 300 tokens at once, not 301: shorten"):
        NextTokens(model, np.ones(301, int), [5])
    with pytest.raises(LinewiseError, match="at most 300 tokens at once, not 301: split"):
        EditRisks(model, probe, np.ones(301, int), [[0, 5]])


@pytest.mark.parametrize("span", [[3, 3], [-1, 2], [20, 25]])
def test_spans_without_tokens_are_refused(span, incremental, probe):
    with pytest.raises(LinewiseError, match="must lie in 0 to 24"):
        EditRisks(incremental(), probe, IDS, [span])


def test_a_risk_from_everything_is_the_probes(risks, probe):
    evidence = probe.evidence(risks.model.target.hidden_states(IDS)[0])
    for target, (first, end) in enumerate(SPANS):
        member = np.zeros((1, len(IDS)), bool)
        member[0, first:end] = True
        expected = probe.logits(evidence, member)[0]
        assert risks.logits[target] == pytest.approx(expected, abs=1e-4)
        found = risks.scores(target, np.ones((1, len(IDS)), bool))
        assert found == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("method", ["occlusion", "knockout"])
def test_occlusion_is_the_loss_of_removing_each_token(method, risks, probe):
    options = {"budget": 99} if method == "knockout" else {}
    found = attribute(method, risks, **options)
    for target, (first, end) in enumerate(SPANS):
        for place in range(end):
            left = np.delete(np.arange(len(IDS)), place)
            member = ((left >= first) & (left < end))[None]
            if not member.any():
                assert np.isnan(found.weights[target, place])
                continue
            # After one block, what a token hands on does not depend on others: knockout is exact.
            hidden = risks.model.target.hidden_states(IDS[left], left)[0]
            loss = risks.logits[target] - probe.logits(probe.evidence(hidden), member)[0]
            assert found.weights[target, place] == pytest.approx(loss, abs=1e-4)
        assert np.isnan(found.weights[target, end:]).all()
        assert (found.groups[target, end:] == -1).all()


def test_groups_share_their_loss(tokens):
    groups = [np.arange(3, 6), np.array([8, 12])]
    found = attribute("occlusion", tokens, groups=groups)
    keep = np.ones((2, len(IDS)), bool)
    keep[0, 3:6] = False
    whole = tokens.scores(2, np.ones((1, len(IDS)), bool))[0]
    without = tokens.scores(2, keep)[0]
    np.testing.assert_allclose(found.weights[2, 3:6], (whole - without) / 3, atol=1e-5)
    assert found.groups[2, [3, 4, 5, 8, 12]].tolist() == [0, 0, 0, 1, 1]
    assert np.isnan(found.weights[2, [0, 6, 7, 22]]).all()
    assert np.isnan(found.weights[1, 12])  # not among what that target rests on
    assert found.groups[1, 8] == 1
    assert np.isnan(found.weights[0]).all()  # a target with one token of context


@pytest.mark.parametrize("budget", [0.01, 1.0, 2.0, 4.0])
def test_knockout_keeps_to_its_budget(budget, incremental, probe, monkeypatch):
    ids = np.random.default_rng(2).integers(1, 384, 200)
    risks = EditRisks(incremental(), probe, ids, [[150, 158], [0, 200], [0, 1]])
    lines = np.split(np.arange(200), np.arange(7, 200, 7))
    read, original = [], EditRisks.read

    def count(self, past, places, visible):
        read.append(len(places))
        return original(self, past, places, visible)

    monkeypatch.setattr(EditRisks, "read", count)
    for target, (first, end) in enumerate(risks.spans):
        one = EditRisks(risks.model, probe, ids, [[first, end]])
        read.clear()
        found = attribute("knockout", one, groups=lines, budget=budget)
        # The unimpaired readings, one a pass, and the least it must read come on top.
        assert sum(read) <= max(budget, 0) * 200 + 4 * (end - first), (target, budget)
        weighed = np.flatnonzero(~np.isnan(found.weights[0]))
        assert set(weighed) <= set(range(end))
        assert end == 1 or set(range(first)) <= set(weighed)


def test_integrated_gradients_are_complete(tokens):
    found = attribute("integrated-gradients", tokens, steps=100)
    for target in range(tokens.count):
        score, embedded = score_of(tokens, target)
        change = (score(embedded) - score(baseline(tokens).expand_as(embedded))).item()
        assert np.nansum(found.weights[target]) == pytest.approx(change, abs=0.02)
        assert abs(change) > 0.05
        whole = tokens.scores(target, np.ones((1, len(IDS)), bool))[0]
        assert score(embedded).item() == pytest.approx(whole, abs=1e-3)


def test_gradient_x_input_is_the_slope(tokens):
    found = attribute("gradient-x-input", tokens)
    step = 1e-2
    for target in range(tokens.count):
        score, embedded = score_of(tokens, target)
        for place in tokens.context(target)[:5]:
            ends = []
            for factor in (1 + step, 1 - step):
                moved = embedded.clone()
                moved[0, place] *= factor
                ends.append(score(moved).item())
            slope = (ends[0] - ends[1]) / (2 * step)
            assert found.weights[target, place] == pytest.approx(slope, abs=5e-3)


def test_rollout_gives_shares(tokens):
    found = attribute("attention-rollout", tokens)
    assert found.unit == "share of attention"
    for target, place in enumerate(tokens.places):
        shares = found.weights[target, :place]
        assert (shares >= 0).all()
        assert shares.sum() == pytest.approx(1, abs=1e-5)
        assert np.isnan(found.weights[target, place:]).all()
    # Half of each layer is the residual stream of the last token.
    assert found.weights[2, 22] > 0.25


@pytest.mark.parametrize(
    "method", ["gradient-x-input", "integrated-gradients", "attention-rollout"]
)
def test_a_probe_is_not_differentiated(method, risks):
    with pytest.raises(LinewiseError, match="predicted tokens only"):
        attribute(method, risks)


def test_knockout_is_for_risks(tokens):
    with pytest.raises(LinewiseError, match="edit risks only"):
        attribute("knockout", tokens)


def test_random_weights_are_drawn_from_the_seed(risks):
    first, again, other = (attribute("random", risks, seed=seed).weights for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other, equal_nan=True)
    assert np.isnan(first[0, 15:]).all()
    assert not np.isnan(first[0, :15]).any()


def test_every_method_is_named_with_its_unit(tokens):
    assert set(methods()) == NAMED
    for name, method in methods().items():
        assert method.name == name
        assert method.unit
        assert method.summary
        if name != "knockout":
            found = attribute(name, tokens)
            assert found.method == name
            assert found.unit == method.unit.format(tokens.unit)
            assert found.weights.shape == found.groups.shape == (3, len(IDS))
    with pytest.raises(LinewiseError, match="no attribution method 'lime'; choose one of"):
        attribute("lime", tokens)
    with pytest.raises(ValueError, match="already"):
        register("greedy", unit="", summary="")(lambda targets: None)


def test_only_differentiation_needs_torch():
    code = (
        "import sys, linewise.rationale.attribution; "
        "print(sorted({'torch', 'transformers', 'onnx', 'captum'} & set(sys.modules)))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"
