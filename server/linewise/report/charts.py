"""The pictures of a report, each from one part of it; colours are marks (`theme`)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import FuncFormatter, MaxNLocator

from linewise.lab.evaluate.bootstrap import Interval
from linewise.output.text import visible
from linewise.rationale.statistics.entropy import EntropyReduction
from linewise.report.payload import Reliability, WorkspaceReport
from linewise.report.theme import ACCENT, GRID, INK, MUTED, PAPER, SECOND, drawing, svg
from linewise.report.wording import FALSE_DISCOVERIES, precise
from linewise.workspace.scan.choice import LINE
from linewise.workspace.scan.line_statistics import BINS, Level
from linewise.workspace.scan.rationale_statistics import RationaleStatistics, Reliance
from linewise.workspace.scan.snapshots import Snapshot
from linewise.workspace.scan.stability import CategoryStability

MOST_ROWS = 16
"""What a picture lists at most; its table has all."""
LEAST_PAIRS = 10
"""A cell of the heat map with fewer pairs is left blank: its share says nothing yet."""
_WIDTH, _ROW = 7.4, 0.27
_LETTER = 0.078
"""Inches; what a letter takes at most, on average. Measuring text would double the drawing time."""
_LONGEST_NAME = 44
_PERCENT = FuncFormatter(lambda value, _: f"{100 * value:g} %")
_COUNT = FuncFormatter(lambda value, _: f"{value:,.0f}")


def distribution(report: WorkspaceReport) -> str:
    """Draw how many lines stand at which probability."""
    with drawing():
        figure, axes = _histogram(report.lines.everything.histogram, 2.5)
        axes.set_yscale("log")
        axes.minorticks_off()
        axes.set_ylim(0.7, None)
        axes.set(xlabel="edit probability", ylabel="code lines (log scale)")
        axes.yaxis.set_major_formatter(_COUNT)
        top = axes.get_ylim()[1]
        marks = (
            ("base rate", report.calibration.base_rate, 1.0),
            ("threshold", report.calibration.threshold, 0.45),
        )
        for name, value, height in marks:
            axes.axvline(value, color=SECOND, linewidth=1.2, linestyle="--")
            axes.annotate(
                f"{name} {precise(value)}",
                (value, top * height),
                (4, 0),
                textcoords="offset points",
                va="top",
                color=INK,
                fontsize=9,
            )
        return svg(figure)


def file_means(report: WorkspaceReport) -> str:
    """Draw how many files have which mean probability."""
    with drawing():
        figure, axes = _histogram(report.lines.file_means, 1.8)
        axes.axvline(report.lines.everything.mean.value, color=SECOND, linewidth=1, linestyle="--")
        axes.set(xlabel="mean edit probability of a file (dashed: all lines)", ylabel="files")
        axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))
        return svg(figure)


def levels(parts: Sequence[Level], mean: float) -> str:
    """Draw the mean probability of parts with intervals, the highest first."""
    rows = sorted(parts[:MOST_ROWS], key=lambda each: each.mean.value)
    names = [f"{each.name}  ({each.lines:,})" for each in rows]
    with drawing():
        figure, axes = _rows(names)
        _dots(axes, [each.mean for each in rows], ACCENT)
        axes.axvline(mean, color=SECOND, linewidth=1, linestyle="--")
        axes.set_xlabel("mean edit probability (dashed: all lines)")
        axes.set_xlim(0, None)
        axes.xaxis.set_major_formatter(_PERCENT)
        return svg(figure)


def reliance(found: RationaleStatistics) -> str:
    """Draw each category's share of rationales against that of random ones."""
    rows = found.categories[:MOST_ROWS][::-1]
    with drawing():
        figure, axes = _rows([_starred(each) for each in rows])
        places = np.arange(len(rows))
        chance = [each.chance for each in rows]
        axes.hlines(places, chance, [each.share.value for each in rows], color=GRID, linewidth=3)
        axes.plot(
            chance,
            places,
            "|",
            color=SECOND,
            markersize=11,
            markeredgewidth=2,
            label="random rationales of the same contexts",
        )
        _dots(axes, [each.share for each in rows], ACCENT, "rationales")
        axes.set_xlabel("share of rationale tokens")
        axes.set_xlim(0, None)
        axes.xaxis.set_major_formatter(_PERCENT)
        axes.legend(loc="lower right", fontsize=9)
        return svg(figure)


