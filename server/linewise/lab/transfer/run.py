"""A shipped probe measured on prose: as it is, with its scaling fitted anew, beside baselines."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from linewise.errors import ModelNotFoundError
from linewise.lab.evaluate.report import Figures, report
from linewise.lab.predictions import Level
from linewise.lab.transfer.passages import read_passages
from linewise.lab.transfer.score import (
    as_shipped,
    base_rate,
    collect,
    doubt_logits,
    probe_logits,
    refitted,
)
from linewise.models.runtime import TargetModel
from linewise.probe.runtime import Probe
from linewise.probe.shipped import find_probe

PROBE = "probe trained on code"


def transfer(
    path: Path,
    name: str,
    *,
    limit: int,
    resamples: int,
    progress: Callable[[str, float], None],
) -> Figures:
    """Return figures at sentence level (line) and answer level (unit).

    ``limit`` passages are taken, evenly spaced (0: all).

    Raises
    ------
    ModelNotFoundError
        If there is no probe for the model, or it is not installed.
    ProbeMismatchError
        If the probe was made for other weights, layers or another input builder.
    """
    folder = find_probe(name)
    if folder is None:
        raise ModelNotFoundError(f"there is no probe for {name}; train one first")
    model, probe = TargetModel.load(name), Probe(folder)
    probe.manifest.check_fits(model.name, model.weights_sha256, model.layers)
    passages = list(read_passages(path))
    if limit:
        passages = passages[:: max(1, -(-len(passages) // limit))]
    ours = collect(
        passages,
        lambda passage: probe_logits(passage, model, probe),
        method=PROBE,
        progress=lambda done, total: progress(PROBE, 0.5 * done / total),
    )
    doubt = collect(
        passages,
        lambda passage: doubt_logits(passage, model),
        method="token probability",
        progress=lambda done, total: progress("token probability", 0.5 + 0.5 * done / total),
    )
    calibrators = probe.manifest.calibrators
    on_code = {Level.LINE: calibrators.span, Level.UNIT: calibrators.unit}
    found = []
    for level, each in ours.items():
        found += [as_shipped(each, on_code[level]), refitted(each), base_rate(each)]
        found += [doubt[level], refitted(doubt[level])]
    return {
        "passages": len(passages),
        "marked spans not in an answer": sum(passage.unplaced for passage in passages),
        **report(found, subject=f"{PROBE}, scaled anew", resamples=resamples),
    }
