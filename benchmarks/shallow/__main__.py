"""What small models rest predictions on: ``python -m benchmarks.shallow``.

Greedy rationales of a predicted token of each of a thousand functions, beside random rationales
from the same contexts. With a second ``--model``, also how the two models differ.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import track

from benchmarks.report import write
from benchmarks.shallow.figures import Sample, figures
from benchmarks.shallow.functions import functions
from benchmarks.shallow.rationales import Bounds, Subject
from linewise.lab.journal import Journal
from linewise.models.runtime import TargetModel
from linewise.settings import DEFAULT_MODEL


def main(
    *,
    model: Annotated[list[str] | None, typer.Option(help="A target model; at most two.")] = None,
    count: Annotated[int, typer.Option(help="How many functions.")] = 1000,
    context: Annotated[int, typer.Option(help="Tokens before the target that are read.")] = 40,
    places: Annotated[int, typer.Option(help="The most tokens of a rationale.")] = 4,
    minutes: Annotated[float, typer.Option(help="Stop after so long; the next run goes on.")] = 60,
    cache: Annotated[Path, typer.Option(help="Where what was found is kept.")] = Path(".lab"),
) -> None:
    """Write benchmarks/results/shallow.json, once all functions are explained."""
    names = tuple(model or [DEFAULT_MODEL])
    journal, bounds = Journal(cache / "shallow.jsonl"), Bounds(context, places)
    subjects = [Subject(TargetModel.load(name, threads=1), journal, bounds) for name in names[:2]]
    end = time.monotonic() + 60 * minutes
    samples: list[Sample] = []
    for sample in track(_samples(subjects, count), "functions", total=count):
        samples.append(sample)
        if time.monotonic() > end:
            typer.echo(f"{len(samples):,} functions explained; run it again to go on", err=True)
            raise typer.Exit(1)
    options = " ".join(f"--model {name}" for name in names) if model else ""
    command = f"python -m benchmarks.shallow {options}".strip()
    write("shallow", command, figures(samples, [each.target for each in subjects], bounds))


def _samples(subjects: list[Subject], count: int) -> Iterator[Sample]:
    """Yield functions with a token that the first model predicts, and its rationale by each."""
    # Not every function has a token, among those drawn, that the model predicts.
    found = 0
    for function in functions(4 * count):
        target = subjects[0].chosen(function)
        if target is not None:
            rationales = tuple(each.rationale(target) for each in subjects)
            found += 1
            yield Sample(target, rationales)
            if found == count:
                return


typer.run(main)
