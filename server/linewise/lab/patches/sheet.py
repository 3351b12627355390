"""The data sheet of a dataset of patches: sizes, base rates, known biases, in Markdown."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from linewise.lab.jsonl import rows as json_rows
from linewise.lab.table import read_table

_BIASES = """\
- A program without a right program near it gets no patch, and one whose patch touches more than
  half of its lines is left out: the programs here are nearly right.
- A patch is minimal in that no line unit of it can be left out; another way to repair the program
  may be smaller still.
- "Right" means that the tests pass: where they are weak, so is the label. Endless programs (flag
  `timeout`) and those that do not parse (`syntax_error`) make unreliable patches.
- HumanEval and MBPP are in many models' training data; several sources are the result of repair
  rounds that the visible tests steered.
- Injected bugs (method `mutation`) are one line or statement, chosen by rule, in programs that
  were right: kinds come in the proportions of the rules, not of the mistakes that models make.
"""
_MOST = 25
_COLUMNS = {
    **dict.fromkeys(("task_id", "model", "dataset", "source", "error_class"), str),
    **dict.fromkeys(("fold", "n_code_lines", "n_units"), int),
    "passing": bool,
    "touched_frac": float,
    "flags": list,
}


def read_patches(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the rows of a file of patches, parquet or JSON lines, that a sheet can count.

    Raises
    ------
    LabDataError
        If a file of JSON lines holds none. Single lines that are damaged are skipped and named.
    """
    yield from read_table(path) if path.suffix == ".parquet" else json_rows(path, _COLUMNS)


def data_sheet(rows: Iterable[dict[str, Any]], title: str) -> str:
    """Return the sheet. Base rates are edited code lines over code lines of failing programs.

    A line counts as edited if it is replaced or deleted, or has an insertion right before it.
    """
    table = [row for row in rows if not row["passing"]]
    tasks, generators = _distinct(table, "task_id"), _distinct(table, "model")
    parts = [
        f"# {title}\n",
        f"{len(table):,} failing programs of {tasks:,} tasks and {generators:,} generators.\n",
        _section("Data set", table, lambda row: row["dataset"]),
        _section("Fold", table, lambda row: str(row["fold"])),
        _section("Error", table, lambda row: row["error_class"]),
        _section("Method", table, _method),
        _section("Kind", table, lambda row: row.get("provenance", {}).get("kind") or "–"),
        _section("Flag", table, lambda row: ", ".join(row["flags"]) or "–"),
        _section("Source", table, lambda row: row["source"].split(":")[0]),
        _section("Generator", table, lambda row: row["model"]),
        f"## Known biases\n\n{_BIASES}",
    ]
    return "\n".join(parts)


def _method(row: dict[str, Any]) -> str:
    return str(row["provenance"]["method"]) if "provenance" in row else "–"


def _distinct(rows: list[dict[str, Any]], column: str) -> int:
    return len({row[column] for row in rows})


def _section(name: str, rows: list[dict[str, Any]], key: Callable[[dict[str, Any]], str]) -> str:
    groups: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        groups[key(row)].append(row)
    count = Counter({group: len(members) for group, members in groups.items()})
    lines = [
        f"## By {name.lower()}\n",
        f"| {name} | patches | code lines | base rate | lines per patch |",
        "|---|---:|---:|---:|---:|",
    ]
    for group, patches in count.most_common(_MOST):
        members = groups[group]
        code = sum(row["n_code_lines"] for row in members)
        edited = sum(row["touched_frac"] * row["n_code_lines"] for row in members)
        size = sum(row["n_units"] for row in members) / patches
        label = group.replace("|", "\\|")
        lines.append(
            f"| {label} | {patches:,} | {code:,} | {edited / max(1, code):.1%} | {size:.1f} |"
        )
    if (more := len(count) - _MOST) > 0:
        rest = len(rows) - sum(patches for _, patches in count.most_common(_MOST))
        lines.append(f"| {more} more | {rest:,} | | | |")
    return "\n".join(lines) + "\n"
