"""What heads trained on some documents say of those (out of fold) and of others, kept on disk.

Every probe that reads the same heads, and every run that was cut short, trains them once.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cattrs
import numpy as np
import numpy.typing as npt
from attrs import frozen

from linewise.analysis.code_lines import code_lines
from linewise.analysis.line_facts import FACTS, line_facts
from linewise.analysis.syntax import parse
from linewise.lab.activations.corpus import Corpus, corpus_of
from linewise.lab.activations.store import ActivationStore, Progress
from linewise.lab.data import Document
from linewise.lab.training.fit import FOLDS, Logits, Recipe, Training
from linewise.lab.training.heads import Head

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Float32s = npt.NDArray[np.float32]

_VERSION = 1
"""Another one when training changes, so that nothing old is taken for new."""


@frozen(eq=False)
class Said:
    """A corpus and the logits of its tokens, lines and passes."""

    corpus: Corpus
    logits: Logits


class HeadLogits:
    """Trains heads on demand; ``folder`` keeps what they say."""

    def __init__(
        self,
        store: ActivationStore,
        folder: Path,
        progress: Progress = lambda _done, _total: None,
    ) -> None:
        self.store = store
        self._folder = folder / "logits"
        self._progress = progress
        # Of the last training documents: they are asked about other documents by turns.
        self._heads: tuple[str, Recipe, list[Head]] | None = None

    def get(
        self, train: Sequence[Document], test: Sequence[Document], recipe: Recipe
    ) -> tuple[Said, Said]:
        """Return what is said of ``train`` by heads that saw none of its problem, and of ``test``.

        Raises
        ------
        LabDataError
            If the training documents are all of one class, or of too few problems.
        """
        seen = corpus_of(train, self.store, self._progress)
        other = corpus_of(test, self.store, self._progress)
        groups = [doc.program.task_id for doc in train]
        trained = digest_of(train)

        def out_of_fold() -> Logits:
            return Training(seen, recipe.layer).out_of_fold(groups, recipe, progress=self._progress)

        def elsewhere() -> Logits:
            return Training(other, recipe.layer).predict(self.heads(train, recipe))

        ours = self._kept([recipe, "out of fold", FOLDS, trained], out_of_fold)
        if not test:
            return Said(seen, ours), Said(other, Logits.none())
        theirs = self._kept([recipe, "elsewhere", trained, digest_of(test)], elsewhere)
        return Said(seen, ours), Said(other, theirs)

    def heads(self, train: Sequence[Document], recipe: Recipe) -> list[Head]:
        """Return the recipe's heads trained on all of ``train``."""
        trained = digest_of(train)
        if self._heads is None or self._heads[:2] != (trained, recipe):
            training = Training(corpus_of(train, self.store, self._progress), recipe.layer)
            self._heads = trained, recipe, training.heads(np.arange(len(train)), recipe)
        return self._heads[2]

    def _kept(self, key: list[Any], compute: Callable[[], Logits]) -> Logits:
        parts = [_VERSION, self.store.folder.name, cattrs.unstructure(key)]
        name = hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:24]
        path = self._folder / f"{name}.npz"
        if not path.is_file():
            made = compute()
            path.parent.mkdir(parents=True, exist_ok=True)
            partial = path.with_suffix(".partial.npz")
            arrays = {level: getattr(made, level) for level in _LEVELS}
            np.savez_compressed(partial, allow_pickle=False, **arrays)
            partial.rename(path)
        with np.load(path, allow_pickle=False) as kept:
            return Logits(*(kept[level] for level in _LEVELS))


def digest_of(documents: Sequence[Document]) -> str:
    """Return a digest of texts and labels, all that training sees of documents."""
    digest = hashlib.sha256()
    for doc in documents:
        digest.update(repr((doc.text, sorted(doc.edited), doc.edited_spans)).encode())
    return digest.hexdigest()


_LEVELS = ("token", "line", "unit")


@frozen(eq=False)
class Lines:
    """The code lines of some documents; arrays have one row per line, in order.

    ``heads`` (n, 2) are the head's logits of the line and of its pass, ``facts`` (n, F) as
    `linewise.analysis.line_facts` gives them, ``passes`` the pass each was read in.
    """

    document: Ints
    position: Ints
    label: npt.NDArray[np.bool_]
    heads: Float32s
    facts: Float32s
    passes: Ints


def lines_of(documents: Sequence[Document], said: Said) -> Lines:
    """Return the lines of a corpus; of a line cut by two windows, the riskier part speaks."""
    corpus = said.corpus
    heads = np.column_stack((said.logits.line, said.logits.unit[corpus.line_pass]))
    kept, _ = riskiest(corpus.line_document, corpus.line_number, heads[:, 0])
    document, position = corpus.line_document[kept], corpus.line_number[kept]
    return Lines(
        document,
        position,
        corpus.line_labels[kept],
        heads[kept],
        _facts(documents, document, position),
        corpus.line_pass[kept],
    )


def riskiest(document: Ints, position: Ints, logit: npt.NDArray[np.floating]) -> tuple[Ints, Ints]:
    """Return the row to keep of each item (document, position), and each row's item number.

    A line or unit cut by two windows is read twice, a character of several tokens as often.
    """
    pairs = np.column_stack((document, position))
    items, group = np.unique(pairs, axis=0, return_inverse=True)
    order = np.lexsort((-np.asarray(logit), group))
    first = np.searchsorted(group[order], np.arange(len(items)))
    return order[first], group.ravel()


def _facts(documents: Sequence[Document], document: Ints, position: Ints) -> Float32s:
    facts = np.zeros((len(document), len(FACTS)), np.float32)
    cut = np.searchsorted(document, np.arange(len(documents) + 1))
    for number, doc in enumerate(documents):
        here = slice(cut[number], cut[number + 1])
        syntax = parse(doc.text)
        code = code_lines(syntax)
        if code:
            facts[here] = line_facts(syntax, code)[np.searchsorted(code, position[here])]
    return facts
