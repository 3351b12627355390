"""The tables of docs/rationales.md and docs/compat.md from the committed results."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from benchmarks.explanations import tables as explanations
from benchmarks.markdown import interval, number, origin, table


def tables(results: Path) -> Iterable[tuple[str, str, str]]:
    """Yield (page, name, table) of every record that is there."""
    for name, page, part, made in (
        ("compat", "compat.md", "figures", compatible),
        ("rationales", "rationales.md", "speed", speed),
    ):
        path = results / f"{name}.json"
        if path.exists():
            yield page, part, made(json.loads(path.read_text("utf-8")))
    for part, found in explanations.tables(results):
        yield "rationales.md", part, found


def speed(record: dict[str, Any]) -> str:
    """Return how much faster than the published algorithm rationales are found, and how alike."""
    figures = record["figures"]["reference / greedy"]
    budget = {"greedy": figures["budget"]["greedy"]}
    body = []
    for name, row in figures.items():
        if isinstance(row, dict) and "ratio" in row:
            sought = budget.get(name, figures["budget"]["shortlist"] if "shortlist" in name else "")
            body.append(
                [
                    name,
                    f"{row['ratio']:.2f} × ({row['low']:.2f} to {row['high']:.2f})",
                    f"{row['identical']} of {figures['targets']}",
                    number(row["mean_jaccard"]),
                    sought.replace(">=", "≥"),
                ]
            )
    line = record["figures"]["a flagged line / scoring its unit"]
    head = (
        f"{figures['targets']} predicted tokens in {figures['contexts']} pieces of "
        f"{figures['tokens']} tokens; rationales of {figures['mean_places']} tokens on average, "
        f"of at most {figures['max_places']}. Median over the pieces, least and most."
    )
    tail = (
        f"The default for lines, {line['method']}, on {line['units']} units: {line['ratio']:.2f} × "
        f"({line['low']:.2f} to {line['high']:.2f}) the time of scoring the unit; "
        f"{line['budget'].replace('<=', '≤')} is sought."
    )
    headings = ["", "speed over the reference", "identical", "Jaccard", "sought"]
    return f"{origin(record)} {head}\n\n{table(headings, body)}\n\n{tail}"


def compatible(record: dict[str, Any]) -> str:
    """Return what an adapter changes: perplexity by how much is kept, and rationales."""
    figures = record["figures"]
    made, held_out, sought = figures["made"], figures["held out"], figures["rationales"]
    body = [
        [f"perplexity, {name}", *(_figure(row[each]) for each in ("before", "after")), ""]
        for name, row in figures["perplexity"].items()
    ]
    for cells, row in zip(body, figures["perplexity"].values(), strict=True):
        cells[-1] = f"× {_figure(row['ratio'])}"
    right = figures["next token right"]
    body.append(["next token right", number(right["before"]), number(right["after"]), ""])
    for name in ("mean length", "reached argmax"):
        row = sought[name]
        body.append(
            [
                f"rationales: {name}",
                *(_figure(row[each]) for each in ("before", "after")),
                _figure(row["change"]),
            ]
        )
    head = (
        f"Trained in {made['steps']:,} steps on {made['tokens']:,} tokens "
        f"({made['seconds']:,.0f} s, {figures['device']}). "
        f"Measured on {held_out['passages']} passages of "
        f"{held_out['packages']} held-out packages ({held_out['tokens']:,} tokens), rationales of "
        f"{sought['predicted by both']} tokens."
    )
    return f"{origin(record)} {head}\n\n{table(['', 'before', 'after', 'change'], body)}"


def _figure(row: dict[str, float | None]) -> str:
    if any(value is None for value in row.values()):
        return "–"
    return interval([float(row[name] or 0.0) for name in ("value", "low", "high")])
