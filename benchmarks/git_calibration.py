"""Calibration from git on real repositories: ``python -m benchmarks.git_calibration REPO…``.

Each argument is a path to a repository with its history, work tree or bare. Earlier commits are
fitted, later ones measured; results go to benchmarks/results/git_calibration.json. With ``--prior``
the repositories make the weights that every workspace starts from instead; none of them may be
measured on.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import cattrs
import numpy as np

from benchmarks.report import write
from linewise.engine import Engine
from linewise.lab.evaluate.bootstrap import Interval
from linewise.probe.calibration import sigmoid
from linewise.settings import DEFAULT_MODEL
from linewise.workspace import fit, git
from linewise.workspace.churn import FEATURES
from linewise.workspace.fit import Background, Data, Inputs
from linewise.workspace.labels import WINDOW_DAYS, Labels, read_labels
from linewise.workspace.sampling import sample
from linewise.workspace.scoring import score

TARGETS = {"ece": "<= .02", "bss": "> 0", "auc": ">= .65"}


def main() -> None:
    """Measure each repository and write the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("repositories", nargs="+", type=Path)
    parser.add_argument("--cache", type=Path, help="SQLite file of scores, to go on with")
    parser.add_argument("--prior", action="store_true")
    chosen = parser.parse_args()
    if chosen.prior:
        _make_prior(chosen.repositories)
        return
    cache = chosen.cache or Path(tempfile.mkdtemp()) / "scores.sqlite"
    known = fit.read_prior().provenance["repositories"]
    if leaks := {_name(path) for path in chosen.repositories} & set(known):
        parser.error(f"the prior was made of {', '.join(sorted(leaks))}")
    engine = Engine.load(DEFAULT_MODEL)
    figures: dict[str, Any] = {}
    for path in chosen.repositories:
        started = time.monotonic()
        labels = read_labels(path)
        data = score(engine, sample(path, labels.examples), cache, progress=_tell)
        figures[_name(path)] = {
            "commit": git.output(path, "rev-parse", "HEAD").decode().strip(),
            **_history(path, labels),
            **_figures(data, fit.background(labels.examples)),
            "seconds": round(time.monotonic() - started, 1),
        }
        record = {
            "model": DEFAULT_MODEL,
            "probe": engine.manifest.identity,
            "window_days": WINDOW_DAYS,
            "features": FEATURES,
            "targets": TARGETS,
            "repositories": figures,
        }
        # After each: a run may take long, and what is there stays.
        write("git_calibration", "python -m benchmarks.git_calibration REPO...", record)


def _make_prior(repositories: list[Path]) -> None:
    backgrounds = [fit.background(read_labels(path).examples) for path in repositories]
    provenance = {
        "date": datetime.now(UTC).date().isoformat(),
        "command": "python -m benchmarks.git_calibration --prior REPO...",
        "repositories": {
            _name(path): git.output(path, "rev-parse", "HEAD").decode().strip()
            for path in repositories
        },
        "lines": sum(len(each.changed) for each in backgrounds),
        "window_days": WINDOW_DAYS,
        "features": FEATURES,
    }
    prior = cattrs.unstructure(fit.pooled_prior(backgrounds, provenance))
    path = Path(fit.__file__).with_name("prior.json")
    path.write_text(json.dumps(prior, indent=2) + "\n", "utf-8")


def _tell(done: int, total: int) -> None:
    if done % 50 == 0:
        print(f"  {done} of {total} units", file=sys.stderr, flush=True)


def _name(path: Path) -> str:
    # A mirror lies at OWNER+NAME/repo, a clone at NAME.
    return (path.parent.name if path.name == "repo" else path.name).replace("+", "/")


def _history(path: Path, labels: Labels) -> dict[str, Any]:
    count = git.output(path, "rev-list", "--first-parent", "--count", "HEAD")
    changed = sum(each.changed for each in labels.examples)
    return {
        "first_parent_commits": int(count),
        "python_commits": labels.commits,
        "labelled_lines": len(labels.examples),
        "changed_share": round(changed / max(len(labels.examples), 1), 4),
    }


def _figures(data: Data, background: Background) -> dict[str, Any]:
    renewed = fit.predict_later(data, background, WINDOW_DAYS)
    later = renewed.lines
    shipped = fit.Prediction(later, sigmoid(later.evidence))
    arms = {
        Inputs.BOTH.value: renewed,
        Inputs.PROBE.value: fit.predict_later(data, background, WINDOW_DAYS, Inputs.PROBE),
        Inputs.CHURN.value: fit.predict_later(data, background, WINDOW_DAYS, Inputs.CHURN),
        "probe and churn, fitted once": fit.predict_later(data, background, WINDOW_DAYS, periods=1),
        "shipped calibration": shipped,
    }
    return {
        "sampled_commits": len(set(data.commit.tolist())),
        "sampled_lines": len(data.changed),
        "sampled_changed": round(float(data.changed.mean()), 4),
        "later": {
            "commits": len(set(later.commit.tolist())),
            "lines": len(later.changed),
            "changed": round(float(later.changed.mean()), 4),
            "from": _date(later.time.min()),
            "to": _date(later.time.max()),
            "probe_auc_unfitted": _triple(fit.measure(shipped)["auc"]),
            **{name: _measured(arm) for name, arm in arms.items()},
            "brier_gain_over_shipped": _triple(fit.gain(renewed)),
        },
    }


def _measured(arm: fit.Prediction) -> dict[str, list[float]]:
    return {name: _triple(each) for name, each in fit.measure(arm).items()}


def _triple(each: Interval) -> list[float]:
    return [round(value, 4) for value in (each.value, each.low, each.high)]


def _date(seconds: np.int64) -> str:
    return str(np.datetime64(int(seconds), "s").astype("datetime64[D]"))


if __name__ == "__main__":
    main()
