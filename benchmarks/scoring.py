"""Scoring against its floor, and against what one would write with transformers."""

from __future__ import annotations

import sysconfig
from pathlib import Path
from typing import Any

import cattrs
import numpy as np

from benchmarks.measure import Ratio, compare
from linewise.analysis.code_lines import code_lines
from linewise.analysis.model_input import ModelInput, document_inputs
from linewise.analysis.syntax import parse
from linewise.engine import Engine
from linewise.models.runtime import TargetModel
from linewise.probe.runtime import Probe
from linewise.probe.shipped import find_probe
from linewise.settings import DEFAULT_MODEL

STDLIB = Path(sysconfig.get_path("stdlib"))
PAIRS = 5


def measure() -> dict[str, Any]:
    """Return the ratios of the scoring budgets."""
    model = TargetModel.load(DEFAULT_MODEL)
    folder = find_probe(DEFAULT_MODEL)
    assert folder is not None
    probe = Probe(folder)
    file = (STDLIB / "textwrap.py").read_text("utf-8")
    long_file = _thousand_lines()
    return {
        "score a file / floor": {
            "budget": "<= 1.15",
            "file": "textwrap.py",
            "tokens": _tokens(inputs_of(file, model)),
            **_as_dict(_file_over_floor(file, model, probe)),
        },
        "re-score after a one-line edit in 1,000 lines / floor of the file": {
            "budget": "<= 0.10",
            "tokens": _tokens(inputs_of(long_file, model)),
            **_as_dict(_edit_over_floor(long_file, model, probe)),
        },
        "transformers fp32 forward / score a file": {
            "budget": ">= 3",
            "file": "textwrap.py",
            **_as_dict(_transformers_over_file(file, model, probe)),
        },
    }


def inputs_of(text: str, model: TargetModel) -> list[ModelInput]:
    """Return what the model reads of a text."""
    syntax = parse(text)
    return document_inputs(syntax, code_lines(syntax), model)


def _tokens(inputs: list[ModelInput]) -> int:
    return sum(len(each.ids) for each in inputs)


def floor(inputs: list[ModelInput], model: TargetModel) -> None:
    """Run the same graph over the same tokens, nothing else: what no scoring can be below."""
    session = model._trunk
    for each in inputs:
        positions = np.arange(len(each.ids))[None]
        session.run(None, {"input_ids": each.ids[None], "position_ids": positions})


def _file_over_floor(text: str, model: TargetModel, probe: Probe) -> Ratio:
    inputs = inputs_of(text, model)
    return compare(
        # A new engine each time: nothing is cached.
        lambda: Engine(model, probe).score(text),
        lambda: floor(inputs, model),
        pairs=PAIRS,
    )


def _edit_over_floor(text: str, model: TargetModel, probe: Probe) -> Ratio:
    engine = Engine(model, probe)
    engine.score(text)
    inputs = inputs_of(text, model)
    lines = text.split("\n")
    middle = next(n for n in range(500, len(lines)) if lines[n].lstrip().startswith("return "))
    count = 0

    def edit() -> None:
        nonlocal count
        count += 1
        changed = [*lines]
        changed[middle] += f" or {count}"
        engine.score("\n".join(changed))

    return compare(edit, lambda: floor(inputs, model), pairs=3)


def _transformers_over_file(text: str, model: TargetModel, probe: Probe) -> Ratio:
    import torch

    from linewise.models import torch_model

    reference = torch_model(DEFAULT_MODEL)
    inputs = [torch.from_numpy(each.ids)[None] for each in inputs_of(text, model)]

    def forward() -> None:
        with torch.no_grad():
            for ids in inputs:
                reference(ids)

    return compare(forward, lambda: Engine(model, probe).score(text), pairs=3)


def _thousand_lines() -> str:
    lines = (STDLIB / "argparse.py").read_text("utf-8").split("\n")
    return "\n".join(lines[:1000])


def _as_dict(ratio: Ratio) -> dict[str, Any]:
    return {
        key: round(value, 4) if isinstance(value, float) else value
        for key, value in cattrs.unstructure(ratio).items()
    }
