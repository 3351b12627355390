"""Part-of-speech taggers on words of code: ``python -m benchmarks.part_of_speech``.

The sample, ``part_of_speech.tsv``, holds identifiers, comments and first sentences of docstrings,
drawn at random from eight repositories and labelled by hand, by one reader, before any tagger had
seen them. Of 172 drawn, 15 were left out: licence lines, directives to tools, much markup, words
run together (``getbool``), or labels the reader was unsure of; so the figures compare taggers
better than they tell how often one is right. HanTa, which Linewise does not depend on, has to be
installed for this (``pip install HanTa==1.2.1``). It is the more accurate, but its model is a
pickle, and it is slow beside everything else that is done to a token.

Beside it, what tagging costs next to scoring, with the default model's own tokens.
"""

from __future__ import annotations

import csv
import json
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable, Sequence
from importlib.metadata import distribution, version
from pathlib import Path
from typing import Any

import cattrs
import numpy as np
import psutil
from scipy.stats import bootstrap

from benchmarks.measure import compare
from benchmarks.report import write
from linewise.engine import Engine
from linewise.models.runtime import TargetModel
from linewise.probe.runtime import Probe
from linewise.probe.shipped import find_probe
from linewise.rationale.taxonomy.categories import categorize, read_text
from linewise.rationale.taxonomy.document import Document
from linewise.rationale.taxonomy.part_of_speech import pattern_tagger
from linewise.rationale.taxonomy.profiles import Profile, taxonomy
from linewise.rationale.taxonomy.words import words
from linewise.settings import DEFAULT_MODEL

SAMPLE = Path(__file__).with_name("part_of_speech.tsv")
SOURCES = {
    "psf/requests": "1f6589ec3a1ee910f9a65cc3ceac60b26677bc0e",
    "pallets/flask": "2ac89889f4cc330eabd50f295dcef02828522c69",
    "encode/httpx": "ae1b9f66238f75ced3ced5e4485408435de10768",
    "psf/black": "8947c48ef2077c3a301b03c1e814dc2e3f78436e",
    "pallets/click": "2c8cd3ac958a7eb316d67f2d316c27086c4c0369",
    "pytest-dev/pluggy": "e382e72789f8d791991c489d4322aa04e660b952",
    "scrapy/scrapy": "11079cb1c85b9e75a39a7269943c69d1a975d485",
    "astral-sh/ruff-vscode": "c536371199c0032e349f22069e55b80de1c1759e",
}
REPEATS = 20
WARM_UP = ["parser"]

# HanTa's tags are those of the British National Corpus (C5), not of the Penn Treebank.
C5 = {
    "nl_verb": "VB VD VH VV",
    "nl_noun": "NN NP ZZ UN",
    "nl_pronoun": "PN DP",
    "nl_adverb": "AV XX",
    "nl_particle": "AVP",
    "nl_adjective": "AJ OR",
    "nl_determiner": "AT DT",
    "nl_preposition": "PR TO CJS CJT",
    "nl_modal": "VM",
    "nl_conjunction": "CJC",
    "nl_cardinal": "CR",
}
_C5 = {start: category for category, starts in C5.items() for start in starts.split()}

SentenceTagger = Callable[[Sequence[str]], list[str]]
"""Maps the words of one piece to categories."""


def nouns() -> SentenceTagger:
    """Call every word a noun."""
    return lambda sentence: ["nl_noun"] * len(sentence)


def pattern() -> SentenceTagger:
    """Load what Linewise uses: TextBlob's lexicon and suffix rules, without importing TextBlob."""
    tag, category = pattern_tagger(), taxonomy(Profile.COMPLETE, "english").category
    return lambda sentence: [category.get(tag(word), "unknown") for word in sentence]


def textblob() -> SentenceTagger:
    """Load the same tagger as TextBlob offers it."""
    from textblob.en.taggers import PatternTagger

    tagger, category = PatternTagger(), taxonomy(Profile.COMPLETE, "english").category
    return lambda sentence: [
        category.get(tag, "unknown") for _, tag in tagger.tag(" ".join(sentence), tokenize=False)
    ]


def hanta() -> SentenceTagger:
    """Load HanTa's English model: a pickle, by its full path, since a name is looked up in the
    current folder first.
    """  # noqa: D205
    from HanTa.HanoverTagger import HanoverTagger

    model = distribution("HanTa").locate_file("HanTa/morphmodel_en.pgz")
    tagger = HanoverTagger(str(model))
    return lambda sentence: [_c5(tag) for _, _, tag in tagger.tag_sent(list(sentence))]


TAGGERS = {"every word a noun": nouns, "Pattern": pattern, "TextBlob": textblob, "HanTa": hanta}
PACKAGES = {"TextBlob": ["textblob", "nltk"], "Pattern": ["textblob", "nltk"], "HanTa": ["HanTa"]}


def main() -> None:
    """Measure every tagger and write benchmarks/results/part_of_speech.json."""
    if len(sys.argv) > 1:
        print(json.dumps(_cost(sys.argv[1])))
        return
    pieces, expected = _sample()
    hits = {
        name: [
            np.array([a == b for a, b in zip(tagger(piece), truth, strict=True)])
            for piece, truth in zip([piece for _, piece in pieces], expected, strict=True)
        ]
        for name, tagger in ((name, make()) for name, make in TAGGERS.items())
    }
    kinds = np.array([kind for kind, _ in pieces])
    figures = {
        "sample": {
            "pieces": len(pieces),
            "words": sum(map(len, expected)),
            **{kind: int((kinds == kind).sum()) for kind in dict.fromkeys(kinds.tolist())},
            "repositories": SOURCES,
        },
        "taggers": {name: _tagger(name, kinds, hits[name]) for name in TAGGERS},
        "HanTa less Pattern": _difference(hits["HanTa"], hits["Pattern"]),
        "chosen": "Pattern",
        "because": "HanTa's model is a pickle, which nothing here may load, and it is slower",
        "tagging": _tagging(),
    }
    write("part_of_speech", "python -m benchmarks.part_of_speech", figures)
    print(json.dumps(figures, indent=2))


