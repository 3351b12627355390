"""From predictions to a ``calibration.json``: every choice made by figures that stand beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np

from linewise.errors import LabDataError
from linewise.lab.calibrate.elsewhere import (
    abstain_above,
    conditional,
    fit_conditional,
    logits_of,
    risk_coverage,
    scaled,
    transport,
)
from linewise.lab.calibrate.scalers import choose, fit, trials
from linewise.lab.measure import OUT_OF_FOLD
from linewise.lab.predictions import Level, Predictions, joined
from linewise.probe.calibration_file import (
    CALIBRATION_VERSION,
    CalibrationFile,
    LevelCalibration,
)
from linewise.probe.domain import Domain


def calibrate(
    found: Sequence[Predictions],
    *,
    method: str,
    training: frozenset[str],
    input_builder: int,
    model_sha256: str | None = None,
    domain: Domain | None = None,
    scaler: str | None = None,
) -> CalibrationFile:
    """Calibrate every level of a method that has out-of-fold predictions.

    Predictions of left-out sources, where there are any, decide how strangeness is heeded. Only
    programs in ``training`` (sample ids) are looked at: those of the test folds calibrate nothing.
    ``scaler`` names one instead of choosing it.

    Raises
    ------
    LabDataError
        If the method has no out-of-fold predictions, or a level cannot be calibrated.
    """
    ours = [each for each in found if each.method == method]
    levels = {each.level: each for each in ours if each.split == OUT_OF_FOLD}
    if not levels:
        raise LabDataError(
            f"there are no out-of-fold predictions of {method!r}; make them with "
            "`linewise lab predict --out-of-fold`, or choose one of "
            f"{sorted({each.method for each in found if each.split == OUT_OF_FOLD})}"
        )
    return CalibrationFile(
        version=CALIBRATION_VERSION,
        method=method,
        model_sha256=model_sha256,
        input_builder=input_builder,
        levels={
            str(level): _level(each, _left_out(ours, level, training), scaler)
            for level, each in sorted(levels.items())
        },
        domain=domain,
        provenance={
            "made": datetime.now(UTC).date().isoformat(),
            "command": "linewise lab calibrate",
            "problems": len(np.unique(next(iter(levels.values())).task)),
        },
    )


def _level(
    each: Predictions, left_out: Mapping[str, Predictions], scaler: str | None
) -> LevelCalibration:
    what = f"{each.level}s of {each.method}"
    figures: dict[str, Any] = {"scalers": trials(logits_of(each), each.label, each.task)}
    chosen = scaler or choose(figures["scalers"])
    made = fit(chosen, logits_of(each), each.label, what)
    if len(left_out) < 2:
        return LevelCalibration(chosen, made, trials=figures)
    figures["left-out sources"] = transport(left_out)
    known = joined(list(left_out.values()))
    better = _mean_skill(figures["left-out sources"], "conditional") > _mean_skill(
        figures["left-out sources"], "platt"
    )
    heeds = better and known.domain is not None
    rows = risk_coverage(left_out, conditional if heeds else scaled)
    return LevelCalibration(
        scaler=chosen,
        calibrator=made,
        conditional=fit_conditional(known) if heeds else None,
        abstain_above=None if known.domain is None else abstain_above(rows),
        risk_coverage=[] if known.domain is None else rows,
        trials=figures,
    )


def _left_out(
    found: Sequence[Predictions], level: Level, training: frozenset[str]
) -> dict[str, Predictions]:
    """Return training programs' predictions by left-out source, intent unstated if possible.

    An editor often shows none, and a program must not count twice.
    """
    prefix = "without source "
    here = [each for each in found if each.level is level and each.split.startswith(prefix)]
    intents = sorted({each.intent for each in here}, key=lambda intent: intent != "none")
    kept = {}
    for each in here:
        if each.intent == intents[0]:
            mine = each.take(np.isin(each.document, sorted(training)))
            if len(mine):
                kept[each.split.removeprefix(prefix)] = mine
    return kept


def _mean_skill(figures: Mapping[str, Any], reading: str) -> float:
    """Return the mean skill over sources: each source is one place the product may go to."""
    return float(np.mean([row[reading]["bss"] for row in figures.values() if reading in row]))
