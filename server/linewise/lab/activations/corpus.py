"""Activations and labels of many documents: what heads are trained and measured on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from attrs import frozen

from linewise.analysis.code_lines import code_lines
from linewise.analysis.membership import line_members
from linewise.analysis.syntax import parse
from linewise.lab.activations.store import Activations, ActivationStore, Progress
from linewise.lab.data import Document

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@frozen(eq=False)
class Corpus:
    """Documents' scored tokens in one row of numbers; every range is (first, end) of tokens.

    ``states`` are the documents' hidden states, (tokens, layers, d) float16 each, still on disk.
    ``documents``, ``lines`` and ``passes`` are ranges; ``*_document`` says which document they are
    of, ``*_labels`` whether a patch edits any of them. ``line_number`` is the 0-based line,
    ``line_pass`` the pass it was scored in (a long line may be in two), ``pass_unit`` the first
    line of the pass's unit. ``token_start`` are code-point offsets.
    """

    states: Sequence[npt.NDArray[np.float16]]
    documents: Ints
    token_start: Ints
    token_labels: Bools
    token_document: Ints
    lines: Ints
    line_labels: Bools
    line_document: Ints
    line_number: Ints
    line_pass: Ints
    passes: Ints
    pass_labels: Bools
    pass_document: Ints
    pass_unit: Ints

    def layer(self, number: int) -> npt.NDArray[np.float16]:
        """Return the hidden states (tokens, d) of one of the probed layers, in memory."""
        width = self.states[0].shape[2] if self.states else 0
        states = np.empty((len(self.token_document), width), np.float16)
        for (first, end), hidden in zip(self.documents, self.states, strict=True):
            states[first:end] = hidden[:, number]
        return states


def corpus_of(
    documents: Sequence[Document],
    store: ActivationStore,
    progress: Progress = lambda _done, _total: None,
) -> Corpus:
    """Return the corpus of ``documents``; activations that are missing are computed."""
    texts = [doc.text for doc in documents]
    store.fill(texts, progress)
    found = store.read(texts)
    ends = np.cumsum([0, *(len(each.starts) for each in found)])
    tokens, lines, passes, before = [], [], [], 0
    for number, (doc, each) in enumerate(zip(documents, found, strict=True)):
        tokens.append(_token_labels(doc, each))
        table = _lines(doc, each)
        table[:, :2] += ends[number]
        edited = np.zeros(len(each.passes), np.int64)
        np.maximum.at(edited, table[:, 4], table[:, 2])
        table[:, 4] += before
        before += len(each.passes)
        lines.append(np.insert(table, 3, number, axis=1))
        passes.append(
            np.column_stack(
                (each.passes + ends[number], edited, np.full_like(edited, number), each.units)
            )
        )
    line = np.concatenate([np.empty((0, 6), np.int64), *lines])
    one = np.concatenate([np.empty((0, 5), np.int64), *passes])
    return Corpus(
        states=[each.hidden for each in found],
        documents=np.column_stack((ends[:-1], ends[1:])),
        token_start=np.concatenate([np.empty(0, np.int64), *(each.starts for each in found)]),
        token_labels=np.concatenate([np.empty(0, bool), *tokens]),
        token_document=np.repeat(np.arange(len(found)), np.diff(ends)),
        lines=line[:, :2],
        line_labels=line[:, 2].astype(bool),
        line_document=line[:, 3],
        line_number=line[:, 4],
        line_pass=line[:, 5],
        passes=one[:, :2],
        pass_labels=one[:, 2].astype(bool),
        pass_document=one[:, 3],
        pass_unit=one[:, 4],
    )


def _token_labels(doc: Document, each: Activations) -> Bools:
    edited = np.zeros(len(each.starts), bool)
    for start, end in doc.edited_spans:
        edited |= (each.starts < end) & (each.ends > start)
    return edited


def _lines(doc: Document, each: Activations) -> Ints:
    """Return a document's lines as rows: first token, end, label, line number, pass."""
    syntax = parse(doc.text)
    wanted = code_lines(syntax)
    rows = []
    for number, (first, end) in enumerate(each.passes.tolist()):
        found, members = line_members(
            syntax.lines, wanted, each.starts[first:end], each.ends[first:end]
        )
        for line, member in zip(found, members, strict=True):
            tokens = np.flatnonzero(member) + first
            rows.append((tokens[0], tokens[-1] + 1, line in doc.edited, line, number))
    return np.array(rows, np.int64).reshape(-1, 5)