def _sample() -> tuple[list[tuple[str, list[str]]], list[list[str]]]:
    """Return (kind, words) and the categories of each piece."""
    pieces, expected = [], []
    with SAMPLE.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            labelled = [each.rpartition("/") for each in row["words"].split()]
            found = [row["text"][start:end] for start, end in words(row["text"])]
            if found != [word for word, _, _ in labelled]:
                raise ValueError(f"the words of {row['text']!r} are now {found}")
            pieces.append((row["kind"], found))
            expected.append([f"nl_{label}" for _, _, label in labelled])
    return pieces, expected


def _tagger(name: str, kinds: np.ndarray, hits: list[np.ndarray]) -> dict[str, Any]:
    cost = subprocess.run(
        [sys.executable, "-m", "benchmarks.part_of_speech", name],
        capture_output=True,
        text=True,
        check=True,
    )
    return {
        "versions": {package: version(package) for package in PACKAGES.get(name, ())},
        "installed_megabytes": round(sum(map(_megabytes, PACKAGES.get(name, ()))), 1),
        **json.loads(cost.stdout),
        "accuracy": _accuracy(hits),
        **{
            f"accuracy, {kind}": _accuracy(
                [h for h, k in zip(hits, kinds, strict=True) if k == kind]
            )
            for kind in dict.fromkeys(kinds.tolist())
        },
    }


def _cost(name: str) -> dict[str, Any]:
    """Measure loading and tagging in a process that has loaded no tagger yet."""
    sentences = [piece for _, piece in _sample()[0]]
    process = psutil.Process()
    before = process.memory_info().rss
    started = time.perf_counter()
    tagger = TAGGERS[name]()
    tagger(WARM_UP)
    loaded = time.perf_counter() - started
    memory = process.memory_info().rss - before
    started = time.perf_counter()
    for sentence in sentences:
        tagger(sentence)
    first = time.perf_counter() - started
    started = time.perf_counter()
    for _ in range(REPEATS):
        for sentence in sentences:
            tagger(sentence)
    again = (time.perf_counter() - started) / REPEATS
    total = sum(map(len, sentences))
    return {
        "load_seconds": round(loaded, 3),
        "load_megabytes": round(memory / 1e6),
        "words_per_second, first time": round(total / first),
        "words_per_second, again": round(total / again),
    }


def _accuracy(hits: list[np.ndarray]) -> list[float]:
    """Return the share of words with the right category, with its 95 % interval over pieces."""
    return _interval(
        np.array([each.sum() for each in hits]), np.array([len(each) for each in hits])
    )


def _difference(one: list[np.ndarray], other: list[np.ndarray]) -> list[float]:
    sums = [a.sum() - b.sum() for a, b in zip(one, other, strict=True)]
    return _interval(np.array(sums, float), np.array([len(each) for each in one]))


def _interval(sums: np.ndarray, sizes: np.ndarray) -> list[float]:
    def ratio(top: np.ndarray, bottom: np.ndarray, axis: int = -1) -> Any:
        return top.sum(axis=axis) / bottom.sum(axis=axis)

    found = bootstrap(
        (sums, sizes), ratio, paired=True, method="percentile", rng=np.random.default_rng(0)
    ).confidence_interval
    return [round(float(each), 4) for each in (ratio(sums, sizes), found.low, found.high)]


def _tagging() -> dict[str, Any]:
    """Compare tagging a file, from its text on, with scoring it."""
    model, folder = TargetModel.load(DEFAULT_MODEL), find_probe(DEFAULT_MODEL)
    assert folder is not None
    probe = Probe(folder)
    text = Path(sysconfig.get_path("stdlib"), "textwrap.py").read_text("utf-8")
    tokens, tag = model.encode(text), pattern_tagger()

    def read() -> Document:
        document = read_text(text, "python")
        assert isinstance(document, Document)
        return document

    rows: dict[str, Any] = {"file": "textwrap.py", "tokens": len(tokens.ids)}
    for name, profile, tagger in (
        ("complete", Profile.COMPLETE, None),
        ("complete, parts of speech", Profile.COMPLETE, tag),
        ("codeq, parts of speech", Profile.CODEQ, tag),
    ):
        against = compare(
            lambda profile=profile, tagger=tagger: categorize(  # type: ignore[misc]
                read(), tokens.starts, tokens.ends, profile, tagger
            ),
            lambda: Engine(model, probe).score(text),
            pairs=5,
        )
        rows[name] = {
            "tokens_per_second": round(len(tokens.ids) / against.a_seconds),
            "of the cost of scoring": round(against.ratio, 5),
            **{key: round(value, 4) for key, value in cattrs.unstructure(against).items()},
        }
    return rows


def _c5(tag: str) -> str:
    return _C5.get(tag[:3]) or _C5.get(tag[:2], "nl_other")


def _megabytes(package: str) -> float:
    found = distribution(package).files or ()
    paths = [Path(str(each.locate())) for each in found]
    return sum(path.stat().st_size for path in paths if path.is_file()) / 1e6


if __name__ == "__main__":
    main()
