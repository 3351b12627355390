"""Real code to explain: programs for held-out problems, and functions of the standard library.

Which are taken, and in which order, follows from hashes of their names: half of them are a fair
sample of all.
"""

from __future__ import annotations

import hashlib
import sysconfig
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
from attrs import frozen

from benchmarks.explanations.subject import Subject
from linewise.analysis.code_lines import code_lines
from linewise.analysis.membership import line_members
from linewise.analysis.model_input import ModelInput, document_inputs
from linewise.errors import LinewiseError
from linewise.lab.data import documents, read_programs, training_intent
from linewise.lab.splits import TEST_FOLDS
from linewise.rationale.attribution import EditRisks
from linewise.rationale.explain_text import ExplainedText
from linewise.rationale.line_input import LineInput, line_inputs

PROGRAMS, LIBRARY = "held-out programs", "standard library"
LEAST, MOST = 40, 192
"""Tokens of a unit that is explained."""
_OF_ONE_PROBLEM = 2
_SIZES = range(1_000, 200_000)
_OTHERS = frozenset(("test", "tests", "idlelib", "site-packages", "lib2to3", "ensurepip"))


@frozen
class Line:
    """A line of code, what the model reads of it, and the head's logit of it."""

    input: LineInput
    logit: float


@frozen(eq=False)
class Unit:
    """A function, a method or a run of lines that the model reads in one pass.

    ``group`` is what units share that are alike, the problem or the package; intervals resample
    it as a whole. ``lines`` ascend by logit.
    """

    source: str
    group: str
    name: str
    text: ExplainedText
    lines: tuple[Line, ...]

    @property
    def riskiest(self) -> LineInput:
        """The line of the highest logit: the one that is shown first."""
        return self.lines[-1].input


def units(subject: Subject, data: Path, count: int) -> Iterator[Unit]:
    """Yield ``count`` units, from both sources in turn."""
    for pair in islice(
        zip(_units(subject, _programs(data)), _units(subject, _library()), strict=False),
        (count + 1) // 2,
    ):
        yield from pair


def programs(subject: Subject, data: Path) -> Iterator[Unit]:
    """Yield the units of programs for held-out problems, one of each program."""
    yield from _units(subject, _programs(data))


def library(subject: Subject, folders: tuple[str, ...], count: int) -> Iterator[Unit]:
    """Yield at most ``count`` units of some packages of the standard library, grouped by file."""
    found = (
        (source, name, name, text) for source, group, name, text in _library() if group in folders
    )
    yield from islice(_units(subject, found), count)


_Source = tuple[str, str, str, str]
"""Where from, group, name, text."""


def _programs(data: Path) -> Iterator[_Source]:
    held_out = [each for each in read_programs(data) if each.fold in TEST_FOLDS]
    seen: Counter[str] = Counter()
    for each in sorted(held_out, key=lambda program: _hash(program.sample_id)):
        seen[each.task_id] += 1
        if seen[each.task_id] <= _OF_ONE_PROBLEM:
            text = documents(each, training_intent(each)).text
            yield PROGRAMS, each.task_id, each.sample_id, text


def _library() -> Iterator[_Source]:
    root = Path(sysconfig.get_path("stdlib"))
    for path in sorted(root.rglob("*.py"), key=lambda path: _hash(str(path.relative_to(root)))):
        name = path.relative_to(root)
        if path.stat().st_size in _SIZES and _OTHERS.isdisjoint(name.parts):
            text = path.read_text("utf-8", "replace")
            yield LIBRARY, name.parts[0].removesuffix(".py"), str(name), text


def _units(subject: Subject, sources: Iterator[_Source]) -> Iterator[Unit]:
    for source, group, name, text in sources:
        if (found := _unit(subject, source, group, name, text)) is not None:
            yield found


def _unit(subject: Subject, source: str, group: str, name: str, text: str) -> Unit | None:
    """Return one unit of a text, if one is of the right size and has two lines of code."""
    explained, target = ExplainedText(text), subject.model.target
    inputs = document_inputs(explained.syntax, sorted(explained.code), target)
    whole = Counter(each.unit for each in inputs)
    fitting = [e for e in inputs if LEAST <= len(e.ids) <= MOST and whole[e.unit] == 1]
    if not fitting:
        return None
    each = fitting[int(_hash(name), 16) % len(fitting)]
    name = f"{name}:{each.unit.first_line}"
    wanted, spans = _spans(explained, each)
    if len(wanted) < 2:
        return None
    key = hashlib.sha256(each.ids.tobytes()).hexdigest()[:16]
    logits = subject.kept(
        f"logits {name} {key}",
        lambda: {
            "logits": EditRisks(subject.model, subject.probe, each.ids, spans).logits.tolist()
        },
    )["logits"]
    try:
        lines = [line_inputs(explained, line, target)[0] for line in wanted]
    except LinewiseError:
        return None
    ordered = sorted(zip(lines, logits, strict=True), key=lambda pair: pair[1])
    return Unit(source, group, name, explained, tuple(Line(*pair) for pair in ordered))


def _spans(text: ExplainedText, each: ModelInput) -> tuple[list[int], list[tuple[int, int]]]:
    wanted, members = line_members(
        text.syntax.lines, code_lines(text.syntax), each.starts, each.ends
    )
    places = [each.scored.start + np.flatnonzero(member) for member in members]
    return wanted, [(int(found[0]), int(found[-1]) + 1) for found in places]


def _hash(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()
