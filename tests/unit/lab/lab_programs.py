"""Made-up programs and predictions for the laboratory's tests."""

import gzip
import json

import numpy as np

from linewise.lab.data import Document, Program
from linewise.lab.predictions import Level, Predictions

RIGHT = """\
def total(items):
    result = 0
    for item in items:
        result += item
    return result
"""
WRONG = RIGHT.replace("+=", "-=")


def program(number, **changes):
    wrong = number % 2 == 0
    values = {
        "sample_id": f"s{number}",
        "task_id": f"T/{number // 4}",
        "dataset": "AB"[number % 3 == 0],
        "generator": ("gpt-4", "starcoder")[number % 5 == 0],
        "fold": number // 4 % 8,
        "text": (WRONG if wrong else RIGHT).replace("total", f"total{number}"),
        "repaired": RIGHT,
        "passing": not wrong,
        "edited": frozenset({3}) if wrong else frozenset(),
        "intent": "Add up the items.",
        "entry_point": f"total{number}",
    }
    return Program(**{**values, **changes})


def document(number, **changes):
    made = program(number, **changes)
    return Document(made, made.text, made.edited, ())


def predictions(
    seed=0, n=400, *, method="m", split="by problem", noise=1.0, shift=0.0, domain=None, source="A"
):
    """Lines whose logit is informative, of 40 documents of 20 problems."""
    truth, generator = np.random.default_rng(7), np.random.default_rng(seed)
    z = truth.normal(-1.5, 1.5, n)
    label = truth.random(n) < 1 / (1 + np.exp(-z))
    logit = z + generator.normal(0, noise, n) + shift
    number = np.arange(n) * 40 // n
    return Predictions(
        method=method,
        split=split,
        intent="none",
        level=Level.LINE,
        label=label,
        p=1 / (1 + np.exp(-logit)),
        document=np.array([f"{source}{each}" for each in number]),
        position=np.arange(n),
        task=np.array([f"{source}/{each // 2}" for each in number]),
        source=np.full(n, source),
        generator=np.full(n, "gpt-4"),
        abstained=np.zeros(n, bool),
        logit=logit,
        domain=domain,
    )


def write_rows(path, rows):
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)
