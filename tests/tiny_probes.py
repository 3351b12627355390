"""Real ONNX probes with random heads, and trees that were fitted."""

import pytest


def write_tiny_manifest(folder, files, size, platt, *, threshold):
    """Write the manifest of a probe of a tiny model, with one calibrator for all levels."""
    from linewise.analysis.line_facts import FACTS
    from linewise.analysis.model_input import INPUT_BUILDER_VERSION
    from linewise.probe.manifest import MANIFEST_VERSION, Calibrators, ProbeManifest, write_manifest

    write_manifest(
        ProbeManifest(
            version=MANIFEST_VERSION,
            model="tiny",
            model_sha256="0" * 64,
            scheme="fp32",
            layers=(1,),
            hidden_size=size,
            input_builder=INPUT_BUILDER_VERSION,
            facts=FACTS,
            files=files,
            calibrators=Calibrators(platt, platt, platt, platt),
            threshold=threshold,
            metrics={},
            provenance={},
            licence="Apache-2.0",
        ),
        folder / "manifest.json",
    )


@pytest.fixture(scope="session")
def make_probe(tmp_path_factory):
    """A function: the folder of a probe of random weights for hidden states of so many numbers."""
    import numpy as np
    import torch

    from linewise.analysis.line_facts import FACTS
    from linewise.lab.training.export import export_head, export_line_model
    from linewise.lab.training.heads import MaxPoolHead
    from linewise.lab.training.line_model import fit_line_model
    from linewise.probe.calibration import Platt

    def make(size):
        folder = tmp_path_factory.mktemp("probe")
        torch.manual_seed(0)
        head = MaxPoolHead(torch.zeros(size), torch.ones(size), width=6).eval()
        generator = np.random.default_rng(0)
        facts = generator.poisson(0.5, (800, len(FACTS))).astype(np.float32)
        heads = generator.normal(size=(800, 2))
        edited = heads[:, 0] + facts[:, 0] + generator.normal(size=800) > 1
        line_model, _ = fit_line_model(facts, heads, edited, [str(n % 20) for n in range(800)])
        platt = Platt(slope=1.5, intercept=-1.0, base_rate=0.1, n=100)
        files = export_head(head, folder) | export_line_model(line_model, facts, folder)
        write_tiny_manifest(folder, files, size, platt, threshold=0.3)
        return folder

    return make


@pytest.fixture(scope="session")
def tiny_probe(make_probe):
    """The folder of a probe of the first block of the tiny installed models."""
    return make_probe(32)


@pytest.fixture
def tiny_engine(installed, tiny_probe):
    """A tiny installed Llama with that probe."""
    from linewise.engine import Engine
    from linewise.models.runtime import TargetModel
    from linewise.probe.runtime import Probe

    return Engine(TargetModel(installed("llama"), threads=1), Probe(tiny_probe))
