"""How probabilities were calibrated, and how well they held where it is known what lines became."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from linewise.lab.evaluate.bootstrap import Interval
from linewise.probe.calibration import sigmoid
from linewise.probe.manifest import ProbeManifest
from linewise.report.payload import CalibrationState, Measured, Reliability, ReliabilityBin
from linewise.workspace.calibration import Workspace
from linewise.workspace.feedback import centers

LEAST_FEEDBACK = 200
"""Lines; fewer edits of one's own say too little."""


def state_of(manifest: ProbeManifest, workspace: Workspace | None) -> CalibrationState:
    """Return which calibration is in force in a workspace, and what was measured of it."""
    found = manifest.calibration if workspace is None else workspace.described()
    return CalibrationState(
        found.source,
        found.fitted,
        found.promise,
        found.line.base_rate,
        found.threshold,
        (*_shipped(manifest), *_fitted(workspace)),
        None if workspace is None else workspace.problem,
    )


def reliability_of(workspace: Workspace | None) -> Reliability | None:
    """Return what is known: of later commits, else of the user's own edits, else nothing."""
    if workspace is None:
        return None
    stored = workspace.stored
    if stored is not None and (rows := stored.metrics.get("reliability")):
        window = f"{stored.window_days:g} days"
        return Reliability(
            f"lines of later commits than those fitted to, changed within {window}",
            tuple(ReliabilityBin(*map(float, row)) for row in rows),
        )
    feedback = workspace.feedback
    if feedback.lines < LEAST_FEEDBACK:
        return None
    lines = np.array(feedback.flagged) + np.array(feedback.unflagged)
    edited = np.array(feedback.flagged_edited) + np.array(feedback.unflagged_edited)
    # What was counted is log-odds before the personal shift.
    shown = sigmoid(centers() + workspace.personal)
    return Reliability(
        "lines that were shown in your editor, by whether you edited them",
        tuple(
            ReliabilityBin(float(p), float(hit / count), float(count))
            for p, hit, count in zip(shown, edited, lines, strict=True)
            if count >= 1
        ),
    )


def _shipped(manifest: ProbeManifest) -> Iterator[Measured]:
    # In a workspace, what a program is for is stated nowhere near most of its lines.
    row = manifest.metrics.get("held_out", {}).get("intent: none", {}).get("line")
    if row is not None:
        of = "as shipped, on programs for problems that the probe never saw"
        yield _measured(of, row["n"], row)


def _fitted(workspace: Workspace | None) -> Iterator[Measured]:
    if workspace is None or (stored := workspace.stored) is None:
        return
    rows = stored.metrics.get("later commits", {})
    names = {
        "workspace": "fitted to this workspace, on later commits",
        "shipped": "as shipped, on the same commits",
    }
    for name, of in names.items():
        if name in rows and "lines" in stored.metrics:
            yield _measured(of, stored.metrics["lines"], rows[name])


def _measured(of: str, lines: int, row: Mapping[str, Any]) -> Measured:
    return Measured(of, lines, *(Interval(*row[key]) for key in ("bss", "ece", "auc")))
