"""Scores of past lines, each computed once: cached by content, model and probe.

A run that was interrupted goes on where it stopped, and the next calibration pays only for the
commits that came since.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from linewise.analysis.problems.find import NO_NAMES
from linewise.workspace.churn import FEATURES
from linewise.workspace.fit import Data
from linewise.workspace.odds import log_odds
from linewise.workspace.sampling import Sampled

if TYPE_CHECKING:
    from linewise.engine import Engine

_SCHEMA = "CREATE TABLE IF NOT EXISTS scores (key TEXT PRIMARY KEY, lines TEXT NOT NULL)"


def score(
    engine: Engine,
    sampled: Sequence[Sampled],
    cache: Path,
    *,
    names: frozenset[str] = NO_NAMES,
    progress: Callable[[int, int], None] = lambda _done, _of: None,
) -> Data:
    """Score the sampled lines as the product does and return them for fitting, in order.

    ``cache`` is an SQLite file; its folder must exist. ``names`` are defined for every file.
    ``progress`` hears (units, of).
    """
    rows: list[tuple[float, bool, str, int, tuple[float, ...]]] = []
    with closing(sqlite3.connect(cache, timeout=60)) as store:
        store.execute("PRAGMA journal_mode=WAL")
        store.execute(_SCHEMA)
        for done, each in enumerate(sampled):
            progress(done, len(sampled))
            known = _unit_scores(engine, each, store, names)
            rows.extend(
                (
                    known[example.line],
                    example.changed,
                    example.commit,
                    example.time,
                    example.context,
                )
                for example in each.examples
                if example.line in known
            )
    progress(len(sampled), len(sampled))
    evidence, changed, commits, times, contexts = zip(*rows, strict=True) if rows else [()] * 5
    return Data(
        evidence=np.array(evidence, np.float64),
        context=np.array(contexts, np.float64).reshape(len(rows), len(FEATURES)),
        changed=np.array(changed, bool),
        commit=np.array(commits, str),
        time=np.array(times, np.int64),
    )


def _unit_scores(
    engine: Engine, each: Sampled, store: sqlite3.Connection, names: frozenset[str]
) -> dict[int, float]:
    """Return the log-odds, as shipped, of all code lines of a unit by line."""
    first, last = each.unit.first_line, each.unit.last_line
    key = f"{engine.manifest.identity}:{each.blob}:{first}"
    if names:
        key += ":" + " ".join(sorted(names))
    if (row := store.execute("SELECT lines FROM scores WHERE key = ?", (key,)).fetchone()) is None:
        scored = engine.score(each.text, names=names, only=range(first, last + 1))
        odds = log_odds(np.array([line.probability for line in scored.lines]))
        lines = {line.line: round(float(z), 5) for line, z in zip(scored.lines, odds, strict=True)}
        with store:
            store.execute("INSERT OR REPLACE INTO scores VALUES (?, ?)", (key, json.dumps(lines)))
        return lines
    return {int(line): float(z) for line, z in json.loads(row[0]).items()}
