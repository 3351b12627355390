"""Tiny installed models, as the tests of models make them, and a probe for them."""

from functools import cache
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM

from linewise.models.incremental import IncrementalModel
from linewise.models.runtime import TargetModel

SIZE = 32


@pytest.fixture
def incremental(installed):
    """A function from a kind of model to one that continues sequences."""
    return cache(lambda kind="llama": IncrementalModel(TargetModel(installed(kind), threads=1)))


@pytest.fixture
def in_torch(folder_of):
    """A function from a kind of model to the same in torch."""
    return lambda kind="llama": AutoModelForCausalLM.from_pretrained(folder_of(kind)).eval()


class TinyProbe:
    """Evidence per token and the most of it over a span, as the shipped probe; random weights."""

    manifest = SimpleNamespace(layers=(1,))

    def __init__(self):
        generator = np.random.default_rng(3)
        self.down = generator.normal(0, 0.3, (SIZE, 6)).astype(np.float32)
        self.out = generator.normal(0, 1, 6).astype(np.float32)

    def evidence(self, hidden):
        return np.tanh(hidden @ self.down)

    def logits(self, evidence, member):
        return np.where(member[:, :, None], evidence, -np.inf).max(axis=1) @ self.out


@pytest.fixture(scope="session")
def probe():
    """A probe of the tiny models' first block."""
    return TinyProbe()


@pytest.fixture
def logps():
    """A function: torch's log-probabilities after one sub-sequence at its original positions."""

    def compute(model, ids, places):
        # Without a mask, transformers takes a gap in positions for the border of two texts.
        with torch.no_grad():
            output = model(
                torch.from_numpy(ids[places])[None],
                position_ids=torch.tensor(np.asarray(places))[None],
                attention_mask=torch.ones(1, len(places), dtype=torch.long),
                use_cache=False,
            )
        return torch.log_softmax(output.logits[0, -1].double(), -1).numpy()

    return compute
