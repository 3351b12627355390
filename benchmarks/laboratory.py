"""Speed and memory of the laboratory: ``python -m benchmarks.laboratory --data FOLDER``.

Embedding against the bare forward passes of the same programs, batch by batch in turn; how much
memory many more programs take; and how long it takes to train the shipped probe from activations.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from benchmarks.measure import seconds
from benchmarks.report import write
from linewise.analysis.code_lines import code_lines
from linewise.analysis.model_input import document_inputs
from linewise.analysis.syntax import parse
from linewise.lab.activations.store import ActivationStore
from linewise.lab.data import Document, documents, read_programs, training_intent
from linewise.lab.splits import TEST_FOLDS
from linewise.lab.training.fit import Recipe
from linewise.lab.training.line_model import fit_line_model
from linewise.lab.training.logits import HeadLogits, lines_of
from linewise.models.runtime import TargetModel
from linewise.settings import DEFAULT_MODEL

PROGRAMS = 240
BATCHES = 12
_MEGABYTE = 1024


def main() -> None:
    """Measure and write benchmarks/results/laboratory.json."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--cache", type=Path, default=Path(".lab"), help="embedded programs")
    asked = parser.parse_args()
    programs = [each for each in read_programs(asked.data) if each.fold not in TEST_FOLDS]
    docs = [documents(each, training_intent(each)) for each in programs]
    model = TargetModel.load(DEFAULT_MODEL)
    some = [each.text for each in docs[:: max(1, len(docs) // PROGRAMS)]]
    figures = {"embedding": embedding(model, some), "training": training(model, docs, asked.cache)}
    print(write("laboratory", "python -m benchmarks.laboratory --data FOLDER", figures))


def embedding(model: TargetModel, texts: Sequence[str]) -> dict[str, Any]:
    """Return tokens per second, bare and into the store, and how memory grew after the first half.

    The bare passes read the same inputs, which are made beforehand.
    """
    parts = np.array_split(np.arange(len(texts)), BATCHES)
    tokens, ratios, peaks, times = 0, [], [], np.zeros(2)
    with tempfile.TemporaryDirectory() as folder:
        store = ActivationStore(model, Path(folder))
        for part in parts:
            batch = [texts[number] for number in part]
            syntaxes = [parse(text) for text in batch]
            inputs = [each for s in syntaxes for each in document_inputs(s, code_lines(s), model)]
            bare = seconds(lambda inputs=inputs: [model.hidden_states(each.ids) for each in inputs])
            kept = seconds(lambda batch=batch: store.fill(batch))
            tokens += sum(len(each.ids) for each in inputs)
            times += (bare, kept)
            ratios.append(bare / kept)
            peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    return {
        "programs": len(texts),
        "tokens": tokens,
        "bare_tokens_per_second": round(tokens / times[0]),
        "embedding_tokens_per_second": round(tokens / times[1]),
        "ratio": round(median(ratios), 3),
        "budget": ">= 0.9",
        "peak_growth_megabytes": round((peaks[-1] - peaks[BATCHES // 2 - 1]) / _MEGABYTE, 1),
    }


def training(model: TargetModel, docs: Sequence[Document], cache: Path) -> dict[str, Any]:
    """Return the seconds that heads, out of fold and for good, and the line model take."""
    store = ActivationStore(model, cache)
    store.fill([each.text for each in docs])

    def train() -> None:
        with tempfile.TemporaryDirectory() as folder:
            logits = HeadLogits(store, Path(folder))
            said, _ = logits.get(docs, [], Recipe())
            logits.heads(docs, Recipe())
            lines = lines_of(docs, said)
            tasks = [docs[number].program.task_id for number in lines.document]
            fit_line_model(lines.facts, lines.heads, lines.label, tasks)

    return {
        "programs": len(docs),
        "minutes": round(seconds(train) / 60, 2),
        "budget": "<= 10",
    }


if __name__ == "__main__":
    main()
