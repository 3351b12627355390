"""A tiny model as it is installed, and a real probe of its hidden states."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
import torch

from linewise.analysis.line_facts import FACTS
from linewise.analysis.model_input import INPUT_BUILDER_VERSION
from linewise.engine import Engine
from linewise.lab.training.export import export_head, export_line_model
from linewise.lab.training.heads import MaxPoolHead
from linewise.lab.training.line_model import fit_line_model
from linewise.models.runtime import TargetModel
from linewise.probe.calibration import Platt
from linewise.probe.manifest import MANIFEST_VERSION, Calibrators, ProbeManifest, write_manifest
from linewise.probe.runtime import Probe
from linewise.rationale.explain import Explainer
from linewise.rationale.explain_text import ExplainedText

_path = Path(__file__).parents[2] / "models" / "conftest.py"
_spec = importlib.util.spec_from_file_location("models_conftest", _path)
_models = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_models)

cache_dir, tokenizer, folder_of = _models.cache_dir, _models.tokenizer, _models.folder_of
_store, installed = _models._store, _models.installed

SIZE = 32


def write_probe(folder):
    """Write a probe of the tiny models' first block: a random head, trees that were fitted."""
    torch.manual_seed(0)
    head = MaxPoolHead(torch.zeros(SIZE), torch.ones(SIZE), width=6).eval()
    generator = np.random.default_rng(0)
    facts = generator.poisson(0.5, (800, len(FACTS))).astype(np.float32)
    heads = generator.normal(size=(800, 2))
    edited = heads[:, 0] + facts[:, 0] + generator.normal(size=800) > 1
    line_model, _ = fit_line_model(facts, heads, edited, [str(n % 20) for n in range(800)])
    platt = Platt(slope=1.5, intercept=-1.0, base_rate=0.1, n=100)
    manifest = ProbeManifest(
        version=MANIFEST_VERSION,
        model="llama",
        model_sha256="0" * 64,
        scheme="fp32",
        layers=(1,),
        hidden_size=SIZE,
        input_builder=INPUT_BUILDER_VERSION,
        facts=FACTS,
        files=export_head(head, folder) | export_line_model(line_model, facts, folder),
        calibrators=Calibrators(platt, platt, platt, platt),
        threshold=0.3,
        metrics={},
        provenance={},
        licence="Apache-2.0",
    )
    write_manifest(manifest, folder / "manifest.json")


@pytest.fixture(scope="session")
def probe_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("probe")
    write_probe(folder)
    return folder


@pytest.fixture
def engine(installed, probe_folder):
    return Engine(TargetModel(installed(), threads=1), Probe(probe_folder))


@pytest.fixture
def explainer(engine):
    return Explainer(engine.model, engine.probe)


@pytest.fixture
def ask(explainer):
    """A function: a question about a line of a text."""

    def ask(text, line, language="python", **options):
        return explainer.ask(ExplainedText(text, language), line, **options)

    return ask
