"""Signal and noise of simple models' explanations beside the probe's, on the same texts.

Bogaert and Standaert (arXiv 2403.10275) found that models on features give explanations with more
signal and less noise than transformers. Here the simple models know a line by its facts
(`linewise.analysis.line_facts`), the probe by a transformer's activations; all are trained on the
same programs, again and again, and explained on the same lines by what a word's absence does:
the simple models lose it from the text, the probe's line cannot see it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from attrs import frozen
from rich.progress import track
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks.explanations import plots
from benchmarks.explanations.heads import Luck, TrainingPrograms, trained
from benchmarks.explanations.repeated import Explained, by_heads, explained_lines
from benchmarks.explanations.subject import Subject, quartiles
from benchmarks.report import write
from linewise.analysis.code_lines import code_lines
from linewise.analysis.line_facts import line_facts
from linewise.analysis.syntax import parse
from linewise.lab.data import Document
from linewise.lab.training.line_model import small_trees
from linewise.rationale.noise.snr import normalised, rank_snr, signal_noise

PROBE, LINEAR, TREES = "probe on activations", "logistic regression on facts", "trees on facts"
LEAST_WORDS = 3
_WORD = re.compile(r"\w+|[^\w\s]")

Floats = npt.NDArray[np.float64]
Float32s = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]


@frozen(eq=False)
class Words:
    """The words of the text before a line's end: their spans and which tokens are theirs.

    ``facts`` (1 + n, F) are those of the line as it is and without each of the n words; rows of
    nan where the line is no code any more. ``owner`` (T,) is each token's word, -1 for none.
    """

    texts: tuple[str, ...]
    facts: Float32s
    owner: Ints


def measure(data: Path, cache: Path, count: int, repetitions: int, training: int) -> None:
    """Write snr.json and draw docs/img/snr.svg and docs/img/words.svg."""
    subject = Subject.load(cache)
    lines = list(explained_lines(subject, data, count))
    words = [_words(line) for line in track(lines, "words")]
    found = TrainingPrograms.read(data, training, training // 5)
    table = _facts(found.train)
    held_out = _facts(found.test)
    rows: dict[str, Any] = {}
    explanations: dict[tuple[str, str], list[Floats]] = {}
    for luck in Luck:
        heads = trained(subject, found, cache, luck, repetitions)
        by_tokens = [by_heads(subject, line, heads) for line in track(lines, f"{PROBE}, {luck}")]
        explanations[PROBE, luck] = [
            _by_word(each, some) for each, some in zip(by_tokens, words, strict=True)
        ]
        rows.setdefault(str(luck), {})[PROBE] = {"auc": _spread(heads.auc)}
        draws = [found.draw(luck, number) for number in range(repetitions)]
        for name in MODELS:
            if luck is Luck.SEEDS and name == LINEAR:
                continue  # its optimum is unique: there is no luck in it
            auc, explained = _simple(name, luck, draws, table=table, held_out=held_out, words=words)
            explanations[name, luck] = explained
            rows[luck][name] = {"auc": _spread(auc)}
    for (name, luck), explained in explanations.items():
        rows[luck][name] |= _figures(explained)
    figures = {
        "model": subject.model.target.name,
        "probe": subject.probe.manifest.identity,
        "lines": len(lines),
        "words": sum(len(each.texts) for each in words),
        "training programs": len(found.train),
        "repetitions": repetitions,
        "models": rows,
    }
    write("snr", "python -m benchmarks.explanations comparison", figures)
    plots.snr({key: [_snr(e) for e in each] for key, each in explanations.items()})
    shown = _typical(explanations[PROBE, Luck.RESAMPLES])
    plots.words(
        words[shown].texts,
        {name: explanations[name, Luck.RESAMPLES][shown] for name in (LINEAR, TREES, PROBE)},
        lines[shown].unit.name,
    )


@frozen(eq=False)
class _Table:
    facts: Float32s
    labels: npt.NDArray[np.bool_]
    document: Ints


def _facts(docs: Sequence[Document]) -> _Table:
    """Return facts and labels of all code lines, with the document of each."""
    facts, labels, document = [], [], []
    for number, doc in enumerate(docs):
        syntax = parse(doc.text)
        if code := code_lines(syntax):
            facts.append(line_facts(syntax, code))
            labels += [line in doc.edited for line in code]
            document += [number] * len(code)
    return _Table(np.concatenate(facts), np.array(labels), np.array(document))


def _words(line: Explained) -> Words:
    """Read the line's facts anew without each word that stands before its end."""
    read, text = line.input, line.unit.text.text
    starts, ends = read.starts[: read.end], read.ends[: read.end]
    spans = np.array([match.span() for match in _WORD.finditer(text)])
    shared = (starts[:, None] < spans[:, 1]) & (ends[:, None] > spans[:, 0])
    spans, shared = spans[shared.any(axis=0)], shared[:, shared.any(axis=0)]
    owner = np.where(shared.any(axis=1), shared.argmax(axis=1), -1)
    whole = _facts_of(text, read.line)
    without = [_facts_of(text[:start] + text[end:], read.line) for start, end in spans]
    return Words(tuple(text[a:b] for a, b in spans), np.stack([whole, *without]), owner)


