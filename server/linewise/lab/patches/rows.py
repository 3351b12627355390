"""A patch as a row of a table: see `linewise.lab.table` for the columns."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from linewise.lab.data import Intent, documents, program_of
from linewise.lab.patches.edits import code_line_numbers, line_edits


def patch_row(
    problem: dict[str, Any],
    sample: dict[str, Any],
    repaired: str,
    provenance: dict[str, Any],
    flags: Iterable[str] = (),
) -> dict[str, Any]:
    """Return the row of one failing program and its repair, the tests left out.

    ``sample`` has the keys of a row of ``samples.jsonl.gz``.
    """
    program = sample["program"]
    edits, code = line_edits(program, repaired), code_line_numbers(program)
    edited = frozenset(edits.lines)
    error = sample.get("error") or ""
    row = {
        "sample_id": sample["sample_id"],
        "task_id": sample["task_id"],
        "dataset": sample["task_id"].split("/")[0],
        "model": sample["model"],
        "source": sample.get("source", ""),
        "licence": sample.get("licence", ""),
        "fold": problem["fold"],
        "passing": False,
        "program": program,
        "repaired_program": repaired,
        "code_lines": code,
        "n_code_lines": len(code),
        "kept_lines": [line for line in code if line not in edited],
        "edited_lines": list(edits.lines),
        "replaced_lines": list(edits.replaced),
        "deleted_lines": list(edits.deleted),
        "inserts": [{"insert_before": at, "n_lines": lines} for at, lines in edits.inserts],
        "n_units": edits.size,
        "patch_size_frac": edits.size / max(1, len(code)),
        "error": error,
        "error_class": error.split(":")[0],
        "flags": sorted(flags),
        "provenance": provenance,
    }
    document = documents(program_of(row, problem), Intent.NONE)
    return {
        **row,
        "touched_frac": len(document.edited) / max(1, len(code)),
        "edited_tokens": [{"start": start, "end": end} for start, end in document.edited_spans],
    }


def with_tests(
    rows: Iterable[dict[str, Any]], problems: Mapping[str, dict[str, Any]]
) -> Iterator[dict[str, Any]]:
    """Yield rows with the tests of their problems."""
    for row in rows:
        problem = problems[row["task_id"]]
        tests = (problem.get(each) or "" for each in ("tests_base", "tests_plus"))
        yield {**row, "tests": "\n".join(tests)}


def key_of(*parts: str) -> str:
    """Return the name under which a result of these texts is remembered."""
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:24]
