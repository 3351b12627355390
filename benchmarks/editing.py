"""What a user feels while typing: hovers beside a long scoring, and how soon an edit shows.

And how much is underlined: the flagged share of a sample of the standard library.
"""

from __future__ import annotations

import asyncio
import sysconfig
import time
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import numpy as np
from lsprotocol import types

from benchmarks.measure import seconds
from benchmarks.scoring import floor, inputs_of
from benchmarks.serving import Client, row, start, stop
from linewise.analysis.findings import select_findings
from linewise.engine import Engine
from linewise.settings import DEFAULT_MODEL, Settings

STDLIB = Path(sysconfig.get_path("stdlib"))
DEBOUNCE = Settings().debounce / 1000
EDITS = 11
LONG = 5_000
HOVERS = 300
FLOORS = 5
SAMPLE, LONGEST = 40, 1_000


def measure() -> dict[str, Any]:
    """Return the figures of typing, and the flagged share."""
    hovers, edits = asyncio.run(_measure())
    engine = Engine.load(DEFAULT_MODEL)
    waits = [
        (taken - DEBOUNCE) / _floor_of_unit(engine, line)
        for line, taken in zip(_edited_lines(), edits, strict=True)
    ]
    flagged, kept, code, files = _flagged(engine)
    return {
        "hover while 5,000 lines are scored, 99th percentile": {
            **row(1000 * quantiles(hovers, n=100)[98], "ms", "<= 50"),
            "hovers": len(hovers),
        },
        "last keystroke to diagnostics less the debounce / floor of the unit": {
            **row(median(waits), "×", "<= 1.5"),
            "most": round(max(waits), 3),
            "units": len(waits),
            "seconds": round(median(edits), 3),
        },
        "flagged of 100 code lines of the standard library": {
            **row(100 * kept / code, "lines", "<= 5"),
            "without the cap for a file": round(100 * flagged / code, 3),
            "code lines": code,
            "files": files,
        },
    }


async def _measure() -> tuple[list[float], list[float]]:
    client, _, _ = await start(Client({}))
    edits = await _edits(client)
    await stop(client)
    client, _, _ = await start(Client())
    hovers = await _hovers(client)
    await stop(client)
    return hovers, edits


async def _hovers(client: Client) -> list[float]:
    """Hover a scored file, again and again, while a long one is scored."""
    scored = client.open(STDLIB / "textwrap.py")
    report = await client.text_document_diagnostic_async(types.DocumentDiagnosticParams(scored))
    assert isinstance(report, types.RelatedFullDocumentDiagnosticReport)
    client.busy.clear()
    long = client.open_text("file:///long.py", _long_file())
    scoring = client.protocol.send_request(
        types.TEXT_DOCUMENT_DIAGNOSTIC, types.DocumentDiagnosticParams(long), msg_id="long"
    )
    await asyncio.wait_for(client.busy.wait(), 30)
    times = []
    for turn in range(HOVERS):
        place = report.items[turn % len(report.items)].range.start
        begin = time.perf_counter()
        answer = await client.text_document_hover_async(types.HoverParams(scored, place))
        times.append(time.perf_counter() - begin)
        assert answer is not None
        assert not scoring.done(), "the long file is too short"
        await asyncio.sleep(0.02)
    client.cancel_request(types.CancelParams(id="long"))
    await asyncio.gather(asyncio.wrap_future(scoring), return_exceptions=True)
    return times


async def _edits(client: Client) -> list[float]:
    """Edit a line in each of some units of a file of 1,000 lines, and pull as editors do."""
    document = client.open_text("file:///edited.py", _edited_file())
    params = types.DocumentDiagnosticParams(document)
    await client.text_document_diagnostic_async(params)
    times = []
    for version, line in enumerate(_edited_lines(), start=2):
        begin = time.perf_counter()
        client.change(document, _with_edit(line), version)
        await client.text_document_diagnostic_async(params)
        times.append(time.perf_counter() - begin)
    return times


def _floor_of_unit(engine: Engine, line: int) -> float:
    """Return the median seconds of a bare pass over the unit that an edited line is in.

    Each after as long a pause as the debounce: the pass that it stands beside has one too, and a
    processor that rested is not as fast as one that repeats itself.
    """
    edited = inputs_of(_with_edit(line), engine.model)
    unit = [each for each in edited if each.unit.first_line <= line <= each.unit.last_line]
    floor(unit, engine.model)

    def rested() -> float:
        time.sleep(DEBOUNCE)
        return seconds(lambda: floor(unit, engine.model))

    return median(rested() for _ in range(FLOORS))


def _edited_file() -> str:
    return "\n".join((STDLIB / "argparse.py").read_text("utf-8").split("\n")[:1_000])


def _edited_lines() -> list[int]:
    """Return lines to edit, spread over the file: each returns something from its function."""
    lines = _edited_file().split("\n")
    found = [number for number, line in enumerate(lines) if line.lstrip().startswith("return ")]
    return [found[at] for at in np.linspace(0, len(found) - 1, EDITS).astype(int)]


def _with_edit(line: int) -> str:
    lines = _edited_file().split("\n")
    lines[line] += " or None"
    return "\n".join(lines)


def _long_file() -> str:
    lines: list[str] = []
    for path in _modules():
        lines += path.read_text("utf-8").split("\n")
    return "\n".join(lines[:LONG])


def _modules() -> list[Path]:
    return sorted(STDLIB.glob("*.py"))


def _flagged(engine: Engine) -> tuple[int, int, int, int]:
    """Return the flagged lines of a sample without and with the cap, its code lines and files."""
    short = [path for path in _modules() if path.read_text("utf-8").count("\n") < LONGEST]
    chosen = [short[at] for at in np.linspace(0, len(short) - 1, SAMPLE).astype(int)]
    flagged = kept = code = 0
    settings, threshold = Settings(), engine.manifest.calibration.threshold
    for path in chosen:
        scored = engine.score(path.read_text("utf-8"))
        found = select_findings(scored.table, scored.lines, settings, threshold)
        kept += len(found.findings)
        flagged += len(found.findings) + found.hidden
        code += len(scored.lines)
    return flagged, kept, code, len(chosen)
