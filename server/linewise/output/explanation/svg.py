"""An explanation as a picture: text that can be selected, light or dark as its reader prefers.

Code stands in cells of equal width, whatever font there is; nothing is fetched. What raises the
score is underlined, what lowers it has a line above: no meaning rests on color alone.
"""

from __future__ import annotations

from importlib.resources import files
from xml.etree import ElementTree

from linewise.output.explanation.report import ExplanationReport
from linewise.output.explanation.shown import RATIONALES, Row, Run, Shown, shown
from linewise.output.text import visible
from linewise.rationale.explain_wording import snippet
from linewise.wording import percent

_WIDEST = 110
"""Cells of a line of code; what is longer is cut."""
_CELL = 8
_LINE = 20
_GAP = 12
_MARGIN = 16
_CODE = 128
"""Where code begins, after line numbers and sums."""
_WIDTH = _CODE + _CELL * _WIDEST + _MARGIN
_BAR = 160


def render(report: ExplanationReport) -> str:
    """Return an SVG document."""
    return _Picture(shown(report, _WIDEST)).drawn()


class _Picture:
    """Draws line after line; ``_y`` is where the last one ends."""

    def __init__(self, said: Shown) -> None:
        self._said = said
        self._y = _GAP
        self._root = ElementTree.Element(
            "svg",
            {
                "xmlns": "http://www.w3.org/2000/svg",
                "role": "img",
                "aria-label": f"Explanation of {said.title}",
            },
        )
        style = ElementTree.SubElement(self._root, "style")
        style.text = (files(__package__) / "templates" / "picture.css").read_text("utf-8")
        self._paper = self._draw("rect", "paper", width="100%", height="100%")

    def drawn(self) -> str:
        said = self._said
        self._prose(f"{said.title}  {said.unit_name}", "strong")
        for each in said.about:
            self._prose(each)
        self._heading(f"{said.heading} ({said.method})")
        self._categories()
        self._heading("The code that was read")
        self._prose(
            "Orange and underlined raises the score, blue with a line above lowers it; the figure "
            f"is the line's sum, in {said.unit}.",
            "quiet",
        )
        for row in said.rows:
            self._row(row)
        self._rationales()
        self._groups()
        self._heading("How far to trust it")
        for each in said.trust:
            self._prose(each)
        self._y += _GAP
        self._prose(said.footer, "quiet")
        height = self._y + _GAP
        self._root.attrib |= {
            "width": str(_WIDTH),
            "height": str(height),
            "viewBox": f"0 0 {_WIDTH} {height}",
        }
        return ElementTree.tostring(self._root, "unicode") + "\n"

    def _categories(self) -> None:
        if self._said.without_categories is not None:
            self._prose(f"No categories: {self._said.without_categories}.")
            return
        self._line()
        self._text(136, "share of the weight", "prose quiet")
        self._text(432, f"sum, {self._said.unit}", "prose quiet", end=True)
        for each in self._said.categories:
            top = self._line() - 16
            share = f"{_BAR * each.share:.1f}"
            self._draw("rect", "track", x=136, y=top, width=_BAR, height=12, rx=2)
            self._draw("rect", "share", x=136, y=top, width=share, height=12, rx=2)
            self._text(_MARGIN, each.name)
            self._text(352, percent(each.share), end=True)
            self._text(432, f"{each.weight:+.2f}", end=True)
        if others := self._said.others:
            self._line()
            self._text(_MARGIN, f"{len(others)} more", "quiet")
            self._text(352, percent(sum(each.share for each in others)), "quiet", end=True)

    def _row(self, row: Row) -> None:
        if row.gap:
            self._line()
            self._text(_CODE, "⋯", "quiet")
        bottom = self._line()
        if row.explained:
            self._draw("rect", "here", y=bottom - _LINE, width=_WIDTH, height=_LINE)
            self._text(_MARGIN, "▶", "strong")
        self._text(_CODE - 72, str(row.number), "strong" if row.explained else "quiet", end=True)
        self._text(_CODE - _MARGIN, f"{row.weight:+.2f}", "quiet", end=True)
        for run in row.runs:
            self._run(run, bottom)

    def _run(self, run: Run, bottom: int) -> None:
        place, width = _CODE + _CELL * run.at, _CELL * run.cells
        group = ElementTree.SubElement(self._root, "g")
        if run.title:
            ElementTree.SubElement(group, "title").text = visible(run.title)
        if run.level:
            raises = run.level > 0
            heat = f"{'r' if raises else 'l'}{abs(run.level)}"
            edge = bottom - 2 if raises else bottom - _LINE + 2
            self._draw(
                "rect", heat, group, x=place, y=bottom - _LINE + 1, width=width, height=_LINE - 2
            )
            if abs(run.level) > 1:
                line = "raises" if raises else "lowers"
                self._draw("path", line, group, d=f"M{place} {edge}h{width}")
        if run.text.strip():
            # Fitted to its cells: nobody knows how wide the reader's font is.
            element = self._text(place, run.text, within=group)
            element.attrib |= {
                "textLength": str(width),
                "lengthAdjust": "spacingAndGlyphs",
                "xml:space": "preserve",
            }

    def _rationales(self) -> None:
        if not self._said.rationales:
            return
        self._heading(RATIONALES)
        for each in self._said.rationales:
            self._line()
            self._text(_CODE, snippet(each.token, 14), end=True)
            short = "" if each.reached_argmax else "  (not the most probable token even so)"
            rationale = snippet(" ".join(each.rationale), _WIDEST - len(short))
            self._text(_CODE + _CELL, f"← {rationale}{short}")

    def _groups(self) -> None:
        if not self._said.groups:
            return
        self._heading(f"What weighs most, in {self._said.unit}")
        for each in self._said.groups:
            self._line()
            self._text(72, f"{each.weight:+.2f}", end=True)
            self._text(88, f"line {each.line + 1}", "quiet")
            together = f"  ({each.tokens} tokens together)" if each.tokens > 1 else ""
            self._text(176, snippet(each.text) + together)

    def _heading(self, text: str) -> None:
        self._y += _GAP
        self._prose(text, "strong")

    def _prose(self, text: str, style: str = "") -> None:
        self._line()
        self._text(_MARGIN, text, f"prose {style}".strip())

    def _line(self) -> int:
        self._y += _LINE
        return self._y

    def _text(
        self,
        x: int,
        text: str,
        style: str = "",
        *,
        end: bool = False,
        within: ElementTree.Element | None = None,
    ) -> ElementTree.Element:
        element = self._draw("text", style, within, x=x, y=self._y - 6)
        if end:
            element.set("text-anchor", "end")
        # XML has no way to write most control characters.
        element.text = visible(text)
        return element

    def _draw(
        self,
        name: str,
        style: str,
        within: ElementTree.Element | None = None,
        **attributes: int | str,
    ) -> ElementTree.Element:
        parent = self._root if within is None else within
        named = {"class": style} if style else {}
        values = {key: str(value) for key, value in attributes.items()}
        return ElementTree.SubElement(parent, name, named | values)