def heat_map(found: RationaleStatistics) -> str:
    """Draw which categories of targets rest on which tokens, as shares of each row.

    Nothing is drawn ('') if no cell has enough pairs.
    """
    counts = np.asarray(found.matrix.counts)
    rows, columns = _largest(counts), _largest(counts.T)
    if not rows:
        return ""
    part = counts[np.ix_(rows, columns)]
    shares = part / np.maximum(counts[rows].sum(axis=1, keepdims=True), 1)
    names = found.matrix.categories
    with drawing():
        kinds = [f"{names[k].removeprefix(LINE)}  ({counts[k].sum():,})" for k in rows]
        below = 0.4 + 0.85 * _LETTER * max(len(names[k]) for k in columns)
        figure, axes = _placed(
            _WIDTH,
            0.1 + below + _ROW * max(len(rows), 4),
            left=0.4 + _LETTER * max(map(len, kinds)),
            below=below,
        )
        top = shares.max()
        for row, column in np.argwhere(part >= LEAST_PAIRS):
            share = shares[row, column]
            corner, alpha = (column - 0.48, row - 0.46), 0.1 + 0.9 * share / top
            axes.add_patch(
                Rectangle(corner, 0.96, 0.92, color=ACCENT, linewidth=0, alpha=min(alpha, 1))
            )
            if share >= 0.01:
                # Dark cells take the paper's colour for their figures.
                color = PAPER if share / top > 0.55 else INK
                axes.text(
                    column, row, f"{100 * share:.0f}", ha="center", va="center",
                    fontsize=8, color=color,
                )  # fmt: skip
        axes.set(xlim=(-0.5, len(columns) - 0.5), ylim=(len(rows) - 0.5, -0.5))
        axes.set_xticks(range(len(columns)), [names[k] for k in columns], rotation=55, ha="right")
        axes.set_yticks(range(len(rows)), kinds)
        axes.tick_params(length=0)
        axes.tick_params(axis="x", labelcolor=INK)
        axes.spines[["left", "bottom"]].set_visible(False)
        kind = "line" if found.method.target == "edit" else "predicted token"
        axes.set(xlabel="category of rationale tokens", ylabel=f"kind of {kind}")
        return svg(figure)


def _largest(counts: npt.NDArray[np.int64]) -> list[int]:
    """Return the rows with most pairs of those that have enough in some cell."""
    order = np.argsort(-counts.sum(axis=1), kind="stable").tolist()
    return [row for row in order if (counts[row] >= LEAST_PAIRS).any()][:MOST_ROWS]


def entropy(found: EntropyReduction) -> str:
    """Draw how far categories concentrate what tokens scatter, against random categories."""
    rows = [
        ("entropy of tokens", found.tokens.normalised),
        ("entropy of categories", found.categories.normalised),
        ("reduction by categories", found.reduction),
        ("reduction by random categories", found.control),
        ("beyond random categories", found.beyond),
    ][::-1]
    with drawing():
        figure, axes = _rows([name for name, _ in rows])
        _dots(axes, [value for _, value in rows], ACCENT)
        axes.axhline(2.5, color=GRID, linewidth=0.8)
        axes.axvline(0, color=MUTED, linewidth=0.8)
        axes.set_xlabel("of the most there can be (above the rule), of the tokens' entropy (below)")
        axes.set_xlim(min(0.0, float(np.nanmin([value.low for _, value in rows]))), 1)
        axes.xaxis.set_major_formatter(_PERCENT)
        return svg(figure)


def reliability(found: Reliability) -> str:
    """Draw how often lines were edited that stood at a probability."""
    predicted = np.array([each.predicted for each in found.bins])
    observed = np.array([each.observed for each in found.bins])
    lines = np.array([each.lines for each in found.bins])
    reach = min(1.0, 1.15 * max(0.1, float(predicted.max()), float(observed.max())))
    with drawing():
        figure, axes = _placed(4.4, 3.6, left=0.75)
        axes.plot((0, reach), (0, reach), color=MUTED, linewidth=1, linestyle="--")
        axes.scatter(
            predicted, observed, 18 + 160 * lines / lines.max(), color=ACCENT, alpha=0.85, zorder=3
        )
        axes.set(xlim=(0, reach), ylim=(0, reach))
        axes.set(xlabel="edit probability", ylabel="share that was edited")
        axes.xaxis.set_major_formatter(_PERCENT)
        axes.yaxis.set_major_formatter(_PERCENT)
        return svg(figure)


