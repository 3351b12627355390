"""The default model as users have it: pulled once into the user's cache, then held to budgets."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from linewise import models
from linewise.errors import ModelCorruptError
from linewise.models import cache
from linewise.models.quantize import SCHEMES
from linewise.models.runtime import TargetModel
from linewise.settings import DEFAULT_MODEL

MEASURE = """
import json, time, psutil
from linewise.models import cache
from linewise.models.runtime import TargetModel
installed = cache.find("smollm2-135m")
started = time.process_time()
for name in installed.manifest.files:
    cache.verified(installed, name)
hashing = time.process_time() - started
model = TargetModel.load("smollm2-135m")
model.hidden_states([7] * 512)
print(json.dumps({"hashing": hashing, "megabytes": psutil.Process().memory_info().rss / 2**20}))
"""


@pytest.fixture
def model(monkeypatch):
    monkeypatch.delenv("LINEWISE_CACHE_DIR")
    models.pull(DEFAULT_MODEL)
    return TargetModel.load(DEFAULT_MODEL)


def test_its_conversion_is_within_bounds(model):
    manifest = model.manifest
    spec = manifest.recipe
    assert model.layers == spec.probed
    assert manifest.total_layers == spec.layers
    assert manifest.weights_sha256 == spec.sha256
    bound = SCHEMES[manifest.scheme].bound
    assert all(error.median <= bound for error in manifest.selftest.hidden.values())


def test_it_knows_python(model):
    """Mean log-probability of plain code, in nats per token, against shuffled tokens."""
    ids = model.encode(Path(cache.__file__).read_text("utf-8")).ids[:400]
    logp, entropy = model.surprisal(ids)
    assert np.nanmean(logp) > -3.5
    assert 0 < np.nanmean(entropy) < np.log(model.manifest.vocab_size)
    shuffled = np.random.default_rng(0).permutation(ids)
    assert np.nanmean(model.surprisal(shuffled)[0]) < np.nanmean(logp) - 2


def test_it_keeps_to_its_budgets(model):
    result = subprocess.run(
        [sys.executable, "-c", MEASURE], capture_output=True, text=True, check=True
    )
    measured = json.loads(result.stdout)
    assert measured["hashing"] <= 0.4  # seconds of one core
    assert measured["megabytes"] <= 700


def test_one_flipped_byte_is_found(model, tmp_path, monkeypatch):
    folder = tmp_path / "cache" / "models" / DEFAULT_MODEL
    shutil.copytree(model._installed.folder, folder)
    monkeypatch.setenv("LINEWISE_CACHE_DIR", str(tmp_path / "cache"))
    with (folder / "trunk.bin").open("r+b") as file:
        file.seek(50_000_000)
        byte = file.read(1)
        file.seek(-1, 1)
        file.write(bytes([byte[0] ^ 1]))
    with pytest.raises(ModelCorruptError, match="pull smollm2-135m --force"):
        TargetModel.load(DEFAULT_MODEL)
