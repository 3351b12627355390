"""``python -m benchmarks.fuzz --inputs 100000``: the result goes to benchmarks/results/fuzz.json.

Of ten inputs six are texts, three are texts with edits, and one is a file of a repository with its
last commit. The same seed gives the same inputs.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from benchmarks.fuzz.run import fuzz
from linewise.lab.record import write_record

RESULT = Path(__file__).parents[1] / "results" / "fuzz.json"


def main() -> int:
    """Fuzz and write the result; return 1 if there are faults."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    outcome = fuzz(asked.inputs, asked.seed, lambda text: print(text, file=sys.stderr, flush=True))
    write_record(
        RESULT,
        f"python -m benchmarks.fuzz --inputs {asked.inputs} --seed {asked.seed}",
        outcome.figures,
    )
    return int(bool(outcome.faults))


if __name__ == "__main__":
    sys.exit(main())
