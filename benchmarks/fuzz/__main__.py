"""``python -m benchmarks.fuzz --inputs 100000``: the result goes to benchmarks/results/fuzz.json.

Of ten inputs six are texts, three are texts with edits, and one is a file of a repository with its
last commit. The same seed and number of jobs give the same inputs.
"""

from __future__ import annotations

import argparse
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from benchmarks.fuzz.run import fuzz, together
from linewise.lab.record import write_record

RESULT = Path(__file__).parents[1] / "results" / "fuzz.json"


def main() -> int:
    """Fuzz and write the result; return 1 if there are faults."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    asked = parser.parse_args()
    each = -(-asked.inputs // asked.jobs)
    seeds = range(asked.seed * asked.jobs, (asked.seed + 1) * asked.jobs)
    with ProcessPoolExecutor(asked.jobs) as pool:
        outcome = together(pool.map(fuzz, [each] * asked.jobs, seeds, [_say] * asked.jobs))
    given = f"--inputs {asked.inputs} --seed {asked.seed} --jobs {asked.jobs}"
    write_record(RESULT, f"python -m benchmarks.fuzz {given}", outcome.figures)
    return int(bool(outcome.faults))


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
