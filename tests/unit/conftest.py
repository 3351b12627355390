"""A small, real engine: a character-level model with random weights and a real ONNX probe."""

import numpy as np
import pytest
from attrs import frozen

from linewise.engine import Engine
from linewise.probe.runtime import Probe

SIZE = 8


@frozen(eq=False)
class Characters:
    ids: np.ndarray
    starts: np.ndarray
    ends: np.ndarray


class TinyModel:
    """Hidden state of a character: a fixed random vector, plus a decaying sum of those before."""

    def __init__(self):
        self.table = np.random.default_rng(0).normal(size=(256, SIZE)).astype(np.float32)
        self.passes = 0

    def encode(self, text):
        count = np.arange(len(text))
        return Characters(np.array([ord(each) for each in text], np.int64), count, count + 1)

    def hidden_states(self, ids):
        self.passes += 1
        hidden = self.table[ids % 256].copy()
        for position in range(1, len(hidden)):
            hidden[position] += 0.5 * hidden[position - 1]
        return hidden[None]


@pytest.fixture(scope="session")
def probe_folder(make_probe):
    return make_probe(SIZE)


@pytest.fixture
def tiny_model():
    return TinyModel()


@pytest.fixture
def engine(probe_folder, tiny_model):
    return Engine(tiny_model, Probe(probe_folder))
