"""Reliability diagrams as SVG: how often what was shown at a probability was edited."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from linewise.lab.evaluate.bootstrap import intervals
from linewise.lab.evaluate.metrics import HEADLINE
from linewise.lab.evaluate.report import as_sample
from linewise.lab.predictions import Predictions

BINS = 10
_INK, _FAINT = "#1f4e79", "#9a9a9a"


def reliability(each: Predictions, path: Path, resamples: int = 300) -> None:
    """Draw observed against predicted frequency in ten bins of equal mass, with 95 % intervals.

    Below, where the predictions lie. The same predictions give the same file.
    """
    index = as_sample(each).equal_mass(BINS)
    observed, predicted, errors = [], [], []
    for bin_ in np.unique(index):
        part = each.take(index == bin_)
        low, high = _frequency(part, resamples)
        observed.append(part.label.mean())
        predicted.append(part.p.mean())
        errors.append((max(0.0, observed[-1] - low), max(0.0, high - observed[-1])))
    figure = Figure(figsize=(4.2, 4.6), layout="constrained")
    above, below = figure.subplots(2, height_ratios=(4, 1), sharex=True)
    reach = min(1.0, 1.15 * max(0.1, *observed, *predicted))
    above.plot((0, 1), (0, 1), color=_FAINT, linewidth=1, linestyle="--")
    above.axhline(each.label.mean(), color=_FAINT, linewidth=1, linestyle=":")
    above.errorbar(
        predicted, observed, np.transpose(errors), fmt="o-", color=_INK, markersize=4, linewidth=1
    )
    above.set(xlim=(0, reach), ylim=(0, reach), ylabel="share that was edited")
    above.set_title(f"{each.method}\n{each.split}, intent: {each.intent}", fontsize=9)
    above.text(0.03, 0.97, _box(each), transform=above.transAxes, va="top", fontsize=8)
    below.hist(each.p, bins=np.linspace(0, reach, 31), color=_INK)
    below.set(xlabel="predicted edit probability", ylabel=f"{each.level}s", yscale="log")
    for axes in (above, below):
        axes.spines[["top", "right"]].set_visible(False)
    path.parent.mkdir(parents=True, exist_ok=True)
    with mpl.rc_context({"svg.hashsalt": "linewise", "svg.fonttype": "none"}):
        figure.savefig(path, format="svg", metadata={"Date": None})


def _frequency(part: Predictions, resamples: int) -> tuple[float, float]:
    """Return the 95 % interval of a bin's share of edits, problems resampled."""
    generator = np.random.default_rng(0)
    tasks, codes = np.unique(part.task, return_inverse=True)
    edited, count = np.bincount(codes, part.label), np.bincount(codes)
    drawn = generator.multinomial(len(tasks), np.full(len(tasks), 1 / len(tasks)), size=resamples)
    low, high = np.quantile((drawn @ edited) / (drawn @ count), [0.025, 0.975])
    return float(low), float(high)


def _box(each: Predictions) -> str:
    found = intervals(HEADLINE, as_sample(each), each.task, resamples=100)
    rows = [f"{HEADLINE[name].title} {value.value:.3f}" for name, value in found.items()]
    return "\n".join([f"n {len(each):,}, base rate {each.label.mean():.3f}", *rows])
