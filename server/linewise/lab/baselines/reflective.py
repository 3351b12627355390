"""Reflective prompting: a model is shown the program and asked for a probability per line.

The program is shown as it was written, its lines numbered. (In the reference implementation the
lines shown are cut from the *repaired* program, so the fix leaks: docs/evaluation.md.) An answer
that cannot be read earns the base rate, and how often that happens is part of the result.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from attrs import define, field, frozen

from linewise.analysis.code_lines import code_lines
from linewise.analysis.syntax import parse
from linewise.lab.baselines.generator import Generator
from linewise.lab.data import Document

_REQUEST = """\
A program was written for the task below. Some of its lines may have to be edited before it does \
what the task asks.

Task:
{intent}

Program, its code lines numbered:
{program}

For each numbered line, give the probability between 0 and 1 that it has to be edited. Answer \
with one line per number, in the form "NUMBER: PROBABILITY", and nothing else.
"""
_ANSWER = re.compile(
    r"^\W*(?:line\s*)?(\d+)\s*[:=\-–.)]+\s*(\d*\.\d+|\d+)(?:\s*(%))?(?=\s|$|,)",
    re.MULTILINE | re.IGNORECASE,
)


@define
class Answers:
    """How answers could be read: complete, in part, or not at all."""

    complete: int = 0
    partial: int = 0
    failed: int = 0
    lines_missing: int = 0

    def count(self, wanted: int, found: int) -> None:
        """Record that ``found`` of ``wanted`` lines were answered."""
        self.lines_missing += wanted - found
        if found == wanted:
            self.complete += 1
        elif found:
            self.partial += 1
        else:
            self.failed += 1


@frozen(eq=False)
class Reflective:
    """Scores lines by what a model says about them; nan where its answer cannot be read."""

    generator: Generator
    answers: Answers = field(factory=Answers)
    _known: dict[str, str] = field(factory=dict, init=False, repr=False)

    def lines(self, doc: Document) -> dict[int, float]:
        """Return the stated probability per code line."""
        code = code_lines(parse(doc.text))
        request = request_for(doc.text, code, doc.program.intent)
        if request not in self._known:
            self._known[request] = self.generator.answer(request)
        stated = read_answer(self._known[request], len(code))
        self.answers.count(len(code), len(stated))
        return {line: stated.get(number, float("nan")) for number, line in enumerate(code, 1)}


def request_for(text: str, code: Sequence[int], intent: str) -> str:
    """Return the question about a program as written, with its code lines numbered from 1."""
    number = {line: at for at, line in enumerate(code, 1)}
    lines = parse(text).lines
    shown = (
        f"{number[line]:>3}  {lines.content(line)}"
        if line in number
        else f"     {lines.content(line)}"
        for line in range(len(lines))
    )
    return _REQUEST.format(intent=intent or "(not stated)", program="\n".join(shown).rstrip())


def read_answer(answer: str, lines: int) -> dict[int, float]:
    """Return probabilities by line number (1 to ``lines``); what is no probability is left out.

    The first statement about a line counts. "30 %" reads as .3.
    """
    found: dict[int, float] = {}
    for number, value, percent in _ANSWER.findall(answer):
        p = float(value) / (100.0 if percent else 1.0)
        if 1 <= int(number) <= lines and 0.0 <= p <= 1.0:
            found.setdefault(int(number), p)
    return found
