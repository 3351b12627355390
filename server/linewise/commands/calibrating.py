"""The work behind ``linewise calibrate``: a history in, a stored calibration out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from linewise.commands.project import projects, tell_problems
from linewise.engine import Engine
from linewise.errors import LinewiseError, ModelNotFoundError
from linewise.lab.evaluate.bootstrap import Interval
from linewise.lab.evaluate.sample import sample_of
from linewise.models.cache import root as models_folder
from linewise.probe.calibration import sigmoid
from linewise.probe.manifest import ProbeManifest, read_manifest
from linewise.probe.shipped import find_probe
from linewise.workspace import fit, git, store
from linewise.workspace.calibration import Workspace, Workspaces
from linewise.workspace.churn import FEATURES
from linewise.workspace.clones import shallow_advice
from linewise.workspace.fit import Background, Data, Inputs
from linewise.workspace.labels import read_labels
from linewise.workspace.sampling import sample
from linewise.workspace.scoring import score
from linewise.workspace.store import StoredCalibration

_BINS = 10
Progress = Callable[[str, float], None]
"""Hears (what is being done, the fraction done)."""


def workspace_of(path: Path, model: str) -> Workspace:
    """Return what is known of the repository that holds ``path``.

    Raises
    ------
    LinewiseError
        If there is no repository, or no probe for the model.
    """
    folder = find_probe(model)
    if folder is None:
        raise ModelNotFoundError(
            f"there is no probe for {model}, so there is nothing to calibrate; choose another "
            "with --model (`linewise models list`)"
        )
    return _workspace(path, model, read_manifest(folder / "manifest.json"))


def fit_to_git(path: Path, model: str, window_days: float, progress: Progress) -> Workspace:
    """Fit to the history of the repository that holds ``path``, measure it and store it.

    Raises
    ------
    LinewiseError
        If there is no repository, no model, too little history, or a fit that is not better on
        later commits than the shipped calibration; then nothing is stored or replaced.
    """
    engine = Engine.load(model)
    workspace = _workspace(path, model, engine.manifest)
    data, background = _read(engine, workspace.root, window_days, progress)
    try:
        fit.require_enough(data)
    except LinewiseError as error:
        if (cut_off := shallow_advice(workspace.root)) is not None:
            raise LinewiseError(f"{cut_off}; {error}") from error
        raise
    progress("Fitting", 1.0)
    metrics = measured(data, background, window_days)
    now = datetime.now(UTC)
    weights = fit.fit(data, background, now.timestamp())
    workspace.keep(
        StoredCalibration(
            version=store.VERSION,
            root=str(workspace.root),
            model=model,
            probe=engine.manifest.identity,
            features=FEATURES,
            weights=weights,
            window_days=window_days,
            base_rate=float(data.changed.mean()),
            lines=len(data.changed),
            commits=len(np.unique(data.commit)),
            head=git.output(workspace.root, "rev-parse", "HEAD").decode("ascii").strip(),
            fitted=now.date().isoformat(),
            metrics=metrics,
        )
    )
    return workspace


def measured(data: Data, background: Background, window_days: float) -> dict[str, Any]:
    """Return how the fit does on later commits, beside its parts and the shipped calibration.

    Raises
    ------
    LinewiseError
        If it is not better there than the shipped calibration.
    """
    both = fit.predict_later(data, background, window_days)
    arms = {
        "workspace": both,
        **{
            each.value: fit.predict_later(data, background, window_days, each)
            for each in (Inputs.PROBE, Inputs.CHURN)
        },
        "shipped": fit.Prediction(both.lines, sigmoid(both.lines.evidence)),
    }
    if (gain := fit.gain(both)).value <= 0:
        raise LinewiseError(
            "fitted to earlier commits, the calibration is no better on later ones than the "
            f"shipped one (Brier score {-gain.value:+.4f}), which stays; try another --window"
        )
    return {
        "later commits": {
            name: {key: _triple(each) for key, each in fit.measure(arm).items()}
            for name, arm in arms.items()
        },
        "lines": len(both.lines.changed),
        "commits": len(np.unique(both.lines.commit)),
        "brier gain": _triple(gain),
        "reliability": _reliability(both),
    }


def scores_file() -> Path:
    """Return where scores of past lines are kept, beside the converted models."""
    folder = models_folder().parent
    folder.mkdir(parents=True, exist_ok=True)
    return folder / "history.sqlite"


def _read(
    engine: Engine, root: Path, window_days: float, progress: Progress
) -> tuple[Data, Background]:
    """Label, sample and score a history; what was scored before is not scored again."""
    progress("Reading the history", 0.0)
    among = projects()

    def excluded(name: str) -> bool:
        return among.of(root / name).excludes(root / name)

    tell_problems([root], among)
    labels = read_labels(root, window_days=window_days, excluded=excluded)
    drawn = sample(
        root,
        labels.examples,
        progress=lambda done, of: progress("Drawing lines", 0.1 * done / of),
    )

    def tell(done: int, of: int) -> None:
        progress("Scoring past lines", 0.1 + 0.9 * done / max(of, 1))

    names = among.of(root).settings.names
    data = score(engine, drawn, scores_file(), names=names, progress=tell)
    return data, fit.background(labels.examples)


def _workspace(path: Path, model: str, manifest: ProbeManifest) -> Workspace:
    workspace = Workspaces(model, manifest).of(path)
    if workspace is None:
        raise LinewiseError(f"{path.absolute()} is in no git repository; name a path inside one")
    return workspace


def _reliability(later: fit.Prediction) -> list[list[float]]:
    """Return mean probability, share that was changed and number of lines, by equal mass."""
    changed = later.lines.changed
    index = sample_of(changed, later.p).equal_mass(_BINS)
    found = []
    for part in (index == each for each in np.unique(index)):
        shares = [round(float(each[part].mean()), 4) for each in (later.p, changed)]
        found.append([*shares, int(part.sum())])
    return found


def _triple(each: Interval) -> list[float]:
    return [round(value, 4) for value in (each.value, each.low, each.high)]
