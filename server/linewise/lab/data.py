"""Programs with minimal intent-aligning patches, as documents a developer might have open.

Reads ``problems.jsonl.gz`` (what was asked) and ``patches.jsonl.gz`` (what was written, and the
smallest edit that makes it right). Labels follow the source paper (arXiv 2512.24560 §2.1): a line
is *edited* if the patch replaces or deletes it, or inserts right before it; a token likewise.
"""

from __future__ import annotations

import ast
import difflib
import hashlib
import logging
import re
import textwrap
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Any

from attrs import frozen
from tree_sitter import Node

from linewise.analysis.code_lines import code_lines
from linewise.analysis.lines import LineTable
from linewise.analysis.syntax import Syntax, parse
from linewise.lab.jsonl import rows
from linewise.lab.table import read_table

log = logging.getLogger(__name__)

_WORD = re.compile(r"\w+|\s+|[^\w\s]")
UNRELIABLE_FLAGS = frozenset({"timeout", "syntax_error"})
_PROBLEM = {"task_id": str, "kind": str, "prompt": str, "entry_point": str | None}
_PATCH = {
    **dict.fromkeys(("sample_id", "task_id", "dataset", "model"), str),
    **dict.fromkeys(("program", "repaired_program"), str),
    "fold": int,
    "passing": bool,
    **dict.fromkeys(("edited_lines", "inserts", "flags"), list),
}


class Intent(StrEnum):
    """Where a document states what was asked for."""

    NONE = "none"
    FUNCTION = "function docstring"
    MODULE = "module docstring"


@frozen
class Program:
    """A generated program with its patch. Line numbers are 0-based lines of ``text``."""

    sample_id: str
    task_id: str
    dataset: str
    generator: str
    fold: int
    text: str
    repaired: str
    passing: bool
    edited: frozenset[int]
    intent: str
    entry_point: str | None


@frozen
class Document:
    """A program as the product sees it: with its intent in place, labels moved along.

    ``edited`` are the 0-based code lines a patch would touch; ``edited_spans`` the code-point
    spans of ``text`` that it replaces, deletes, or inserts right before.
    """

    program: Program
    text: str
    edited: frozenset[int]
    edited_spans: tuple[tuple[int, int], ...]


def read_programs(folder: Path, patches: Path | None = None) -> Iterator[Program]:
    """Yield the programs of ``folder`` in file order; unreliable patches are left out.

    ``patches`` is another file of patches of the same problems: JSON lines, or parquet as
    ``linewise lab patches`` and ``linewise lab mutations`` write it.

    Raises
    ------
    FileNotFoundError
        If a data file is missing.
    LabDataError
        If one holds nothing usable. Single lines that are not usable are skipped with a warning.
    """
    problems = {row["task_id"]: row for row in rows(folder / "problems.jsonl.gz", _PROBLEM)}
    patches = patches or folder / "patches.jsonl.gz"
    found = read_table(patches) if patches.suffix == ".parquet" else rows(patches, _PATCH)
    for row in found:
        if row["task_id"] not in problems:
            log.warning("%s: its problem %s is missing; skipped", row["sample_id"], row["task_id"])
        elif UNRELIABLE_FLAGS.isdisjoint(row["flags"]):
            yield program_of(row, problems[row["task_id"]])


def documents(program: Program, intent: Intent) -> Document:
    """Return ``program`` as a document that states its intent in one of the usual places.

    A function that already has a docstring keeps it.
    """
    insertion = _insertion(program, intent)
    spans = _edited_spans(program)
    if insertion is None:
        return Document(program, program.text, program.edited, spans)
    at, added = insertion
    new_lines, line_at = added.count("\n"), program.text.count("\n", 0, at)
    return Document(
        program,
        program.text[:at] + added + program.text[at:],
        frozenset(line + new_lines if line >= line_at else line for line in program.edited),
        tuple(
            (start + len(added), end + len(added)) if start >= at else (start, end)
            for start, end in spans
        ),
    )