def stability(found: Sequence[CategoryStability]) -> str:
    """Draw how far the weight of each category survives harmless rewrites."""
    rows = [each for each in found if np.isfinite(each.found.reliability)][:MOST_ROWS][::-1]
    with drawing():
        figure, axes = _rows([f"{each.category}  ({each.units})" for each in rows])
        axes.barh(range(len(rows)), [each.found.reliability for each in rows], 0.55, color=ACCENT)
        axes.axvline(0.5, color=SECOND, linewidth=1, linestyle="--")
        axes.set(xlim=(0, 1))
        axes.set_xlabel("correlation between harmless rewrites (dashed: as much luck as signal)")
        return svg(figure)


def folders(found: RationaleStatistics) -> str:
    """Draw how far the rationales of each folder are from those of the others."""
    rows = found.folders[:MOST_ROWS][::-1]
    with drawing():
        figure, axes = _rows([f"{each.folder}  ({each.units})" for each in rows])
        _dots(axes, [each.divergence.distance for each in rows], ACCENT)
        axes.set(xlim=(0, None))
        axes.set_xlabel("Jensen–Shannon distance from all other folders, 0 to 1")
        return svg(figure)


def trend(found: Sequence[Snapshot]) -> str:
    """Draw the mean probability and the flagged share by commit."""
    times: list[Any] = [datetime.fromtimestamp(each.commit.time, UTC) for each in found]
    series: tuple[tuple[str, str, str, Callable[[Snapshot], float]], ...] = (
        ("mean probability", ACCENT, "o-", lambda each: each.figures.mean),
        ("share from the threshold on", SECOND, "s--", lambda each: each.figures.flagged),
    )
    with drawing():
        figure, axes = _placed(_WIDTH, 2.4, left=0.75)
        for name, color, form, value in series:
            axes.plot(
                times, [value(each) for each in found], form, color=color, markersize=4, label=name
            )
        axes.set_ylim(0, None)
        axes.yaxis.set_major_formatter(_PERCENT)
        axes.tick_params(axis="x", rotation=20)
        axes.legend(fontsize=9)
        return svg(figure)


def _histogram(counts: npt.NDArray[np.int64], height: float) -> tuple[Figure, Axes]:
    """Return a figure of counts (`BINS`,) by probability, as far as there are any."""
    used = int(np.flatnonzero(counts).max()) + 1
    figure, axes = _placed(_WIDTH, height, left=0.85)
    axes.bar(np.arange(used) / BINS, counts[:used], 0.9 / BINS, align="edge", color=ACCENT)
    axes.set_xlim(0, max(used / BINS, 0.2))
    axes.xaxis.set_major_formatter(_PERCENT)
    return figure, axes


def _placed(width: float, height: float, *, left: float, below: float = 0.5) -> tuple[Figure, Axes]:
    """Return a figure and its axes, with so many inches beside and below them for labels."""
    figure = Figure(figsize=(width, height))
    above, right = 0.1, 0.3
    axes = figure.add_axes(
        (left / width, below / height, 1 - (left + right) / width, 1 - (below + above) / height)
    )
    return figure, axes


def _label(name: str) -> str:
    """Return a name, cut, so that Matplotlib shows it; between dollars it would read TeX."""
    whole = visible(name)
    cut = whole if len(whole) <= _LONGEST_NAME else f"…{whole[-_LONGEST_NAME:]}"
    return cut.replace("$", r"\$")


def _rows(names: Sequence[str]) -> tuple[Figure, Axes]:
    """Return a figure with a row per name, from the bottom up."""
    shown = [_label(each) for each in names]
    figure, axes = _placed(
        _WIDTH,
        0.6 + _ROW * max(len(names), 2),
        left=0.15 + _LETTER * max(map(len, shown)),
    )
    axes.set_yticks(range(len(names)), shown)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.grid(axis="x")
    axes.set_axisbelow(True)
    axes.set_ylim(-0.6, len(names) - 0.4)
    return figure, axes


def _dots(axes: Axes, values: Sequence[Interval], color: str, label: str | None = None) -> None:
    places = np.arange(len(values))
    low, high = ([getattr(each, side) for each in values] for side in ("low", "high"))
    axes.hlines(places, low, high, color=color, linewidth=1.4)
    axes.plot([each.value for each in values], places, "o", color=color, markersize=5, label=label)


def _starred(each: Reliance) -> str:
    return f"{each.category} *" if each.beyond.q <= FALSE_DISCOVERIES else each.category
