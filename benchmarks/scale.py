"""How fast corpora are read, and how that grows with workers: ``python -m benchmarks.scale``.

Files of the standard library, scored by one thread in one process, by one Ray worker and by two.
Every figure is from the first partition's beginning to the last one's end: starting Ray and loading
the model are paid once, whatever the size of the corpus. Rounds alternate, so that a drifting
machine drifts under all of them.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sysconfig
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer
from rich.console import Console

from benchmarks.report import write
from linewise.commands.choices import Engine
from linewise.commands.corpus import Run, scan_corpora
from linewise.commands.scanning import Options
from linewise.settings import DEFAULT_MODEL
from linewise.workspace.corpus.partition import Outcome
from linewise.workspace.scan.choice import Choice
from linewise.workspace.scan.pacing import Budget
from linewise.workspace.scan.walk import Globs

ENGINES = {
    "this process": (Engine.LOCAL, None),
    "Ray, 1 worker": (Engine.RAY, 1),
    "Ray, 2 workers": (Engine.RAY, 2),
}
BUDGET = "two workers >= 1.6 × one"
_SIZES = range(2_000, 40_000)
_PARTITION_FILES = 2
console = Console(stderr=True)


def main(
    *,
    files: Annotated[int, typer.Option(help="How many files are read.")] = 24,
    rounds: Annotated[int, typer.Option(help="How often each engine reads them.")] = 3,
    price: Annotated[float, typer.Option(help="Assumed for the cost: of a core-hour.")] = 0.05,
    currency: Annotated[str, typer.Option(help="What the price is in.")] = "USD",
) -> None:
    """Measure, and write benchmarks/results/scale.json."""
    os.environ["LINEWISE_THREADS"] = "1"
    with TemporaryDirectory() as folder:
        corpus = Path(folder, "corpus")
        _copy(corpus, files)
        speeds: dict[str, list[float]] = {name: [] for name in ENGINES}
        for number in range(rounds):
            for name in ENGINES:
                found = _run(corpus, Path(folder, f"{number} {name}"), name)
                speeds[name].append(_speed(found))
                console.print(number, name, round(speeds[name][-1]))
        explained = _run(corpus, Path(folder, "rationales"), "this process", Choice())
    write(
        "scale",
        "python -m benchmarks.scale",
        _figures(found, speeds, _speed(explained))
        | {"price_per_core_hour": price, "currency": currency},
    )


def _figures(
    found: list[Outcome], speeds: dict[str, list[float]], explained: float
) -> dict[str, Any]:
    lines, tokens = (sum(getattr(each, name) for each in found) for name in ("lines", "tokens"))
    ratios = [
        two / one
        for one, two in zip(speeds["Ray, 1 worker"], speeds["Ray, 2 workers"], strict=True)
    ]
    return {
        "budget": BUDGET,
        "threads_per_worker": 1,
        "files": sum(each.files for each in found),
        "lines": lines,
        "tokens": tokens,
        "tokens_per_line": round(tokens / lines, 2),
        "tokens_per_second": {name: _spread(each) for name, each in speeds.items()},
        "two workers / one": [round(each(ratios), 3) for each in (median, min, max)],
        "tokens_per_second_with_edit_rationales": round(explained, 1),
    }


def _copy(corpus: Path, files: int) -> None:
    root = Path(sysconfig.get_path("stdlib"))
    fitting = [path for path in root.glob("*.py") if path.stat().st_size in _SIZES]
    corpus.mkdir()
    for path in sorted(fitting, key=lambda each: hashlib.sha256(each.name.encode()).digest())[
        :files
    ]:
        shutil.copy(path, corpus)


def _run(corpus: Path, out: Path, name: str, choice: Choice | None = None) -> list[Outcome]:
    engine, workers = ENGINES[name]
    found: list[Outcome] = []
    options = Options(
        model=DEFAULT_MODEL,
        choice=choice,
        globs=Globs(),
        given={},
        budget=Budget(),
    )
    run = Run(out, engine, workers=workers, files=_PARTITION_FILES)
    scan_corpora([corpus], options, run, console.print, lambda _: partial(found.append))
    return found


def _speed(found: list[Outcome]) -> float:
    """Return tokens a second from the first partition's beginning to the last one's end."""
    seconds = max(each.ended for each in found) - min(each.began for each in found)
    return sum(each.tokens for each in found) / seconds


def _spread(values: list[float]) -> list[float]:
    return [round(each(values), 1) for each in (median, min, max)]


if __name__ == "__main__":
    typer.run(main)
