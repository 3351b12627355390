"""Markdown tables from a record of figures: what documentation and model card show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from linewise.lab.evaluate.kept import MEASURED
from linewise.lab.splits import WITHOUT_GENERATOR

Figures = Mapping[str, Any]

COLUMNS = {
    "bss": "Brier skill",
    "ece": "ECE",
    "smece": "smECE",
    "auc": "AUC",
    "ap": "AP",
    "recall_20_loc": "recall@20 %LOC",
    "effort_20_recall": "effort@20 %recall",
    "ifa": "IFA",
}
BY_PROBLEM = "by problem"


def in_domain(figures: Figures, intent: str) -> str:
    """Return the table of all methods on lines of problems never seen, best skill first."""
    return lines(figures[BY_PROBLEM][intent]["line"])


def lines(table: Figures) -> str:
    """Return one table of `lab.evaluate.report` for lines, best skill first."""
    return _table(table, "lines of {} programs for {} problems", "were edited")


def prose(figures: Figures) -> str:
    """Return the table of sentences in natural language."""
    return _table(
        figures["natural language"]["question"]["line"], "sentences of {} answers", "are wrong"
    )


def _table(table: Figures, what: str, said: str) -> str:
    columns = [name for name in COLUMNS if name in next(iter(table["methods"].values()))]
    rows = [
        [_dated(method, row), *(_interval(row[name]) for name in columns)]
        for method, row in sorted(table["methods"].items(), key=_skill, reverse=True)
    ]
    items = what.format(f"{table['documents']:,}", table["problems"])
    head = f"{table['items']:,} {items}; {table['base_rate']:.1%} {said}."
    return f"{head}\n\n{_markdown(['', *(COLUMNS[name] for name in columns)], rows)}"


def elsewhere(figures: Figures, intent: str) -> str:
    """Return Brier skill / ECE / AUC of lines per method (row) and left-out part (column)."""
    splits = [name for name in figures if name != BY_PROBLEM and intent in figures[name]]
    tables = {name: figures[name][intent]["line"] for name in splits}
    named = [table["methods"] for table in tables.values()]
    methods = sorted({method for found in named for method in found})
    rows = [
        ["edited", *(f"{tables[name]['base_rate']:.1%}" for name in splits)],
        *(
            [
                _dated(method, next(found[method] for found in named if method in found)),
                *(_triple(found.get(method)) for found in named),
            ]
            for method in methods
        ),
    ]
    return _markdown(["", *(name.replace("without ", "") for name in splits)], rows)


def unseen_generators(figures: Figures, intent: str) -> str:
    """Return the subject's skill per family of generators, seen in training and left out."""
    rows = []
    for split, intents in figures.items():
        table = intents.get(intent, {}).get("line", {})
        if (row := table.get("unseen generator")) is not None:
            out = table["methods"][table["subject"]]["bss"]
            cells = [_interval(row["seen"]), _interval(out), _interval(row["difference"])]
            rows.append([split.removeprefix(WITHOUT_GENERATOR), f"{row['items']:,}", *cells])
    return _markdown(["", "lines", "seen in training", "left out", "difference"], rows)


def levels(figures: Figures, method: str, tokens: str) -> str:
    """Return a method's figures per level and intent; another's (its head's) for tokens."""
    rows = []
    for level, name in (("token", tokens), ("line", method), ("unit", method)):
        for intent, tables in figures[BY_PROBLEM].items():
            table = tables.get(level, {"methods": {}})
            if (row := table["methods"].get(name)) is not None:
                values = [_interval(row[key]) for key in ("bss", "ece", "auc")]
                rows.append([level, intent, f"{table['items']:,}", *values])
    return _markdown(["level", "intent", "items", "Brier skill", "ECE", "AUC"], rows)


def differences(figures: Figures, intent: str) -> str:
    """Return by how much the subject's skill exceeds the best other method's, per split.

    A method measured in an earlier run has no paired difference; that of the points is shown.
    """
    rows = []
    for split, intents in figures.items():
        table = intents.get(intent, {}).get("line", {})
        others = {name: row for name, row in table.get("methods", {}).items()
                  if name != table.get("subject")}  # fmt: skip
        if "difference" in table and others:
            best, row = max(others.items(), key=_skill)
            names = ("bss", "ece", "auc")
            if best in table["difference"]:
                values = [_interval(table["difference"][best][name]) for name in names]
            else:
                ours = table["methods"][table["subject"]]
                values = [f"{_number(ours[name][0] - row[name][0])} (not paired)" for name in names]
            rows.append([split, _dated(best, row), *values])
    return _markdown(["", "best other", "Brier skill", "ECE", "AUC"], rows)


def _dated(method: str, row: Figures) -> str:
    return f"{method} ({row[MEASURED]})" if MEASURED in row else method


def _skill(item: tuple[str, Figures]) -> float:
    value = item[1]["bss"][0]
    return float("-inf") if value is None else float(value)


def _triple(row: Figures | None) -> str:
    if row is None:
        return "–"
    return " / ".join(_number(row[name][0]) for name in ("bss", "ece", "auc"))


def _interval(values: Sequence[float | None]) -> str:
    value, low, high = map(_number, values)
    return f"{value} ({low} to {high})"


def _number(value: float | None) -> str:
    """Return two digits, without the zero before the point."""
    if value is None:
        return "–"
    text = f"{value:.2f}" if abs(value) >= 1 else f"{value:.3f}".replace("0.", ".", 1)
    return text.replace("-", "−")


def _markdown(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
