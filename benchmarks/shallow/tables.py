"""The tables of docs/compare.md from the committed record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from benchmarks.markdown import interval, origin, table
from benchmarks.shallow.figures import WITH, WITHOUT

Record = Mapping[str, Any]
DISCOVERY = 0.05
_SHALLOW, _SEMANTIC = "sc_not_semantic", "sc_semantic"
_MOST = 12


def tables(record: Record) -> Iterable[tuple[str, str]]:
    """Yield (name, table)."""
    figures = record["figures"]
    models = figures["models"]
    yield "shallow", f"{origin(record)} {_about(figures)}\n\n{_verdicts(models)}\n\n{_rows(models)}"
    yield "shallow-matrix", _matrix(models)
    yield "shallow-last", _rows(models, WITH, ("group",))
    yield "shallow-shift", _shift(figures)


def _about(figures: Record) -> str:
    sources = ", ".join(f"{count:,} of the {name}" for name, count in figures["sources"].items())
    return (
        f"{figures['functions']:,} functions ({sources}) of {figures['packages']:,} modules and "
        f"packages, which intervals resample; at most {figures['places']} of at most "
        f"{figures['context']} tokens before the target; {figures['draws']} random rationales for "
        "each. Shares of rationale tokens, and what they are beyond random ones."
    )


def _verdicts(models: Record) -> str:
    """Say what the figures say of the claim, by model and profile."""
    found = []
    for name, model in models.items():
        for profile, parts in model["against chance"].items():
            levels = parts[WITHOUT]
            cells = {
                "indentation": levels["category"]["categories"].get("indentation"),
                "`sc_not_semantic`": levels["group"]["categories"].get(_SHALLOW),
                "`sc_semantic`": levels["group"]["categories"].get(_SEMANTIC),
            }
            said = "; ".join(f"{each} {_against(cell)}" for each, cell in cells.items())
            found.append(f"- `{name}`, profile *{profile}*: {said}.")
    return "\n".join(found)


def _against(cell: Record | None) -> str:
    if cell is None:
        return "never there"
    if cell["q"] > DISCOVERY:
        return "not distinguishable from chance"
    return "more than by chance" if cell["effect"][0] > 0 else "less than by chance"


def _rows(
    models: Record, skip: str = WITHOUT, levels: Sequence[str] = ("group", "category")
) -> str:
    body = [
        [f"`{name}`", profile, level, f"`{category}`", *_cells(cell)]
        for name, model in models.items()
        for profile, parts in model["against chance"].items()
        for level in levels
        for category, cell in list(parts[skip][level]["categories"].items())[:_MOST]
    ]
    headings = ["model", "profile", "level", "", "share", "random", "beyond random", "q"]
    return table(headings, body)


def _cells(cell: Record) -> list[str]:
    return [
        f"{cell['a']:.1%}",
        f"{cell['b']:.1%}",
        interval([value if value is not None else float("nan") for value in cell["effect"]]),
        f"{cell['q']:.2g}",
    ]


def _matrix(models: Record) -> str:
    body = [
        [f"`{name}`", f"`{target}`", f"{row['pairs']:,}", f"`{category}`", *_cells(cell)]
        for name, model in models.items()
        for target, row in model["by target"].items()
        for category, cell in row["categories"].items()
    ]
    headings = ["model", "targets", "tokens", "rest on", "share", "random", "beyond random", "q"]
    return table(headings, body)


def _shift(figures: Record) -> str:
    shift = figures.get("shift")
    if shift is None:
        return "The committed record is of one model."
    one, other = figures["models"]
    body = []
    for profile in ("codeq", "complete"):
        for level in ("group", "category"):
            found = shift[profile][level]
            distance = interval(found["distance"])
            for category, cell in list(found["categories"].items())[:_MOST]:
                body.append([profile, level, f"`{category}`", *_cells(cell), distance])
                distance = ""
    head = (
        f"{shift['functions']:,} functions whose token both predict. *Shift*: the share by `{one}` "
        f"less that by `{other}`."
    )
    headings = ["profile", "level", "", one, other, "shift", "q", "Jensen-Shannon"]
    return f"{head}\n\n{table(headings, body)}"
