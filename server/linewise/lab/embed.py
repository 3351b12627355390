"""Activations of a corpus, by the product's own input builder, streamed to disk.

Memory does not grow with the number of programs: hidden states go to one float16 file as they
come, and only labels and offsets are kept.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from attrs import frozen

from linewise.analysis.code_lines import code_lines
from linewise.analysis.membership import line_members
from linewise.analysis.model_input import INPUT_BUILDER_VERSION, document_inputs
from linewise.analysis.syntax import parse
from linewise.lab.data import Document
from linewise.models.runtime import TargetModel

Ints = npt.NDArray[np.int64]
Ranges = npt.NDArray[np.int64]


@frozen(eq=False)
class Corpus:
    """Activations and labels of many documents; every range is a row (first, end) of tokens.

    ``hidden`` is (tokens, layers, d), float16. ``lines``, ``units`` and ``documents`` are ranges;
    ``*_labels`` say whether a patch edits any of them, ``*_document`` which document they are of.
    """

    hidden: npt.NDArray[np.float16]
    token_labels: npt.NDArray[np.bool_]
    token_document: Ints
    lines: Ranges
    line_labels: npt.NDArray[np.bool_]
    line_document: Ints
    units: Ranges
    unit_labels: npt.NDArray[np.bool_]
    unit_document: Ints
    documents: Ranges
    surprisal: npt.NDArray[np.float32] | None


def embed(
    docs: Sequence[Document],
    model: TargetModel,
    folder: Path,
    *,
    surprisal: bool = False,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Corpus:
    """Return the activations of ``docs``, from ``folder`` if they were computed before.

    ``surprisal`` also records the natural-log probability of every scored token, which takes the
    whole depth of the model.
    """
    path = folder / _key(docs, model, surprisal)
    if not (path / "labels.npz").is_file():
        path.mkdir(parents=True, exist_ok=True)
        _compute(docs, model, path, surprisal, progress)
    arrays = dict(np.load(path / "labels.npz", allow_pickle=False))
    tokens = len(arrays["token_labels"])
    shape = (tokens, len(model.layers), model.hidden_size)
    hidden = np.memmap(path / "hidden.f16", np.float16, "r", shape=shape)
    return Corpus(hidden=hidden, surprisal=arrays.pop("surprisal", None), **arrays)


def _key(docs: Sequence[Document], model: TargetModel, surprisal: bool) -> str:
    digest = hashlib.sha256(
        json.dumps([model.identity, list(model.layers), INPUT_BUILDER_VERSION, surprisal]).encode()
    )
    for doc in docs:
        digest.update(repr((doc.text, sorted(doc.edited), doc.edited_spans)).encode())
    return digest.hexdigest()[:16]


def _compute(
    docs: Sequence[Document],
    model: TargetModel,
    path: Path,
    surprisal: bool,
    progress: Callable[[int, int], None],
) -> None:
    token_labels: list[npt.NDArray[np.bool_]] = []
    token_document: list[int] = []
    lines: list[tuple[int, int, bool, int]] = []
    units: list[tuple[int, int, bool, int]] = []
    doc_ranges: list[tuple[int, int]] = []
    logp: list[npt.NDArray[np.float32]] = []
    used = 0
    with (path / "hidden.f16").open("wb") as file:
        for number, doc in enumerate(docs):
            progress(number, len(docs))
            begin = used
            syntax = parse(doc.text)
            wanted = code_lines(syntax)
            unit_first: dict[str, int] = {}
            for each in document_inputs(syntax, wanted, model):
                hidden = model.hidden_states(each.ids)[:, each.scored]
                file.write(np.ascontiguousarray(hidden.transpose(1, 0, 2), np.float16).tobytes())
                edited = np.zeros(len(each.starts), bool)
                for start, end in doc.edited_spans:
                    edited |= (each.starts < end) & (each.ends > start)
                token_labels.append(edited)
                token_document += [number] * len(edited)
                if surprisal:
                    logp.append(model.surprisal(each.ids)[0][each.scored])
                touched = False
                found, members = line_members(syntax.lines, wanted, each.starts, each.ends)
                for line, member in zip(found, members, strict=True):
                    tokens = np.flatnonzero(member)
                    label = line in doc.edited
                    touched |= label
                    lines.append((used + tokens[0], used + tokens[-1] + 1, label, number))
                key = f"{each.unit.first_line}"
                if key in unit_first:
                    first, _, label, _ = units[unit_first[key]]
                    units[unit_first[key]] = (first, used + len(edited), label or touched, number)
                else:
                    unit_first[key] = len(units)
                    units.append((used, used + len(edited), touched, number))
                used += len(edited)
            doc_ranges.append((begin, used))
    progress(len(docs), len(docs))
    arrays = {
        "token_labels": np.concatenate(token_labels),
        "token_document": np.array(token_document, np.int64),
        **_columns("line", lines),
        **_columns("unit", units),
        "documents": np.array(doc_ranges, np.int64),
    }
    if surprisal:
        arrays["surprisal"] = np.concatenate(logp).astype(np.float32)
    # Written last and at once: its presence says that the activations are complete.
    partial = path / "labels.partial.npz"
    np.savez(partial, allow_pickle=False, **arrays)
    partial.rename(path / "labels.npz")


def _columns(
    name: str, rows: list[tuple[int, int, bool, int]]
) -> dict[str, npt.NDArray[np.generic]]:
    table = np.array([(a, b, int(c), d) for a, b, c, d in rows], np.int64).reshape(-1, 4)
    return {
        f"{name}s": table[:, :2],
        f"{name}_labels": table[:, 2].astype(bool),
        f"{name}_document": table[:, 3],
    }
