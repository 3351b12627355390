"""Quantization schemes by probe quality and speed: ``python -m benchmarks.schemes --data FOLDER``.

Each scheme's trunk reads the same held-out programs; the shipped probe's head judges its
hidden states.
Speed is a ratio to the float32 graph, the two run in turn.
"""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import cattrs
import numpy as np
import typer
from rich.console import Console

from benchmarks.measure import compare
from benchmarks.report import write
from linewise import models
from linewise.lab.activations.corpus import Corpus, corpus_of
from linewise.lab.activations.store import ActivationStore
from linewise.lab.data import Document, Intent, documents, read_programs
from linewise.lab.evaluate.bootstrap import with_interval
from linewise.lab.evaluate.metrics import HEADLINE
from linewise.models.quantize import SCHEMES
from linewise.models.runtime import TargetModel
from linewise.probe.runtime import Probe
from linewise.probe.shipped import find_probe
from linewise.settings import DEFAULT_MODEL

TOKENS = 256
console = Console(stderr=True)


def main(
    data: Annotated[Path, typer.Option(help="Folder with problems.jsonl.gz, patches.jsonl.gz.")],
    programs: Annotated[int, typer.Option(help="How many held-out programs to judge.")] = 400,
) -> None:
    """Measure every scheme on the default model and write benchmarks/results/schemes.json."""
    folder = find_probe(DEFAULT_MODEL)
    assert folder is not None
    probe = Probe(folder)
    held_out = [each for each in read_programs(data) if each.fold in {6, 7}]
    docs = [
        documents(each, Intent.FUNCTION) for each in held_out[:: max(1, len(held_out) // programs)]
    ]
    rows: dict[str, Any] = {}
    reference: TargetModel | None = None
    for scheme in SCHEMES:
        console.print(f"scheme {scheme}")
        name = f"bench-{scheme}"
        installed = models.pull(
            DEFAULT_MODEL, name=name, scheme=scheme, layers=probe.manifest.layers
        )
        model = TargetModel.load(name)
        reference = reference or model
        with tempfile.TemporaryDirectory() as cache:
            corpus = corpus_of(docs, ActivationStore(model, Path(cache)))
            quality = _quality(docs, corpus, probe)
        speed = compare(partial(_forward, reference), partial(_forward, model), pairs=9)
        rows[scheme] = {
            "trunk_megabytes": round(
                sum(installed.manifest.files[f"trunk.{kind}"].size for kind in ("onnx", "bin"))
                / 1e6
            ),
            "relative_error": cattrs.unstructure(installed.manifest.selftest.hidden),
            "speed_over_fp32": round(speed.ratio, 2),
            "tokens_per_second": round(TOKENS / speed.b_seconds),
            **quality,
        }
        console.print(rows[scheme])
    for scheme in SCHEMES:
        models.remove(f"bench-{scheme}")
    write("schemes", "python -m benchmarks.schemes", rows)


def _forward(model: TargetModel) -> None:
    model.hidden_states(np.arange(1000, 1000 + TOKENS))


def _quality(docs: list[Document], corpus: Corpus, probe: Probe) -> dict[str, Any]:
    hidden = corpus.layer(0).astype(np.float32)
    logits = []
    for first, end in corpus.lines:
        member = np.ones((1, end - first), bool)
        logits.append(probe.logits(probe.evidence(hidden[first:end]), member)[0])
    p = probe.manifest.calibrators.span(np.array(logits))
    groups = np.array([doc.program.task_id for doc in docs])[corpus.line_document]
    figures: dict[str, Any] = {"lines": len(p)}
    for name, metric in HEADLINE.items():
        interval = with_interval(metric, corpus.line_labels, p, groups)
        figures[name] = [round(interval.value, 4), round(interval.low, 4), round(interval.high, 4)]
    return figures


if __name__ == "__main__":
    typer.run(main)
