"""Probe artefacts: refused by name when they do not fit, exact when they do."""

import json
import shutil

import numpy as np
import pytest
import torch
from attrs import evolve
from onnxruntime import InferenceSession

from linewise.errors import ProbeMismatchError
from linewise.lab.training.export import export_head
from linewise.lab.training.heads import HEADS
from linewise.probe.calibration import Platt
from linewise.probe.manifest import read_manifest, write_manifest
from linewise.probe.runtime import Probe
from linewise.probe.shipped import find_probe
from linewise.settings import DEFAULT_MODEL


@pytest.fixture
def folder(probe_folder, tmp_path):
    return shutil.copytree(probe_folder, tmp_path / "probe")


def test_platt_is_the_logistic_function_and_never_overflows():
    platt = Platt(2.0, -1.0, 0.1, 10)
    assert platt(np.array([0.5])) == pytest.approx([0.5])
    extreme = platt(np.array([-1e9, 1e9]))
    assert 0 <= extreme[0] < 1e-9
    assert 1 - 1e-9 < extreme[1] <= 1


def test_a_manifest_survives_the_disk(folder):
    manifest = read_manifest(folder / "manifest.json")
    write_manifest(manifest, folder / "again.json")
    assert read_manifest(folder / "again.json") == manifest


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"input_builder": 99}, "input builder 99"),
        ({"model_sha256": "f" * 64}, "ffffffffffff"),
        ({"layers": (7,)}, r"layers \[7\]"),
        ({"facts": ("length",)}, "other facts"),
    ],
)
def test_a_probe_for_something_else_is_refused_by_name(folder, change, named):
    manifest = evolve(read_manifest(folder / "manifest.json"), **change)
    with pytest.raises(ProbeMismatchError, match=named):
        manifest.check_fits("tiny", "0" * 64, (1,))


@pytest.mark.parametrize("content", ["", "[]", "{", '{"version": 99}', '{"version": 1}', "\x00"])
def test_a_broken_manifest_is_refused(folder, content):
    (folder / "manifest.json").write_text(content)
    with pytest.raises(ProbeMismatchError, match="manifest"):
        Probe(folder)


@pytest.mark.parametrize("name", ["probe.onnx", "query.onnx", "lines.onnx"])
def test_a_flipped_byte_is_noticed(folder, name):
    content = bytearray((folder / name).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / name).write_bytes(content)
    with pytest.raises(ProbeMismatchError, match=name):
        Probe(folder)


def test_a_missing_graph_is_noticed(folder):
    (folder / "query.onnx").unlink()
    with pytest.raises(ProbeMismatchError, match=r"query\.onnx"):
        Probe(folder)


@pytest.mark.parametrize("name", HEADS)
def test_the_graphs_agree_with_torch_for_any_number_of_tokens_and_spans(tmp_path, name):
    torch.manual_seed(1)
    head = HEADS[name](torch.randn(12), torch.rand(12) + 0.5).eval()
    files = export_head(head, tmp_path)
    assert set(files) == {"probe.onnx", "query.onnx"}
    assert not any(b".py" in (tmp_path / name).read_bytes() for name in files)  # no stack traces
    probe = InferenceSession(tmp_path / "probe.onnx")
    query = InferenceSession(tmp_path / "query.onnx")
    for tokens, spans in [(1, 1), (1, 3), (40, 1), (513, 60)]:
        hidden = torch.randn(tokens, 12)
        member = torch.rand(spans, tokens) < 0.3
        member[:, -1] = True
        with torch.no_grad():
            evidence = head.project(hidden)
            expected = head.read(evidence, member)
        (found,) = probe.run(None, {"hidden": hidden.numpy()})
        assert np.abs(found - evidence.numpy()).max() < 1e-5
        (logits,) = query.run(None, {"evidence": found, "member": member.numpy()})
        assert np.abs(logits - expected.numpy()).max() < 1e-5


def test_the_shipped_probe_loads_and_states_its_figures():
    folder = find_probe(DEFAULT_MODEL)
    manifest = Probe(folder).manifest
    assert manifest.model == DEFAULT_MODEL
    assert 0 < manifest.calibrators.line.base_rate < 0.5
    assert 0 < manifest.threshold < 1
    assert json.loads((folder / "manifest.json").read_text())["metrics"]["held_out"]


def test_a_model_without_a_probe_has_none():
    assert find_probe("no-such-model") is None
