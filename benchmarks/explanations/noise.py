"""How much of an explanation is signal and how much is luck: seeds, problems, wording.

Definitions: `linewise.rationale.noise.snr`. The unit of repetition is a head trained anew, or a
harmless rewrite of the code explained by the shipped one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from rich.progress import track

from benchmarks.explanations.heads import Luck, Trained, TrainingPrograms, recipe_of, trained
from benchmarks.explanations.repeated import Explained, by_heads, explained_lines, total
from benchmarks.explanations.subject import Subject, quartiles, rounded, triple, weigh_line
from benchmarks.report import write
from linewise.rationale.explain_text import ExplainedText
from linewise.rationale.line_input import line_inputs
from linewise.rationale.noise.reformatting import random_style, reformat
from linewise.rationale.noise.renaming import rename_locals
from linewise.rationale.noise.rewrites import GONE, Rewrite, RewriteError
from linewise.rationale.noise.snr import (
    by_class,
    normalised,
    rank_snr,
    signal_noise,
    trace_ratio,
    with_interval,
)
from linewise.rationale.taxonomy.categories import categorize

Floats = npt.NDArray[np.float64]

REWRITES = "harmless rewrites"
LEAST_REWRITES = 5
LEAST_TOKENS = 20
"""A category with fewer tokens over all lines has no figure of its own."""


def measure(
    data: Path, cache: Path, count: int, *, repetitions: int, training: int, rewrites: int
) -> None:
    """Write noise.json."""
    subject = Subject.load(cache)
    lines = list(explained_lines(subject, data, count))
    found = TrainingPrograms.read(data, training, training // 5)
    figures: dict[str, Any] = {
        "model": subject.model.target.name,
        "probe": subject.probe.manifest.identity,
        "lines": len(lines),
        "training programs": len(found.train),
        "recipe": recipe_of(subject).head,
        "sources": {},
    }
    for luck in Luck:
        heads = trained(subject, found, cache, luck, repetitions)
        explanations = [
            by_heads(subject, line, heads) for line in track(lines, f"explanations, {luck}")
        ]
        figures["sources"][str(luck)] = _by_training(lines, explanations, heads)
    figures["sources"][REWRITES] = _by_rewriting(subject, lines, rewrites)
    write("noise", "python -m benchmarks.explanations noise", figures)


def _by_training(
    lines: Sequence[Explained], explanations: Sequence[Floats], heads: Trained
) -> dict[str, Any]:
    tokens = [normalised(each) for each in explanations]
    categories = [
        _present(total(each, line.categories, len(line.labels)))
        for line, each in zip(lines, explanations, strict=True)
    ]
    of_lines = [
        _present(total(each, *_numbered(line.lines)))
        for line, each in zip(lines, explanations, strict=True)
    ]
    return {
        "repetitions": len(heads.heads),
        "auc": [round(float(value), 4) for value in (np.mean(heads.auc), np.std(heads.auc))],
        "token": _over(tokens),
        "category": _over(categories),
        "line": _over(of_lines),
        "all categories of all lines": _multivariate(
            [
                total(each, line.categories, len(line.labels))
                for line, each in zip(lines, explanations, strict=True)
            ]
        ),
        "by category": _by_category(lines, tokens),
    }


def _by_rewriting(subject: Subject, lines: Sequence[Explained], count: int) -> dict[str, Any]:
    """Repeat each line's explanation over rewrites of its program, by category and by line."""
    categories, of_lines, every, repetitions = [], [], [], []
    for line in track(lines, REWRITES):
        found = _rewritten(subject, line, count)
        if len(found["categories"]) < LEAST_REWRITES:
            continue
        by_category = np.array(found["categories"])
        repetitions.append(len(by_category))
        categories.append(_present(by_category))
        of_lines.append(_present(np.array(found["lines"])))
        every.append(by_category[:LEAST_REWRITES])
    return {
        "repetitions": quartiles(np.array(repetitions, float)),
        "category": _over(categories),
        "line": _over(of_lines),
        "all categories of all lines": _multivariate(every),
    }


