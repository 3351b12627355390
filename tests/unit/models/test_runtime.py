"""The converted model against torch, and what the runtime promises around it."""

import subprocess
import sys

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM

from linewise import models
from linewise.errors import LinewiseError, ModelCorruptError, ModelNotFoundError
from linewise.models.runtime import TargetModel

KINDS = ("llama", "llama-tied", "gpt2", "qwen2", "bloom")
IDS = np.random.default_rng(0).integers(1, 384, 70)


@pytest.fixture(scope="module")
def torch_outputs(folder_of):
    """Hidden states after the first block (T x d), log-probabilities and entropies, from torch."""

    def compute(kind, ids):
        model = AutoModelForCausalLM.from_pretrained(folder_of(kind)).eval()
        with torch.no_grad():
            output = model(torch.from_numpy(ids)[None], output_hidden_states=True)
        logps = torch.log_softmax(output.logits[0, :-1].double(), -1)
        logp = logps.gather(-1, torch.from_numpy(ids)[1:, None])[:, 0]
        entropy = torch.distributions.Categorical(logits=logps).entropy()
        return output.hidden_states[1][0].numpy(), logp.numpy(), entropy.numpy()

    return compute


def close(actual, expected):
    np.testing.assert_allclose(actual, expected, atol=1e-4 * np.abs(expected).max(), rtol=0)


@pytest.mark.parametrize("kind", KINDS)
def test_equals_torch(kind, installed, torch_outputs):
    model = TargetModel(installed(kind))
    hidden, logp, entropy = torch_outputs(kind, IDS)
    close(model.hidden_states(IDS)[0], hidden)
    found = model.surprisal(IDS)
    close(found[0][1:], logp)
    close(found[1][1:], entropy)
    assert np.isnan(found[0][0])
    assert np.isnan(found[1][0])


def test_shapes_and_types(installed):
    installed()
    model = TargetModel.load("llama", threads=1)
    assert model.name == "llama"
    assert model.layers == (1,)
    assert model.hidden_size == 32
    assert model.context_length == 300
    assert model.provider == "CPUExecutionProvider"
    assert model.identity == models.info("llama").manifest.identity
    assert model.weights_sha256 == models.info("llama").manifest.weights_sha256
    hidden = model.hidden_states(IDS)
    assert hidden.shape == (1, 70, 32)
    assert hidden.dtype == np.float32
    assert all(values.dtype == np.float32 for values in model.surprisal(IDS))


def test_a_batch_is_its_rows(installed):
    model = TargetModel(installed())
    batch = IDS.reshape(2, 35)
    hidden = model.hidden_states(batch)
    assert hidden.shape == (1, 2, 35, 32)
    for row, ids in enumerate(batch):
        close(hidden[:, row], model.hidden_states(ids))


def test_attention_is_causal(installed):
    model = TargetModel(installed())
    close(model.hidden_states(IDS)[:, :20], model.hidden_states(IDS[:20]))


def test_positions_matter_where_given(installed):
    model = TargetModel(installed("gpt2"))
    usual = model.hidden_states(IDS)
    close(model.hidden_states(IDS, np.arange(70)), usual)
    assert np.abs(model.hidden_states(IDS, np.arange(70) + 9) - usual).max() > 0.01


@pytest.mark.parametrize("count", [0, 1, 2])
def test_short_inputs(count, installed):
    model = TargetModel(installed())
    assert model.hidden_states(IDS[:count]).shape == (1, count, 32)
    logp, entropy = model.surprisal(IDS[:count])
    assert logp.shape == entropy.shape == (count,)
    assert np.isfinite(logp[1:]).all()


@pytest.mark.parametrize("chunk", [1, 7, 64, 1000])
def test_chunks_do_not_matter(chunk, installed):
    model = TargetModel(installed())
    for values, expected in zip(model.surprisal(IDS, chunk), model.surprisal(IDS), strict=True):
        close(values[1:], expected[1:])


