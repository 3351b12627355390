"""Where it is known what became of lines: the reliability of the probabilities, with its source."""

from __future__ import annotations

import numpy as np

from linewise.probe.calibration import sigmoid
from linewise.report.payload import Reliability, ReliabilityBin
from linewise.workspace.calibration import Workspace
from linewise.workspace.feedback import centers

LEAST_FEEDBACK = 200
"""Lines; fewer edits of one's own say too little."""


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