def training_intent(program: Program) -> Intent:
    """Draw where a training document states its intent, by the sample's hash: 2 : 1 : 2.

    An editor often has no statement of intent, so the probe must learn to do without.
    """
    draw = hashlib.sha256(program.sample_id.encode()).digest()[0] % 5
    return (Intent.FUNCTION, Intent.FUNCTION, Intent.MODULE, Intent.NONE, Intent.NONE)[draw]


def program_of(row: dict[str, Any], problem: dict[str, Any]) -> Program:
    """Return the program of a row of patches and the row of its problem."""
    text = row["program"]
    inserted = {each["insert_before"] - 1 for each in row["inserts"]}
    return Program(
        sample_id=row["sample_id"],
        task_id=row["task_id"],
        dataset=row["dataset"],
        generator=row["model"],
        fold=row["fold"],
        text=text,
        repaired=text if row["passing"] else row["repaired_program"],
        passing=row["passing"],
        edited=_edited_lines(text, {line - 1 for line in row["edited_lines"]}, inserted),
        intent=_intent(problem),
        entry_point=problem["entry_point"],
    )


def entry_points(program: Program, syntax: Syntax) -> Iterator[tuple[Node, Node]]:
    """Yield (definition, body) of the functions in ``syntax`` that a program's tests may call.

    Those with the name of its entry point, wherever they are; all if it has none.
    """
    for node in syntax.captures("(function_definition) @function").get("function", []):
        name, body = node.child_by_field_name("name"), node.child_by_field_name("body")
        if name is None or body is None:
            continue
        if program.entry_point in (None, syntax.lines.text[slice(*syntax.span(name))]):
            yield node, body


def _edited_lines(text: str, edited: set[int], inserted: set[int]) -> frozenset[int]:
    """Return the edited code lines; an insertion counts for the next code line, if there is one."""
    code = code_lines(parse(text))
    after = {next((line for line in code if line >= at), None) for at in inserted}
    return frozenset(edited & set(code)) | frozenset(line for line in after if line is not None)


def _edited_spans(program: Program) -> tuple[tuple[int, int], ...]:
    """Return the spans that differ from the repaired program, word by word, by difflib.

    Only words of edited lines count, so that token and line labels agree.
    """
    if program.passing:
        return ()
    table = LineTable(program.text)
    ours = [match.span() for match in _WORD.finditer(program.text)]
    matcher = difflib.SequenceMatcher(
        None,
        [program.text[start:end] for start, end in ours],
        _WORD.findall(program.repaired),
        autojunk=False,
    )
    spans = []
    for tag, first, last, *_ in matcher.get_opcodes():
        # An insertion marks the word after it.
        words = ours[first : max(last, first + 1)] if tag != "equal" else []
        spans += [(a, b) for a, b in words if table.line_at(a) in program.edited]
    return tuple(spans)


def _intent(problem: dict[str, Any]) -> str:
    """Return what was asked, in prose: the docstring of a stub, or the statement itself."""
    prompt = str(problem["prompt"])
    if problem["kind"] == "class":
        return ""  # The generated classes repeat the skeleton's docstrings themselves.
    try:
        tree = ast.parse(prompt + "\n    pass\n")
    except SyntaxError:
        return prompt.strip()
    stubs = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    return (ast.get_docstring(stubs[-1]) if stubs else None) or prompt.strip()


def _insertion(program: Program, intent: Intent) -> tuple[int, str] | None:
    """Return (offset, text) of the docstring to add, None if there is nothing to add."""
    prose = program.intent.replace("\\", "\\\\").replace('"""', "'''")
    if intent is Intent.NONE or not prose:
        return None
    if intent is Intent.MODULE:
        return 0, f'"""{prose}\n"""\n\n'
    syntax = parse(program.text)
    for _, body in entry_points(program, syntax):
        if not body.named_children:
            continue
        first = body.named_children[0]
        has_docstring = (
            first.type == "expression_statement" and first.named_children[0].type == "string"
        )
        line = syntax.line_range(first)[0]
        start = syntax.lines.starts[line]
        indent = syntax.lines.text[start : syntax.span(first)[0]]
        if not indent.strip():
            return None if has_docstring else (start, textwrap.indent(f'"""{prose}\n"""\n', indent))
    return None
