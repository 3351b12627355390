"""Measure how far explanations can be trusted: ``python -m benchmarks.explanations NAME``.

Each writes benchmarks/results/NAME.json, and goes on where it was stopped. More units make
narrower intervals: sizes are options, and what is known is not measured again.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

DATA, CACHE = Path("../shared/data"), Path(".lab")
Data = Annotated[Path, typer.Option(help="The folder of programs and patches.")]
Cache = Annotated[Path, typer.Option(help="Where what was found before is kept.")]

app = typer.Typer(add_completion=False, no_args_is_help=True, help=__doc__)


@app.command()
def faithfulness(
    data: Data = DATA, cache: Cache = CACHE, count: int = 60, tokens: int = 12
) -> None:
    """Test every method by deletion, against random rationales."""
    from benchmarks.explanations import faithfulness

    faithfulness.measure(data, cache, count, tokens)


@app.command()
def randomisation(
    data: Data = DATA, cache: Cache = CACHE, count: int = 16, tokens: int = 6
) -> None:
    """Compare weights before and after the model's are randomised."""
    from benchmarks.explanations import randomisation

    randomisation.measure(data, cache, count, tokens)


@app.command()
def gradients(data: Data = DATA, cache: Cache = CACHE, count: int = 5) -> None:
    """Infidelity and sensitivity of gradient methods."""
    from benchmarks.explanations import gradients

    gradients.measure(data, cache, count)


@app.command()
def simulatability(data: Data = DATA, cache: Cache = CACHE, count: int = 150) -> None:
    """Predict the probe from a hover's summary alone."""
    from benchmarks.explanations import simulatability

    simulatability.measure(data, cache, count)


@app.command()
def noise(
    *,
    data: Data = DATA,
    cache: Cache = CACHE,
    count: int = 12,
    repetitions: int = 30,
    training: int = 600,
    rewrites: int = 8,
) -> None:
    """Signal and noise over seeds, resampled problems and harmless rewrites."""
    from benchmarks.explanations import noise

    noise.measure(data, cache, count, repetitions=repetitions, training=training, rewrites=rewrites)


@app.command()
def comparison(
    data: Data = DATA,
    cache: Cache = CACHE,
    count: int = 12,
    repetitions: int = 30,
    training: int = 600,
) -> None:
    """Compare with simple models' explanations; draw docs/img/snr.svg and words.svg."""
    from benchmarks.explanations import comparison

    comparison.measure(data, cache, count, repetitions, training)


@app.command()
def statistics(data: Data = DATA, cache: Cache = CACHE, count: int = 60, tokens: int = 40) -> None:
    """Entropy of rationales with its control; categories that differ between two sets."""
    from benchmarks.explanations import statistics

    statistics.measure(data, cache, count, tokens)


app()
