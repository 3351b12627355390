"""Tiny random models and a tiny tokenizer, made and converted once in a run of all tests."""

import shutil
import statistics
from pathlib import Path

import pytest

KINDS = ("llama", "gpt2", "qwen2", "llama-tied", "bloom")
LAYERS = 2
VOCABULARY = 384
CONTEXT = 300


@pytest.fixture
def cache_dir(tmp_path, monkeypatch):
    """The folder of an empty model cache."""
    monkeypatch.setenv("LINEWISE_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache" / "models"


def byte_pairs(size):
    """Train a byte-level tokenizer of so many tokens on a module of the standard library."""
    from tokenizers import Tokenizer, decoders, pre_tokenizers, trainers
    from tokenizers import models as algorithms

    raw = Tokenizer(algorithms.BPE())
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=["<|endoftext|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    raw.train_from_iterator([Path(statistics.__file__).read_text("utf-8")], trainer)
    return raw


@pytest.fixture(scope="session")
def tokenizer():
    from transformers import PreTrainedTokenizerFast

    raw = byte_pairs(VOCABULARY)
    return PreTrainedTokenizerFast(tokenizer_object=raw, eos_token="<|endoftext|>")


def _config(kind):
    import transformers

    sizes = {
        "vocab_size": VOCABULARY,
        "hidden_size": 32,
        "intermediate_size": 48,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": CONTEXT,
        "bos_token_id": 0,
        "eos_token_id": 0,
    }
    if kind == "llama":
        return transformers.LlamaConfig(**sizes)
    if kind == "llama-tied":
        return transformers.LlamaConfig(**sizes, tie_word_embeddings=True)
    if kind == "qwen2":
        return transformers.Qwen2Config(**sizes)
    if kind == "bloom":  # takes no position ids and no other attention than its own
        return transformers.BloomConfig(
            vocab_size=VOCABULARY, hidden_size=32, n_layer=LAYERS, n_head=4
        )
    return transformers.GPT2Config(
        vocab_size=VOCABULARY,
        n_positions=CONTEXT,
        n_embd=32,
        n_layer=LAYERS,
        n_head=4,
        bos_token_id=0,
        eos_token_id=0,
    )


@pytest.fixture(scope="session")
def folder_of(tmp_path_factory, tokenizer):
    """A function from a kind of model to a folder with one, as `save_pretrained` writes it."""
    import torch
    from transformers import AutoModelForCausalLM

    made = {}

    def folder(kind):
        if kind not in made:
            made[kind] = tmp_path_factory.mktemp("source") / kind
            # The weights of a kind are the same, whichever was made before.
            torch.manual_seed(KINDS.index(kind))
            model = AutoModelForCausalLM.from_config(_config(kind))
            with torch.no_grad():
                for weight in model.parameters():
                    # Larger than at initialization, so that attention and biases matter.
                    weight.add_(torch.randn_like(weight) * 0.1)
            model.save_pretrained(made[kind])
            tokenizer.save_pretrained(made[kind])
        return made[kind]

    return folder


@pytest.fixture(scope="session")
def _store(tmp_path_factory, folder_of):
    from linewise import models

    store = tmp_path_factory.mktemp("store")

    def convert(kind):
        if not (store / "models" / kind).is_dir():
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv("LINEWISE_CACHE_DIR", str(store))
                models.pull(str(folder_of(kind)), scheme="fp32", layers=(1,))
        return store / "models" / kind

    return convert


@pytest.fixture
def installed(_store, cache_dir):
    """A function from a kind of model to an installed one, in float32, probed after one block."""
    from linewise import models

    def install(kind="llama"):
        shutil.copytree(_store(kind), cache_dir / kind)
        return models.info(kind)

    return install