def test_the_context_has_an_end(installed):
    model = TargetModel(installed())
    assert model.hidden_states(np.ones(300, int)).shape == (1, 300, 32)
    with pytest.raises(LinewiseError, match="at most 300 tokens at once, not 301"):
        model.hidden_states(np.ones(301, int))
    with pytest.raises(LinewiseError, match="at most 300"):
        model.surprisal(np.ones(301, int))


TEXTS = {
    "code": "def f(x):\n    return x  # ok\n",
    "crlf": "a = 1\r\n\r\nb = 2\r\n",
    "emoji": "s = '🎉👩\u200d👩\u200d👧'  # é\u0301",
    "surrogate": "x = '\ud800'\ny = '\udfff\ud83d'",
    "special": "stop = '<|endoftext|>'",
    "blank": "\n\t  \n",
    "nul": "a\0b",
    "empty": "",
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_tokens_cover_the_text(text, installed, tokenizer):
    encoding = TargetModel(installed()).encode(text)
    assert encoding.ids.dtype == np.int64
    assert encoding.starts.dtype == encoding.ends.dtype == np.int32
    assert len(encoding.ids) == len(encoding.starts) == len(encoding.ends)
    covered = {i for s, e in zip(encoding.starts, encoding.ends, strict=True) for i in range(s, e)}
    assert covered == set(range(len(text)))
    assert (np.diff(encoding.starts) >= 0).all()
    replaced = "".join("\ufffd" if "\ud800" <= c <= "\udfff" else c for c in text)
    assert tokenizer.decode(encoding.ids, clean_up_tokenization_spaces=False) == replaced
    assert 0 not in encoding.ids  # the end-of-text token


def test_offsets_count_code_points(installed):
    text = "🎉x"
    encoding = TargetModel(installed()).encode(text)
    *party, x = zip(encoding.starts, encoding.ends, strict=True)
    assert set(party) == {(0, 1)}
    assert x == (1, 2)


def test_threads(installed, monkeypatch):
    model = installed()
    for value in ("1", "many", ""):
        monkeypatch.setenv("LINEWISE_THREADS", value)
        assert TargetModel(model).hidden_states(IDS).shape == (1, 70, 32)


@pytest.mark.parametrize("file", ["trunk.bin", "trunk.onnx", "tokenizer.json"])
def test_a_flipped_byte_is_found_at_load(file, installed):
    path = installed().folder / file
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(ModelCorruptError, match="linewise models pull llama --force"):
        TargetModel.load("llama")


@pytest.mark.parametrize("file", ["tail.bin", "head.bin", "head.onnx"])
def test_a_truncated_file_is_found_when_first_used(file, installed):
    path = installed().folder / file
    path.write_bytes(path.read_bytes()[:-1])
    model = TargetModel.load("llama")
    model.hidden_states(IDS)
    with pytest.raises(ModelCorruptError, match=file):
        model.surprisal(IDS)


def test_a_missing_file_is_found(installed):
    (installed().folder / "trunk.bin").unlink()
    with pytest.raises(ModelCorruptError, match=r"trunk\.bin"):
        TargetModel.load("llama")


def test_what_is_not_installed():
    with pytest.raises(ModelNotFoundError, match="linewise models pull smollm2-135m"):
        TargetModel.load("smollm2-135m")
    with pytest.raises(ModelNotFoundError, match="Did you mean `smollm2-135m`"):
        TargetModel.load("smollm-135m")


def test_scoring_needs_no_torch(installed):
    installed()
    code = (
        "import sys, numpy; from linewise.models.runtime import TargetModel\n"
        "model = TargetModel.load('llama'); model.surprisal(model.encode('x = 1').ids)\n"
        "print(sorted({'torch', 'transformers', 'onnx', 'onnx_ir', 'gguf'} & set(sys.modules)))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert (result.stdout.strip(), result.stderr) == ("[]", "")