def _rewritten(subject: Subject, line: Explained, count: int) -> dict[str, Any]:
    """Return weights by category (R, K) and by line (R, n) of the text as it was."""
    text, number = line.unit.text, line.input.line

    def make() -> dict[str, Any]:
        whole = Rewrite(text.text, tuple(range(len(text.syntax.lines))))
        found: dict[str, Any] = {"categories": [], "lines": []}
        for rewrite in (whole, *_rewrites(text.text, count)):
            if rewrite.lines[number] == GONE:
                continue
            again = ExplainedText(rewrite.text)
            read = line_inputs(again, rewrite.lines[number], subject.model.target)[0]
            weights = np.nan_to_num(weigh_line(subject.risk(read), read, "knockout"))
            level = categorize(again.document, read.starts, read.ends)["category"]
            found["categories"].append((weights @ level.members).round(5).tolist())
            here = total(weights, read.lines, len(again.syntax.lines))
            found["lines"].append(np.nan_to_num(rewrite.back(here)).round(5).tolist())
        return found

    return subject.kept(f"rewritten {count} {line.unit.name}:{number}", make)


def _rewrites(text: str, count: int) -> list[Rewrite]:
    """Return ``count`` rewrites by turns, fewer where they cannot be proved or change nothing."""
    found = []
    for seed in range(count):
        try:
            made = (
                reformat(text, random_style(seed)) if seed % 2 else rename_locals(text, seed=seed)
            )
        except RewriteError:
            continue
        if made.text != text:
            found.append(made)
    return found


def _over(explanations: Sequence[Floats]) -> dict[str, Any]:
    """Return quartiles over lines of what each line's repetitions (S, n) say."""
    several = [each for each in explanations if each.shape[1] > 1]
    found = [signal_noise(each) for each in several]
    snr = np.array([each.snr for each in found])
    return {
        "lines": len(several),
        "snr": quartiles(snr),
        "rank snr": quartiles([_finite(rank_snr, each) for each in several]),
        "reliability": quartiles([each.reliability for each in found]),
        "more signal than noise": round(float((snr > 1).mean()), 4),
        "each": [rounded(value) for value in snr],
    }


def _multivariate(by_category: Sequence[Floats]) -> dict[str, Any]:
    """Return the trace ratio of the lines' category vectors (S, K), each normalised."""
    e = np.stack([normalised(each) for each in by_category], axis=1)
    found = trace_ratio(e)
    return {
        "snr": triple(with_interval(lambda some: trace_ratio(some).snr, e)),
        "reliability": rounded(found.reliability),
        "reliability of the mean": rounded(found.reliability_of_mean),
    }


def _by_category(lines: Sequence[Explained], tokens: Sequence[Floats]) -> dict[str, Any]:
    """Return signal and noise among all tokens of each category."""
    labels = lines[0].labels
    of = np.concatenate([line.categories for line in lines])
    parts = by_class(np.concatenate(tokens, axis=1), of, len(labels))
    found = {
        label: {
            "tokens": int((of == number).sum()),
            "signal": float(f"{part.signal:.3g}"),
            "noise": float(f"{part.noise:.3g}"),
            "snr": round(part.snr, 4),
        }
        for number, (label, part) in enumerate(zip(labels, parts, strict=True))
        if part is not None and (of == number).sum() >= LEAST_TOKENS and np.isfinite(part.snr)
    }
    return dict(sorted(found.items(), key=lambda item: -item[1]["snr"]))


def _numbered(classes: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], int]:
    values, numbers = np.unique(classes, return_inverse=True)
    return numbers, len(values)


def _present(weights: Floats) -> Floats:
    """Return weights (S, n) of the features that ever weigh anything, normalised."""
    return normalised(weights[:, np.abs(weights).any(axis=0)])


def _finite(ratio: Callable[[Floats], float], e: Floats) -> float:
    value = ratio(e)
    return value if np.isfinite(value) else np.nan
