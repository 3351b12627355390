"""Box plots of explanations' noise as SVG; the same figures give the same file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure
from matplotlib.ticker import StrMethodFormatter

from linewise.rationale.noise.snr import normalised

FOLDER = Path(__file__).parents[2] / "docs" / "img"
_INK, _FAINT = "#1f4e79", "#9a9a9a"
Floats = npt.NDArray[np.float64]


def snr(found: Mapping[tuple[str, str], Sequence[float]]) -> None:
    """Draw the lines' SNRs by (model, what differs between repetitions) on a logarithmic axis."""
    figure = Figure(figsize=(6.4, 0.55 * len(found) + 1.0), layout="constrained")
    axes = figure.subplots()
    names = sorted(found, key=lambda key: (key[1], key[0]))
    values = [np.array([each for each in found[name] if 0 < each < np.inf]) for name in names]
    _boxes(axes, values, vertical=False)
    axes.set_yticks(range(1, len(names) + 1), [f"{model},\n{luck}" for model, luck in names])
    axes.axvline(1, color=_FAINT, linewidth=1, linestyle="--")
    axes.set(xscale="log", xlabel="signal-to-noise ratio of a line's words (1: half is luck)")
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))  # powers would be formulas
    axes.invert_yaxis()
    _save(figure, "snr.svg")


def words(texts: Sequence[str], found: Mapping[str, Floats], name: str) -> None:
    """Draw each word's weights over the repetitions (S, n), one panel per model."""
    width = max(5.0, 0.24 * len(texts) + 1.2)
    figure = Figure(figsize=(width, 1.7 * len(found) + 0.9), layout="constrained")
    panels = figure.subplots(len(found), sharex=True)
    for axes, (model, each) in zip(panels, found.items(), strict=True):
        e = normalised(each)
        axes.axhline(0, color=_FAINT, linewidth=0.8)
        _boxes(axes, list(e.T), vertical=True)
        axes.set_title(model, fontsize=9, loc="left")
        axes.set_ylabel("weight")
    panels[-1].set_xticks(range(1, len(texts) + 1), texts, rotation=90, fontsize=7)
    panels[-1].set_xlabel(f"the words before the end of a line of {name}", fontsize=8)
    _save(figure, "words.svg")


def _boxes(axes: mpl.axes.Axes, values: Sequence[Floats], *, vertical: bool) -> None:
    axes.boxplot(
        values,
        orientation="vertical" if vertical else "horizontal",
        widths=0.6,
        medianprops={"color": _INK, "linewidth": 1.6},
        boxprops={"color": _INK},
        whiskerprops={"color": _INK},
        capprops={"color": _INK},
        flierprops={"marker": ".", "markersize": 3, "markeredgecolor": _FAINT},
    )
    axes.spines[["top", "right"]].set_visible(False)


def _save(figure: Figure, name: str) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    # A "$" in code is a dollar, not the begin of a formula.
    settings = {"svg.hashsalt": "linewise", "svg.fonttype": "none", "text.parse_math": False}
    with mpl.rc_context(settings):
        figure.savefig(FOLDER / name, format="svg", metadata={"Date": None})
