"""An explanation for the person at the terminal."""

from __future__ import annotations

from collections.abc import Iterator

from rich.style import Style
from rich.text import Text

from linewise.output.explanation.heat import HeatLine, heat_lines
from linewise.output.explanation.report import ExplanationReport
from linewise.output.explanation.shown import (
    GROUPS,
    RATIONALES,
    about,
    heading,
    leading,
    trust_sentences,
)
from linewise.output.text import SOURCE_CHARS, visible
from linewise.rationale.explain_wording import bar, short_unit, snippet
from linewise.rationale.explanation import CategoryShare, Explanation, Predicted
from linewise.wording import percent

_CELLS = 8
# ColorBrewer's oranges and blues, told apart with every kind of colour blindness, for what weighs
# at least a quarter of the largest weight. Signs below the line say the same without colour.
_RAISES = ("#fdae6b", "#fd8d3c", "#e6550d")
_LOWERS = ("#9ecae1", "#6baed6", "#3182bd")
_INK = "#000000"


def render(report: ExplanationReport) -> Iterator[Text]:
    """Yield the lines to print; those with code are to be cut at the terminal's width."""
    explanation = report.explanation
    yield Text.assemble(
        (f"{visible(report.path)}:{explanation.line + 1}", "bold"),
        ("  " + visible(explanation.unit), "dim"),
    )
    yield from map(Text, about(report))
    yield Text()
    yield _title(explanation)
    yield from _categories(explanation)
    yield Text()
    yield from _code(heat_lines(report.table, explanation))
    yield Text()
    yield from _rationales(explanation)
    yield from _heaviest(explanation)
    yield from _trust(explanation)
    provider = report.model.provider.removesuffix("ExecutionProvider")
    yield Text(f"{report.model.name} on {provider} · {report.elapsed:.1f} s", "dim")


def _title(explanation: Explanation) -> Text:
    said = f" ({explanation.method}, {explanation.weight_unit})"
    return Text.assemble((heading(explanation), "bold"), said)


def _categories(explanation: Explanation) -> Iterator[Text]:
    if explanation.without_categories is not None:
        yield Text(f"  No categories: {explanation.without_categories}.", "yellow")
        return
    shown = leading(explanation)
    width = max(len(each.name) for each in shown)
    yield from (_category(each, shown[0].share, width) for each in shown)
    if rest := explanation.categories[len(shown) :]:
        share = percent(sum(each.share for each in rest))
        yield Text(f"  {share:>5}  {'':{_CELLS}}  {len(rest)} more", "dim")


def _category(category: CategoryShare, most: float, width: int) -> Text:
    tokens = f"{category.tokens} token{'' if category.tokens == 1 else 's'}"
    return Text.assemble(
        f"  {percent(category.share):>5}  ",
        (f"{bar(category.share, _CELLS, most):<{_CELLS}}", "cyan"),
        f"  {category.name:<{width}}  {category.weight:+7.2f}  ",
        (tokens, "dim"),
    )


def _code(lines: tuple[HeatLine, ...]) -> Iterator[Text]:
    width = len(str(lines[-1].line + 1))
    for line in lines:
        if line.gap:
            yield Text(f"  {'':{width}}  {'':>6}  ⋯", "dim")
        mark = "▶" if line.explained else " "
        row = Text(f"{mark} {line.line + 1:>{width}}  ", no_wrap=True, overflow="ellipsis")
        row.stylize("bold" if line.explained else "dim")
        row.append(f"{line.weight:+6.2f}  ", "dim")
        margin, signs = len(row.plain), ""
        for piece in line.pieces:
            shown = visible(piece.text)
            row.append(shown, _style(piece.level))
            signs += (" +-"[(piece.level > 1) - (piece.level < -1)]) * Text(shown).cell_len
            if len(signs) > SOURCE_CHARS:
                row.append("…")
                break
        yield row
        if signs.strip():
            yield Text(" " * margin + signs.rstrip(), "dim", no_wrap=True, overflow="ellipsis")


def _style(level: int) -> Style | str:
    if abs(level) < 2:
        return ""
    color = (_RAISES if level > 0 else _LOWERS)[abs(level) - 2]
    return Style(color=_INK, bgcolor=color)


def _rationales(explanation: Explanation) -> Iterator[Text]:
    if not explanation.predicted:
        return
    yield Text(RATIONALES, "bold")
    width = max(len(snippet(each.text)) for each in explanation.predicted)
    yield from (_rationale(each, width) for each in explanation.predicted)
    yield Text()


def _rationale(predicted: Predicted, width: int) -> Text:
    rest = " ".join(snippet(each.text) or "⏎" for each in predicted.rationale)
    short = "" if predicted.reached_argmax else "  (not the most probable token even so)"
    return Text.assemble(
        f"  {snippet(predicted.text):>{width}}  ← ",
        rest,
        (short, "yellow"),
        no_wrap=True,
        overflow="ellipsis",
    )


def _heaviest(explanation: Explanation) -> Iterator[Text]:
    if not (groups := explanation.heaviest(GROUPS)):
        return
    unit = short_unit(explanation.weight_unit)
    yield Text.assemble(("What weighs most", "bold"), f", in {unit}")
    width = len(str(max(each.line for each in groups) + 1))
    for group in groups:
        together = f"  {group.tokens} tokens together" if group.tokens > 1 else ""
        yield Text.assemble(
            f"  {group.weight:+6.2f}  line {group.line + 1:>{width}}  {snippet(group.text)}",
            (together, "dim"),
            no_wrap=True,
            overflow="ellipsis",
        )
    yield Text()


def _trust(explanation: Explanation) -> Iterator[Text]:
    if said := trust_sentences(explanation):
        yield Text("How far to trust it", "bold")
        yield from (Text(f"  {each}") for each in said)
        yield Text()
