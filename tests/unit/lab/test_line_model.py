"""The line model: what it learns, that its graph says the same, that methods agree with it."""

import numpy as np
import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st
from lab_programs import document
from onnxruntime import InferenceSession

from linewise.lab.activations.store import ActivationStore
from linewise.lab.evaluate.ranking import auc
from linewise.lab.predictions import Level, attach
from linewise.lab.training.export import export_line_model
from linewise.lab.training.fit import Recipe
from linewise.lab.training.line_model import fit_line_model
from linewise.lab.training.logits import HeadLogits, riskiest
from linewise.lab.training.methods import HeadMethod, ProbeMethod
from linewise.probe.calibration import sigmoid

ROWS = 2_000


@pytest.fixture(scope="module")
def made():
    """Facts that say half of it, heads that say the other half."""
    generator = np.random.default_rng(0)
    facts = np.round(generator.normal(size=(ROWS, 6)), 1).astype(np.float32)
    heads = generator.normal(size=(ROWS, 2))
    edited = facts[:, 0] + heads[:, 0] + 0.5 * generator.normal(size=ROWS) > 1.5
    groups = [f"p{number % 40}" for number in range(ROWS)]
    return facts, heads, edited, fit_line_model(facts, heads, edited, groups)


def test_facts_and_heads_together_beat_either(made):
    facts, heads, edited, (_, unseen) = made
    alone = fit_line_model(facts, 0 * heads, edited, [f"p{n % 40}" for n in range(ROWS)])[1]
    assert auc(edited, unseen) > max(auc(edited, alone), auc(edited, heads[:, 0])) + 0.05


def test_the_graph_says_what_the_model_says(made, tmp_path):
    facts, heads, _, (model, _) = made
    assert set(export_line_model(model, facts, tmp_path)) == {"lines.onnx"}
    session = InferenceSession(tmp_path / "lines.onnx")
    for rows in (0, 1, 7, ROWS):
        feed = {"facts": facts[:rows], "heads": heads[:rows].astype(np.float32)}
        (logit,) = session.run(None, feed)
        assert logit.shape == (rows,)
        if rows:
            assert np.abs(logit - model(facts[:rows], heads[:rows])).max() < 1e-4


def test_what_is_rare_but_certain_is_learned_from_few_lines():
    generator = np.random.default_rng(1)
    facts = generator.integers(0, 3, size=(ROWS, 6)).astype(np.float32)
    facts[:, 0] = np.arange(ROWS) % 67 == 0  # 30 lines, of 30 problems
    edited = (generator.random(ROWS) < 0.05) | (facts[:, 0] > 0)
    groups = [f"p{number % 40}" for number in range(ROWS)]
    _, unseen = fit_line_model(facts, np.zeros((ROWS, 2)), edited, groups)
    assert (sigmoid(unseen[facts[:, 0] > 0]) > 0.5).all()
    assert np.median(sigmoid(unseen[facts[:, 0] == 0])) < 0.1


@pytest.fixture(scope="module")
def session(made, tmp_path_factory):
    folder = tmp_path_factory.mktemp("graph")
    facts, _, _, (model, _) = made
    export_line_model(model, facts, folder)
    return model, InferenceSession(folder / "lines.onnx")


@settings(max_examples=30)
@given(st.lists(st.floats(-5, 5, width=32), min_size=6, max_size=6))
def test_no_fact_falls_on_the_other_side_of_a_threshold(session, row):
    model, graph = session
    facts, heads = np.array([row], np.float32), np.zeros((1, 2), np.float32)
    (logit,) = graph.run(None, {"facts": facts, "heads": heads})
    assert logit[0] == pytest.approx(model(facts, heads)[0], abs=1e-4)


def test_the_riskier_reading_of_an_item_counts():
    document = np.array([0, 0, 0, 1])
    position = np.array([5, 3, 5, 5])
    kept, group = riskiest(document, position, np.array([0.1, 0.2, 0.3, 0.4]))
    assert kept.tolist() == [1, 2, 3]
    assert group.tolist() == [1, 0, 1, 2]


class Model:
    """A target model whose hidden states say whether a character is a minus sign."""

    name, identity, layers, hidden_size = "m", "m-1", (1,), 4

    def encode(self, text):
        class Encoding:
            ids = np.array([ord(each) for each in text], np.int64)
            starts = np.arange(len(text))
            ends = np.arange(len(text)) + 1

        return Encoding

    def hidden_states(self, ids):
        noise = np.random.default_rng(int(ids.sum())).normal(size=(1, len(ids), 4))
        noise[0, :, 0] = ids == ord("-")
        return noise.astype(np.float32)


def spanned(number):
    made = document(number)
    at = made.text.find("-=")
    return made if at < 0 else evolve(made, edited_spans=((at, at + 2),))


@pytest.mark.parametrize("make", [HeadMethod, ProbeMethod])
def test_probes_learn_predict_and_score_their_training_documents_out_of_fold(make, tmp_path):
    train, test = [spanned(n) for n in range(60)], [spanned(n) for n in range(60, 90)]
    heads = HeadLogits(ActivationStore(Model(), tmp_path), tmp_path)
    recipe = Recipe(epochs=30, batch=8, learning_rate=0.01, dropout=0.0)
    method = make("m", heads, recipe)
    found = method.predict(train, test)
    lines = attach(found[Level.LINE], test, method="m", split="s", intent="none", level=Level.LINE)
    assert auc(lines.label, lines.p) > 0.9
    assert len(method.unseen(train)[Level.UNIT].p) == len(train)
    # What was trained is kept.
    kept = sorted((tmp_path / "logits").iterdir())
    again = make("m", HeadLogits(ActivationStore(Model(), tmp_path), tmp_path), recipe)
    assert np.array_equal(again.predict(train, test)[Level.LINE].p, found[Level.LINE].p)
    assert sorted((tmp_path / "logits").iterdir()) == kept
