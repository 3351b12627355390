"""Spans of every shape on problems never seen: ``python -m benchmarks.spans --data FOLDER``.

Whole functions, runs of lines and parts of lines, drawn by a fixed seed; a span is edited if the
patch replaces or deletes something in it, or inserts right before it. Beside what the product
answers stand the head alone, read with the calibrators of spans and units, and lines taken as
independent. Results go to benchmarks/results/spans.json.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from attrs import frozen

from benchmarks.markdown import interval, origin, table
from linewise.engine import Engine, ScoredText
from linewise.lab.data import Document, Intent, documents, read_programs
from linewise.lab.evaluate.bootstrap import intervals
from linewise.lab.evaluate.metrics import brier_skill, expected_calibration_error
from linewise.lab.evaluate.ranking import auc
from linewise.lab.evaluate.sample import sample_of
from linewise.lab.record import write_record
from linewise.lab.splits import TEST_FOLDS
from linewise.settings import DEFAULT_MODEL
from linewise.spans import ask_span

RESULT = Path(__file__).parent / "results" / "spans.json"
RUNS, PARTS, LONGEST = 4, 4, 10
"""Of each program: so many runs of lines and parts of lines, a run of so many lines at most."""
PRODUCT, HEAD, INDEPENDENT = "one judgement", "head alone", "lines independent"
METRICS = {"bss": brier_skill, "ece": expected_calibration_error, "auc": auc}


@frozen
class Drawn:
    """A span of a document, of a shape; ``lines`` are the code lines it touches."""

    shape: str
    start: int
    end: int
    lines: tuple[int, ...]


def main() -> None:
    """Measure and write the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    folder = parser.parse_args().data
    engine = Engine.load(DEFAULT_MODEL)
    random = np.random.default_rng(0)
    answers: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    labels: dict[str, list[bool]] = defaultdict(list)
    problems: dict[str, list[str]] = defaultdict(list)
    programs = [each for each in read_programs(folder) if each.fold in TEST_FOLDS]
    for program in programs:
        document = documents(program, Intent.NONE)
        scored = engine.score(document.text)
        for drawn in _drawn(scored, random):
            labels[drawn.shape].append(_is_edited(document, drawn))
            problems[drawn.shape].append(program.task_id)
            for method, value in _answers(engine, scored, drawn).items():
                answers[drawn.shape][method].append(value)
    figures: dict[str, Any] = {"programs": len(programs), "shapes": {}}
    for shape, found in labels.items():
        groups = np.array(problems[shape])
        figures["shapes"][shape] = {
            "spans": len(found),
            "edited": round(float(np.mean(found)), 4),
            "methods": {
                method: {
                    name: [round(each, 4) for each in (got.value, got.low, got.high)]
                    for name, got in intervals(METRICS, sample_of(found, p), groups).items()
                }
                for method, p in answers[shape].items()
            },
        }
    write_record(RESULT, "python -m benchmarks.spans", figures)


def spans(record: dict[str, Any]) -> str:
    """Return the table of the results."""
    rows = [
        [f"{shape}: {figures['spans']:,}, {100 * figures['edited']:.1f} % edited", method]
        + [interval(measured[name]) for name in METRICS]
        for shape, figures in record["figures"]["shapes"].items()
        for method, measured in figures["methods"].items()
    ]
    return f"{origin(record)}\n\n{table(['', '', 'Brier skill', 'ECE', 'AUC'], rows)}"


def _drawn(scored: ScoredText, random: np.random.Generator) -> Iterator[Drawn]:
    """Yield spans of one document: its functions, some runs of lines, some parts of lines."""
    code = [each.line for each in scored.lines]
    units: dict[tuple[int, int], list[int]] = defaultdict(list)
    for each in scored.evidence:
        span = each.unit.first_line, each.unit.last_line
        units[span] = [line for line in code if span[0] <= line <= span[1]]
    for lines in units.values():
        if len(lines) > 1:
            yield _lines(scored, "whole functions", lines)
    for _ in range(RUNS if len(code) > 1 else 0):
        count = int(random.integers(2, min(len(code), LONGEST) + 1))
        first = int(random.integers(0, len(code) - count + 1))
        yield _lines(scored, "several lines", code[first : first + count])
    for _ in range(PARTS if code else 0):
        line = int(random.choice(code))
        start, content = scored.table.starts[line], scored.table.content(line)
        text = [at for at, character in enumerate(content) if not character.isspace()]
        first, last = sorted(random.integers(0, len(text), 2).tolist())
        if last - first + 1 < len(text):
            yield Drawn("parts of a line", start + text[first], start + text[last] + 1, (line,))


def _lines(scored: ScoredText, shape: str, lines: list[int]) -> Drawn:
    table = scored.table
    return Drawn(shape, table.starts[lines[0]], table.ends[lines[-1]], tuple(lines))


def _is_edited(document: Document, drawn: Drawn) -> bool:
    if drawn.shape == "parts of a line":
        return any(a < drawn.end and b > drawn.start for a, b in document.edited_spans)
    return not document.edited.isdisjoint(drawn.lines)


def _answers(engine: Engine, scored: ScoredText, drawn: Drawn) -> dict[str, float]:
    answer = ask_span(engine.probe, scored, drawn.start, drawn.end)
    assert answer is not None
    read_as = scored.calibration.unit if len(drawn.lines) > 1 else scored.calibration.span
    keep = 1.0
    for each in scored.evidence:
        member = (each.starts < drawn.end) & (each.ends > drawn.start)
        if member.any():
            keep *= 1.0 - float(read_as(each.reading.logits(engine.probe, member[None]))[0])
    lines = [each.probability for each in scored.lines if each.line in drawn.lines]
    independent = 1.0 - float(np.prod(1.0 - np.array(lines)))
    return {PRODUCT: answer.probability, HEAD: 1.0 - keep, INDEPENDENT: independent}


if __name__ == "__main__":
    main()
