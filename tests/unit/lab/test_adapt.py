"""Adapting the model: what learns, that it helps where it can, that it goes on where it stopped."""

import copy
import math

import numpy as np
import pytest
import torch
from attrs import evolve
from lab_programs import document
from test_line_model import Model

from linewise.errors import LabDataError
from linewise.lab.activations.corpus import corpus_of
from linewise.lab.activations.store import ActivationStore
from linewise.lab.training import adapt as module
from linewise.lab.training.adapt import Adaptation, adapt
from linewise.lab.training.trunk import Trunk, inputs_of

HIDDEN = 16
QUICK = Adaptation(blocks=1, rank=2, rate=1e-2, epochs=6, batch=4)


def llama(kind="llama"):
    import transformers

    torch.manual_seed(0)
    if kind == "gpt2":
        config = transformers.GPT2Config(
            vocab_size=256, n_positions=512, n_embd=HIDDEN, n_layer=3, n_head=2
        )
    else:
        config = transformers.LlamaConfig(
            vocab_size=256,
            hidden_size=HIDDEN,
            intermediate_size=24,
            num_hidden_layers=3,
            num_attention_heads=2,
            num_key_value_heads=1,
        )
    return transformers.AutoModelForCausalLM.from_config(config).eval()


class Frozen(Model):
    """The model of the store: the tiny torch model's hidden states after its second block."""

    identity, layers, hidden_size = "tiny", (2,), HIDDEN

    def __init__(self):
        self.model = llama()

    def hidden_states(self, ids):
        with torch.no_grad():
            out = self.model(torch.from_numpy(ids)[None], output_hidden_states=True)
        return out.hidden_states[2].numpy()


def trunk(rank=2, blocks=1, kind="llama", seed=0):
    device = torch.device("cpu")
    return Trunk(llama(kind), 2, blocks=blocks, rank=rank, seed=seed, device=device)


@pytest.fixture
def documents():
    return [document(number) for number in range(48)]


@pytest.fixture
def store(tmp_path):
    return ActivationStore(Frozen(), tmp_path)


@pytest.mark.parametrize("rank", [0, 2])
@pytest.mark.parametrize("kind", ["llama", "gpt2"])
def test_only_the_blocks_right_below_the_layer_learn(rank, kind):
    made = trunk(rank, kind=kind)
    names = made.parameters
    assert names
    assert all(".1." in name for name in names)
    assert all(("lora" in name) == bool(rank) for name in names)
    loss = made.states(inputs_of(["def f(a):\n    return a\n"], Model())[0]).square().sum()
    loss.backward()
    assert any(each.grad.abs().sum() > 0 for each in names.values())


def test_an_adapter_is_drawn_from_its_seed():
    one, same, other = (list(trunk(seed=seed).parameters.values()) for seed in (1, 1, 2))
    assert all(map(torch.equal, one, same))
    assert not all(map(torch.equal, one, other))


def test_untrained_it_says_what_the_frozen_model_says(documents, store):
    """Passes of several lengths at once, padded, and a document of two windows."""
    longer = evolve(documents[0], text="x = 1\n" * 100 + "def f(y):\n    return y\n")
    some = [*documents[:5], longer]
    corpus = corpus_of(some, store)
    passes = inputs_of([doc.text for doc in some], store.model)
    assert len(passes[-1]) > 2
    states = trunk(rank=0).states([each for document in passes for each in document])
    expected = corpus.layer(0).astype(np.float32)
    assert states.shape == expected.shape
    assert np.abs(states.detach().numpy() - expected).max() < 0.05 * np.abs(expected).max()


def test_what_frozen_blocks_hide_adapted_ones_find(documents, store, tmp_path):
    figures = adapt(documents, store, trunk(0, 2), tmp_path, evolve(QUICK, rank=0, blocks=2))
    assert figures["documents"] == sum(doc.program.fold < 5 for doc in documents)
    assert figures["steps"] == QUICK.epochs * math.ceil(figures["documents"] / QUICK.batch)
    for part in ("frozen", "adapted", "difference"):
        assert set(figures[part]) == {"bss", "ece", "auc"}
    assert figures["adapted"]["auc"][0] > 0.9
    assert figures["difference"]["auc"][0] == pytest.approx(
        figures["adapted"]["auc"][0] - figures["frozen"]["auc"][0], abs=2e-4
    )


def test_a_stopped_run_goes_on_as_if_it_had_not_been(documents, store, tmp_path, monkeypatch):
    whole = adapt(documents, store, trunk(), tmp_path / "whole", QUICK)
    monkeypatch.setattr(module, "SAVE_EVERY", 0.0)
    heard = []

    def stop(what, done):
        heard.append(done)
        if what == "Adapting" and len(heard) > 9:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        adapt(documents, store, trunk(), tmp_path / "cut", QUICK, tell=stop)
    steps = []
    again = adapt(
        documents,
        store,
        trunk(),
        tmp_path / "cut",
        QUICK,
        tell=lambda what, _done: steps.append(what),
    )
    assert 0 < steps.count("Adapting") < whole["steps"]
    times = {"seconds": 0}
    assert again | times == whole | times


def test_its_time_ends_it_and_injected_bugs_only_train(documents, store, tmp_path):
    bugs = [document(number, fold=number % 8) for number in range(100, 116)]
    figures = adapt(documents, store, trunk(), tmp_path, QUICK, seconds=0, injected=bugs)
    assert figures["steps"] == 0
    assert figures["injected"] == sum(doc.program.fold < 5 for doc in bugs)
    assert figures["lines"] == 5 * sum(doc.program.fold == 5 for doc in documents)


def test_what_cannot_be_is_refused(documents, store, tmp_path):
    with pytest.raises(LabDataError, match="blocks"):
        trunk(blocks=3)
    early = [evolve(doc, program=evolve(doc.program, fold=0)) for doc in documents]
    with pytest.raises(LabDataError, match="fold 5"):
        adapt(early, store, trunk(), tmp_path, QUICK)
    made = trunk()
    broken = copy.deepcopy(QUICK)
    with torch.no_grad():
        for each in made.parameters.values():
            each.fill_(math.nan)
    with pytest.raises(LabDataError, match="diverged"):
        adapt(documents, store, made, tmp_path, broken)
