"""The loop of both jobs: one result per program, remembered, and a table growing with them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from linewise.lab.journal import Journal
from linewise.lab.patches.rows import with_tests
from linewise.lab.patches.tasks import taking_turns
from linewise.lab.table import write_table

_SAVE_SECONDS = 120.0
_TELL_EVERY = 20

Row = dict[str, Any]
Key = Callable[[Row, Row], str]
Make = Callable[[Row, Row], Row]


def harvest(
    programs: Mapping[str, list[Row]],
    problems: Mapping[str, Row],
    target: Path,
    *,
    key: Key,
    make: Make,
    seconds: float,
    tell: Callable[[int], None],
) -> Iterator[Row]:
    """Yield the result of every program, tasks taking turns, until ``seconds`` are over.

    ``make`` gets a program's row and its problem's, and returns a result with ``rows``; what the
    journal beside ``target`` already holds under ``key`` is not made again. ``target``, a parquet
    file, is written anew every two minutes, so that it can be read while the job goes on, and at
    the end. ``tell`` hears the number of programs done before some of those that are made.
    """
    started = saved = time.monotonic()
    journal = Journal(target.parent / "journal.jsonl")
    keys: list[str] = []
    try:
        for done, sample in enumerate(taking_turns(programs)):
            if time.monotonic() - started > seconds:
                break
            problem = problems[sample["task_id"]]
            name = key(sample, problem)
            if (result := journal.get(name)) is None:
                if done % _TELL_EVERY == 0:
                    tell(done)
                result = make(sample, problem)
                journal.put(name, result)
            keys.append(name)
            yield result
            if time.monotonic() - saved > _SAVE_SECONDS:
                write_table(target, with_tests(journal.rows(keys), problems))
                saved = time.monotonic()
        write_table(target, with_tests(journal.rows(keys), problems))
    finally:
        journal.close()
