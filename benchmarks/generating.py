"""Baselines that let a model write: ``python -m benchmarks.generating --data FOLDER``.

A model on a CPU takes the better part of a minute for a program, so a sample of the held-out
programs is asked about, evenly spaced, and the methods beside it answer for the same ones. What was
written is kept, and a run that was interrupted goes on.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Annotated, Any

import numpy as np
import typer
from attrs import asdict, frozen
from rich.console import Console

from benchmarks.report import write
from linewise.lab.baselines.generator import Generator, LocalGenerator
from linewise.lab.baselines.reflective import Reflective
from linewise.lab.baselines.scored import Scored
from linewise.lab.baselines.self_consistency import Live, SelfConsistency
from linewise.lab.data import Intent, read_programs
from linewise.lab.evaluate.report import report
from linewise.lab.journal import Journal
from linewise.lab.measure import predictions
from linewise.lab.predictions import Predictions
from linewise.lab.registry import Needs, methods
from linewise.lab.splits import BY_PROBLEM, Split, by_problem
from linewise.settings import DEFAULT_MODEL

BESIDE = ("base rate", "gradient boosting, facts", "self-consistency, unscaled")
console = Console(stderr=True)


@frozen(eq=False)
class Remembering:
    """A generator whose texts are kept in a journal, with the seconds each took."""

    generator: Generator
    journal: Journal
    name: str

    def complete(self, prompt: str, count: int, temperature: float) -> list[str]:
        """Return continuations, drawn once."""
        asked = f"{count} at {temperature}: {prompt}"
        return self._kept(asked, lambda: self.generator.complete(prompt, count, temperature))

    def answer(self, request: str) -> str:
        """Return the answer, asked for once."""
        return self._kept(request, lambda: [self.generator.answer(request)])[0]

    def _kept(self, asked: str, ask: Callable[[], list[str]]) -> list[str]:
        key = hashlib.sha256(f"{self.name}\0{asked}".encode()).hexdigest()
        if (known := self.journal.get(key)) is None:
            began = perf_counter()
            known = {"texts": ask(), "seconds": perf_counter() - began}
            self.journal.put(key, known)
            console.print(f"{known['seconds']:.0f} s")
        texts: list[str] = known["texts"]
        return texts


def main(
    data: Annotated[Path, typer.Option(help="The folder of programs.")],
    cache: Annotated[Path, typer.Option(help="Where what was written is kept.")] = Path(".lab"),
    model: Annotated[str, typer.Option(help="The model that writes.")] = DEFAULT_MODEL,
    programs: Annotated[int, typer.Option(help="How many programs are asked about.")] = 24,
) -> None:
    """Measure, and write benchmarks/results/generating.json."""
    every = list(read_programs(data))
    whole = by_problem(every)
    chosen = whole.test[np.linspace(0, len(whole.test) - 1, programs).astype(int)]
    split = Split(whole.name, whole.train, chosen)
    journal = Journal(cache / "generated.jsonl")
    generator = Remembering(LocalGenerator(model), journal, model)
    reflective = Reflective(generator)
    live = SelfConsistency(Live(generator))
    asked = [
        *methods(Needs(data, cache), BESIDE),
        Scored("self-consistency, live, unscaled", live, scale=False),
        Scored("reflective prompting, unscaled", reflective, scale=False),
    ]
    found: list[Predictions] = []
    for method in asked:
        console.print(method.name)
        found += predictions(method, every, split, (Intent.FUNCTION,))
    figures: dict[str, Any] = report(found)[BY_PROBLEM][str(Intent.FUNCTION)]["line"]
    figures |= {"model": model, "answers": asdict(reflective.answers)}
    write("generating", f"python -m benchmarks.generating --programs {programs}", figures)
    console.print(figures)


if __name__ == "__main__":
    typer.run(main)
