"""A comparison of two models as text, as Markdown and as JSON."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import cattrs
from rich.console import Console
from rich.table import Table
from rich.text import Text

from linewise.analysis.lines import without_surrogates
from linewise.lab.evaluate.bootstrap import Interval
from linewise.report.wording import FALSE_DISCOVERIES, counted, precise
from linewise.workspace.scan.comparison import LevelComparison, TargetComparison
from linewise.writing import to_json

if TYPE_CHECKING:
    from linewise.commands.comparing import Comparison

VERSION = 1
"""Of the JSON; it changes only when a reader of the old one would be misled."""
_WIDTH = 100
_COLUMNS = ("", "a", "random", "b", "random", "shift beyond random", "q")
_TARGET_COLUMNS = ("target", "rests on", "a", "b", "difference", "q")
_MOST_CELLS = 12
_LEGEND = (
    "Shares of the rationales' tokens by category. 'Random' are rationales of as many tokens drawn "
    "from the same contexts; the shift is (a - random) - (b - random) in percentage points, with a "
    "95 % interval. q is the false discovery rate at which it would be reported."
)
Rows = list[Sequence[str]]


def render_json(comparison: Comparison) -> str:
    """Return everything, as strict JSON; what is undefined is null."""
    payload = {
        "version": VERSION,
        "models": list(comparison.models),
        "corpora": list(comparison.corpora),
        "false_discovery_rate": FALSE_DISCOVERIES,
        "targets": [_plain(cattrs.unstructure(each)) for each in comparison.targets],
    }
    return to_json(payload) + "\n"


def render_markdown(comparison: Comparison) -> str:
    """Return the comparison as Markdown."""
    parts = [f"# {_title(comparison)}", _LEGEND]
    for each in comparison.targets:
        parts += [f"## {_heading(each)}", *(f"- {sentence}" for sentence in _sentences(each))]
        for name, columns, rows in _tables(each):
            head = [f"| {' | '.join(columns)} |", f"|{'---|' * len(columns)}"]
            body = [f"| {' | '.join(row)} |" for row in rows]
            parts += [f"### {name}", "\n".join((*head, *body))]
    return without_surrogates("\n\n".join(parts).replace("\n\n- ", "\n- ") + "\n")


def render_text(comparison: Comparison) -> str:
    """Return the comparison for a terminal."""
    console = Console(width=_WIDTH, color_system=None, highlight=False)
    with console.capture() as capture:
        console.print(Text(f"{_title(comparison)}\n\n{_LEGEND}"))
        for each in comparison.targets:
            console.print(Text(f"\n{_heading(each)}"))
            for sentence in _sentences(each):
                console.print(Text(f"  {sentence}"))
            for name, columns, rows in _tables(each):
                table = Table(box=None, pad_edge=False, title=name, title_justify="left")
                for number, column in enumerate(columns):
                    table.add_column(column, justify="left" if number == 0 else "right")
                for row in rows:
                    table.add_row(*map(Text, row))
                console.print()
                console.print(table)
    return without_surrogates(
        "\n".join(line.rstrip() for line in capture.get().splitlines()) + "\n"
    )


def _title(comparison: Comparison) -> str:
    a, b = comparison.models
    return f"What {a} (a) and {b} (b) rest on in {', '.join(comparison.corpora)}"


def _heading(found: TargetComparison) -> str:
    asked = "edit risks" if found.methods[0].target == "edit" else "next tokens"
    return f"Rationales of {asked}, by {found.methods[0].name}"


def _sentences(found: TargetComparison) -> Iterator[str]:
    yield (
        f"{counted(found.targets[0], 'target')} in {counted(found.units[0], 'unit')} by a, "
        f"{counted(found.targets[1], 'target')} in {counted(found.units[1], 'unit')} by b."
    )
    level = found.categories
    yield (
        f"Jensen-Shannon distance (0: equal, 1: nothing shared): {_distance(level.between)}, "
        f"p = {level.between.p:.2g}; of random rationales {_distance(level.by_chance)}."
    )
    real = [each for each in level.shifts if each.q <= FALSE_DISCOVERIES]
    if not real:
        yield (
            f"No category's shift is distinguishable from chance at a false discovery rate of "
            f"{FALSE_DISCOVERIES:.0%}."
        )
        return
    for name, sign in (("a", 1), ("b", -1)):
        more = [each.category for each in real if sign * each.beyond.value > 0]
        if more:
            yield f"{name} relies more on: {', '.join(more)}."


def _tables(found: TargetComparison) -> Iterator[tuple[str, Sequence[str], Rows]]:
    yield "By group of categories", ("group", *_COLUMNS[1:]), _shift_rows(found.groups)
    yield "By category", ("category", *_COLUMNS[1:]), _shift_rows(found.categories)
    cells = [
        (target.target, each)
        for target in found.by_target
        for each in target.divergence.categories
        if each.q <= FALSE_DISCOVERIES
    ]
    cells.sort(key=lambda cell: -abs(cell[1].effect.value))
    if cells:
        rows: Rows = [
            (
                target,
                each.category,
                precise(each.a),
                precise(each.b),
                _points(each.effect),
                f"{each.q:.2g}",
            )
            for target, each in cells[:_MOST_CELLS]
        ]
        yield "Where targets of one group differ most", _TARGET_COLUMNS, rows


def _shift_rows(level: LevelComparison) -> Rows:
    return [
        (
            each.category,
            precise(each.a),
            precise(each.chance_a),
            precise(each.b),
            precise(each.chance_b),
            _points(each.beyond),
            f"{each.q:.2g}",
        )
        for each in level.shifts
    ]


def _points(value: Interval) -> str:
    """Write a difference of shares in percentage points, with its interval if there is one."""
    if math.isnan(value.low):
        return f"{100 * value.value:+.1f}"
    return f"{100 * value.value:+.1f} ({100 * value.low:+.1f} to {100 * value.high:+.1f})"


def _distance(found: Any) -> str:
    value = found.distance
    if math.isnan(value.low):
        return f"{value.value:.3f}"
    return f"{value.value:.3f} ({value.low:.3f} to {value.high:.3f})"


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