def _facts_of(text: str, line: int) -> Float32s:
    syntax = parse(text)
    code = code_lines(syntax)
    if line not in code:
        return np.full(line_facts(syntax, code).shape[1], np.nan, np.float32)
    return line_facts(syntax, code)[list(code).index(line)]


def _by_word(tokens: Floats, words: Words) -> Floats:
    """Return the weights (S, n) of words: the sums of their tokens'."""
    return tokens @ (words.owner[:, None] == np.arange(len(words.texts))).astype(np.float64)


def _simple(
    name: str,
    luck: Luck,
    draws: Sequence[Ints],
    *,
    table: _Table,
    held_out: _Table,
    words: Sequence[Words],
) -> tuple[list[float], list[Floats]]:
    """Train a simple model on each draw of documents; return AUCs and the words' weights (S, n)."""
    auc, rows = [], []
    for number, documents in enumerate(track(draws, f"{name}, {luck}")):
        chosen = _lines_of(table, documents)
        model = MODELS[name](number if luck is Luck.SEEDS else 0)
        model.fit(table.facts[chosen], table.labels[chosen])
        auc.append(roc_auc_score(held_out.labels, model.decision_function(held_out.facts)))
        rows.append([_losses(model, each) for each in words])
    return auc, [np.stack(each) for each in zip(*rows, strict=True)]


def _losses(model: Any, words: Words) -> Floats:
    """Return what the logit loses without each word, (n,); 0 where no code is left to score."""
    known = np.isfinite(words.facts).all(axis=1)
    logits = np.full(len(words.facts), np.nan)
    logits[known] = model.decision_function(words.facts[known])
    return np.nan_to_num(logits[0] - logits[1:])


def _lines_of(table: _Table, documents: Ints) -> Ints:
    """Return the rows of documents, which may repeat."""
    bounds = np.searchsorted(table.document, [documents, documents + 1])
    return np.concatenate([np.arange(first, end) for first, end in bounds.T])


def _linear(_seed: int) -> Any:
    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))


MODELS: dict[str, Callable[[int], Any]] = {LINEAR: _linear, TREES: small_trees}


def _figures(explained: Sequence[Floats]) -> dict[str, Any]:
    some = [normalised(e) for e in explained if e.shape[1] >= LEAST_WORDS and e.any()]
    found = [signal_noise(e) for e in some]
    return {
        "lines": len(some),
        # By the size a word's weight would have if all weighed alike, so that lines compare.
        "signal": quartiles([s.signal * e.shape[1] ** 2 for s, e in zip(found, some, strict=True)]),
        "noise": quartiles([s.noise * e.shape[1] ** 2 for s, e in zip(found, some, strict=True)]),
        "snr": quartiles([each.snr for each in found]),
        "rank snr": quartiles([rank_snr(e) for e in some]),
        "reliability": quartiles([each.reliability for each in found]),
    }


def _snr(explained: Floats) -> float:
    return signal_noise(normalised(explained)).snr if explained.any() else float("nan")


def _typical(explained: Sequence[Floats]) -> int:
    """Return the line of the median SNR among the half with fewer words, which can be drawn."""
    short = np.argsort([each.shape[1] for each in explained])[: -(-len(explained) // 2)]
    values = [_snr(explained[n]) for n in short]
    return int(short[int(np.argsort(values)[len(values) // 2])])


def _spread(values: Sequence[float]) -> list[float]:
    return [round(float(np.mean(values)), 4), round(float(np.std(values)), 4)]
