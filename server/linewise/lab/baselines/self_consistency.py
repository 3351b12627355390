"""Self-consistency: what other answers to the same question do not repeat is in doubt.

For each word of a program, the share of other samples whose diff keeps it; a line's score is the
mean over its words of the share that does not (multisampling, arXiv 2512.24560 §2.4). Samples come
from a file of recorded programs or are drawn from a model.
"""

from __future__ import annotations

import difflib
import hashlib
import random
import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from attrs import field, frozen

from linewise.analysis.code_lines import code_lines
from linewise.analysis.lines import LineTable
from linewise.analysis.syntax import parse
from linewise.lab.baselines.generator import Generator, continuation, prompt_of
from linewise.lab.data import Document, Program
from linewise.lab.jsonl import rows

SAMPLES = 5
TEMPERATURE = 0.8
_WORD = re.compile(r"\w+|[^\w\s]")

Source = Callable[[Program], Sequence[str]]
"""From a program to other programs for the same problem; none of them is looked up as right."""


@frozen(eq=False)
class SelfConsistency:
    """Scores a line by how little of it other samples repeat; nan where there are none."""

    samples: Source

    def lines(self, doc: Document) -> dict[int, float]:
        """Return the share of samples (0 to 1) that change the line's words, on average."""
        program = doc.program
        syntax = parse(program.text)
        code = code_lines(syntax)
        doubt = _doubt(program.text, code, self.samples(program))
        # Stating the intent adds lines, but none of code.
        shown = code_lines(parse(doc.text))
        return {line: doubt[own] for line, own in zip(shown, code, strict=True)}


def _doubt(text: str, code: Sequence[int], samples: Sequence[str]) -> dict[int, float]:
    if not samples:
        return dict.fromkeys(code, float("nan"))
    found = [(match.group(), match.start()) for match in _WORD.finditer(text)]
    words = [word for word, _ in found]
    changed = np.ones((len(samples), len(words)))
    for row, sample in zip(changed, samples, strict=True):
        matcher = difflib.SequenceMatcher(None, words, _WORD.findall(sample), autojunk=False)
        for block in matcher.get_matching_blocks():
            row[block.a : block.a + block.size] = 0.0
    table = LineTable(text)
    share: dict[int, list[float]] = defaultdict(list)
    for (_, start), value in zip(found, changed.mean(axis=0).tolist(), strict=True):
        share[table.line_at(start)].append(value)
    return {line: float(np.mean(share[line])) if line in share else 0.0 for line in code}


@frozen
class _Sample:
    sample_id: str
    program: str
    generators: frozenset[str]
    times: int


@frozen(eq=False)
class Recorded:
    """Draws from a file of executed programs, by the same generator as far as they go.

    A program that a generator wrote several times is one row with a count, so it is drawn as often
    as it was written: agreement counts. Whether a sample passes its tests is not looked at.
    """

    path: Path
    count: int = SAMPLES
    _by_task: dict[str, list[_Sample]] = field(init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        by_task: dict[str, list[_Sample]] = defaultdict(list)
        needed = {
            **dict.fromkeys(("sample_id", "task_id", "program"), str),
            "models": list,
            "n_dup": int,
        }
        for row in rows(self.path, needed):
            by_task[row["task_id"]].append(
                _Sample(
                    row["sample_id"], row["program"], frozenset(row["models"]), int(row["n_dup"])
                )
            )
        object.__setattr__(self, "_by_task", dict(by_task))

    def __call__(self, program: Program) -> list[str]:
        """Return at most ``count`` samples: the same for the same program every time."""
        draw = random.Random(hashlib.sha256(program.sample_id.encode()).digest())  # noqa: S311
        own: list[str] = []
        others: list[str] = []
        for sample in self._by_task.get(program.task_id, ()):
            times = sample.times - (sample.sample_id == program.sample_id)
            same = program.generator in sample.generators
            (own if same else others).extend([sample.program] * times)
        chosen = draw.sample(own, min(self.count, len(own)))
        left = self.count - len(chosen)
        return chosen + draw.sample(others, min(left, len(others)))


@frozen(eq=False)
class Live:
    """Draws completions of the function's signature and docstring from a model."""

    generator: Generator
    count: int = SAMPLES
    temperature: float = TEMPERATURE
    _known: dict[str, list[str]] = field(factory=dict, init=False, repr=False)

    def __call__(self, program: Program) -> list[str]:
        """Return ``count`` samples, drawn once per question."""
        prompt = prompt_of(program)
        if prompt not in self._known:
            drawn = self.generator.complete(prompt, self.count, self.temperature)
            self._known[prompt] = [prompt + continuation(each) for each in drawn]
        return self._known[prompt]
