"""Colours of pictures: drawn as marks, shown as the page's variables or as print needs them.

Each mark is a colour that nothing else has. On the page it becomes a variable, so one picture is
right on light and dark ground; for print it becomes the light one. The accents are those of Okabe
and Ito, which colour-blind people can tell apart; nothing is said by colour alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import AbstractContextManager
from io import StringIO
from typing import Any

import matplotlib as mpl
from attrs import frozen
from matplotlib.figure import Figure

INK, MUTED, GRID = "#010101", "#020202", "#030303"
ACCENT, SECOND, PAPER = "#040404", "#050505", "#060606"
VARIABLES: Mapping[str, str] = {
    INK: "ink",
    MUTED: "muted",
    GRID: "grid",
    ACCENT: "accent",
    SECOND: "second",
    PAPER: "paper",
}


@frozen
class Palette:
    """The colours behind the variables."""

    ink: str
    muted: str
    grid: str
    accent: str
    second: str
    paper: str


LIGHT = Palette("#1d2125", "#5b646d", "#d9dde1", "#0072b2", "#d55e00", "#ffffff")
DARK = Palette("#e6e9ec", "#a4adb6", "#3a4149", "#56b4e9", "#e69f00", "#16191d")
_MARK = re.compile("|".join(VARIABLES))
_ID = re.compile(r' id="([^"]*)"')
_NAMING = re.compile(r'( id="|url\(#|href="#)')
_METADATA = re.compile(r"<metadata>.*?</metadata>", re.DOTALL)
_SETTINGS: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "linewise",
    "font.size": 9.5,
    "text.color": INK,
    "axes.edgecolor": GRID,
    "axes.labelcolor": MUTED,
    "axes.titlecolor": INK,
    "axes.facecolor": "none",
    "figure.facecolor": "none",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": GRID,
    "ytick.color": GRID,
    "xtick.labelcolor": MUTED,
    "ytick.labelcolor": INK,
    "grid.color": GRID,
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "legend.labelcolor": INK,
}


def drawing() -> AbstractContextManager[None]:
    """Return the context that pictures are drawn in."""
    return mpl.rc_context(_SETTINGS)


def svg(figure: Figure) -> str:
    """Return a figure as an ``svg`` element with marks for colours, the same for equal figures."""
    file = StringIO()
    figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None, "Type": None})
    text = file.getvalue()
    text = _METADATA.sub("", text[text.index("<svg") :])
    used = set(re.findall(r"#([A-Za-z_][\w.-]*)", text))
    # Only what something refers to keeps its name.
    return _ID.sub(lambda match: match[0] if match[1] in used else "", text).strip()


def named(picture: str, name: str) -> str:
    """Return a picture whose names begin with its own, so that several can share a page."""
    return _NAMING.sub(rf"\1{name}-", picture)


def themed(picture: str) -> str:
    """Return a picture with the page's variables for colours."""
    return _MARK.sub(lambda match: f"var(--{VARIABLES[match[0]]})", picture)


def printed(picture: str) -> str:
    """Return a picture with the light colours, for paper."""
    return _MARK.sub(lambda match: str(getattr(LIGHT, VARIABLES[match[0]])), picture)
