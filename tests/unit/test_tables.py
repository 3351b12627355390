"""The figures in README and docs are those of the committed results."""

import subprocess
import sys
from pathlib import Path

from benchmarks.tables import adapted, line_models

ROOT = Path(__file__).parents[2]


def test_every_table_is_made_from_the_committed_results():
    result = subprocess.run(
        [sys.executable, "-m", "benchmarks.tables", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (result.returncode, result.stdout) == (0, "every table is up to date\n"), result.stderr


RECORD = {"date": "2026-11-28", "command": "c", "machine": {"cores": 2, "processor": "P"}}
FIGURES = {"bss": [0.05, 0.01, 0.09], "ece": [0.01, 0.0, 0.02], "auc": [0.7, 0.6, 0.8]}


def test_what_was_adapted_is_named():
    figures = {
        "adaptation": {"blocks": 5, "rank": 8},
        "layer": 15,
        "documents": 1200,
        "problems": 90,
        "injected": 0,
        "lines": 3456,
        "trained_parameters": 5000,
        "steps": 40,
        "epochs": 0.5,
        "seconds": 600,
        "device": "cpu",
        **dict.fromkeys(("frozen", "adapted", "difference"), FIGURES),
    }
    found = adapted({**RECORD, "figures": figures})
    assert "adapters of rank 8 of blocks 11 to 15" in found
    assert "10 minutes on CPU" in found
    assert "| difference | .050 (.010 to .090) | .700 (.600 to .800) |" in found


def test_line_models_show_what_they_add():
    row = {**FIGURES, "gain": FIGURES}
    found = line_models({**RECORD, "figures": {"line models": {"m": row}}})
    assert "| m | .050 (.010 to .090) | .700 (.600 to .800) | .050 (.010 to .090) |" in found
