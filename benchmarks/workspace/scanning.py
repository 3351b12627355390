"""What scans cost: against the floor of the model, where nothing changed, and in memory."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
from itertools import count
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.measure import compare, seconds
from benchmarks.workspace.sample import Sample, linewise
from linewise.analysis.code_lines import code_lines
from linewise.analysis.model_input import ModelInput, document_inputs
from linewise.analysis.syntax import parse
from linewise.commands.scanning import Options, load_instruments, opened_scan, run
from linewise.engine import Engine
from linewise.settings import DEFAULT_MODEL
from linewise.workspace.scan.pacing import Budget
from linewise.workspace.scan.scan import Instruments, Scan
from linewise.workspace.scan.walk import Globs

FLOOR_PACKAGE = "logging"
PAIRS = 3
UNCHANGED_PACKAGE = "json"
UNCHANGED_FILES = 1_000
TIMES = 5
MEMORY_FILES = (100, 400, 1_600)


def measure(sample: Sample) -> dict[str, Any]:
    """Return the rows of scans; states of workspaces are kept where the sample's are."""
    folder = sample.root.parent / "scans"
    floor = _over_floor(sample.root / FLOOR_PACKAGE, folder)
    unchanged = _unchanged(sample.root / UNCHANGED_PACKAGE, folder)
    memory = {files: _peak_memory(folder, files) for files in MEMORY_FILES}
    least, most = memory[MEMORY_FILES[0]], memory[MEMORY_FILES[-1]]
    return {
        "rows": {
            "scan, tokens a second / floor": {
                "value": floor["ratio"],
                "unit": "×",
                "budget": ">= 0.9",
            },
            f"scan of {UNCHANGED_FILES:,} unchanged files, with the start of the process": {
                "value": round(median(unchanged), 2),
                "unit": "s",
                "budget": "<= 2 s",
            },
            f"peak memory, {MEMORY_FILES[-1]:,} files / {MEMORY_FILES[0]} files": {
                "value": round(most / least, 3),
                "unit": "×",
                "budget": "independent of the number of files",
            },
        },
        "floor": floor,
        "unchanged seconds": [round(each, 3) for each in unchanged],
        "peak MiB by files": {str(files): round(each, 1) for files, each in memory.items()},
    }


def _over_floor(package: Path, folder: Path) -> dict[str, Any]:
    """Scan without rationales, into a new store each time, and run the graph over its inputs."""
    loaded = load_instruments(DEFAULT_MODEL, None)
    engine, model = loaded.engine, loaded.tokenizer
    assert engine is not None
    root = Path(shutil.copytree(package, folder / "floor"))
    inputs = [each for path in sorted(root.rglob("*.py")) for each in _inputs(path, model)]
    session = model._trunk  # type: ignore[attr-defined]
    done: list[Scan] = []

    def scan(number: int) -> None:
        os.environ["LINEWISE_STATE_DIR"] = str(folder / f"state{number}")
        options = Options(DEFAULT_MODEL, None, Globs(), {}, Budget())
        with opened_scan(root, options, print) as running:
            # A new engine each time: nothing is cached.
            made = Instruments(model, Engine(engine.model, engine.probe))
            running._load = lambda: made
            run(running, options.budget, lambda *_: None)
            done.append(running)

    def floor() -> None:
        import numpy as np

        for each in inputs:
            positions = np.arange(len(each.ids))[None]
            session.run(None, {"input_ids": each.ids[None], "position_ids": positions})

    before, numbers = os.environ["LINEWISE_STATE_DIR"], count()
    try:
        ratio = compare(lambda: scan(next(numbers)), floor, pairs=PAIRS)
    finally:
        os.environ["LINEWISE_STATE_DIR"] = before
    tokens = sum(len(each.ids) for each in inputs)
    read = done[-1].progress.tokens_read
    # Equal units are read once by a scan, and each time by the floor.
    shares = [read / tokens / each for each in (ratio.ratio, ratio.low, ratio.high)]
    return {
        "package": package.name,
        "tokens": read,
        "ratio": round(shares[0], 4),
        "low": round(shares[2], 4),
        "high": round(shares[1], 4),
        "tokens a second": round(read / ratio.a_seconds),
        "floor, tokens a second": round(tokens / ratio.b_seconds),
        "pairs": PAIRS,
    }


def _inputs(path: Path, model: Any) -> list[ModelInput]:
    syntax = parse(path.read_text("utf-8"))
    return document_inputs(syntax, code_lines(syntax), model)


def _unchanged(package: Path, folder: Path) -> list[float]:
    """Scan a package's files under a thousand names, and then again."""
    root, files = folder / "unchanged", sorted(package.rglob("*.py"))
    for number in range(UNCHANGED_FILES):
        path = root / f"part{number // 50}" / f"file{number}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(files[number % len(files)], path)
        os.utime(path, (1_700_000_000, 1_700_000_000))
    linewise("scan", root)
    # What was written just now is read once more, as it might be written again.
    linewise("scan", root)
    return [seconds(lambda: linewise("scan", root)) for _ in range(TIMES)]


def _peak_memory(folder: Path, files: int) -> float:
    """Return the most memory, in MiB, that a process takes to scan so many files it never saw."""
    root = folder / f"memory{files}"
    root.mkdir()
    for number in range(files):
        text = f"def function{number}(value):\n    total = value + {number}\n    return total\n"
        (root / f"file{number}.py").write_text(text, "utf-8")
    with get_context("spawn").Pool(1) as pool:
        return pool.apply(_peak, (root,))


def _peak(root: Path) -> float:
    command = [sys.executable, "-m", "linewise", "scan", str(root)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    used = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return used / (1 << 20 if sys.platform == "darwin" else 1 << 10)
