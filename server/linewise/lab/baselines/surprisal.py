"""How expected each token of a document was, computed once per text and kept on disk.

A full-depth pass of the target model per document is the dearest thing a baseline needs, so a run
that was cut short goes on where it stopped.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt
from attrs import frozen

from linewise.analysis.code_lines import code_lines
from linewise.analysis.lines import LineTable
from linewise.analysis.membership import line_members
from linewise.analysis.model_input import INPUT_BUILDER_VERSION, Tokenizer, document_inputs
from linewise.analysis.syntax import Syntax, parse

Floats = npt.NDArray[np.float64]


class Predictor(Tokenizer, Protocol):
    """What this needs of a target model."""

    @property
    def identity(self) -> str: ...  # noqa: D102
    def surprisal(  # noqa: D102
        self, ids: npt.NDArray[np.int64]
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]: ...


@frozen(eq=False)
class TokenSurprisal:
    """The scored tokens of a document, in order; all arrays have shape (T,).

    ``starts`` and ``ends`` are offsets in code points; ``logp`` each token's natural-log
    probability and ``entropy`` that of the prediction it was drawn from, in nats. The first token
    of a model input without header has neither: both are nan.
    """

    starts: npt.NDArray[np.int64]
    ends: npt.NDArray[np.int64]
    logp: Floats
    entropy: Floats

    def by_line(self, table: LineTable, wanted: Sequence[int]) -> dict[int, npt.NDArray[np.int64]]:
        """Return the indices of the tokens of each wanted line that has any."""
        # Windows come in order, but a token that spans two lines may start before the last.
        lines, members = line_members(table, wanted, self.starts, self.ends)
        return {line: np.flatnonzero(row) for line, row in zip(lines, members, strict=True)}


class SurprisalCache:
    """Surprisal of texts under one model, in ``folder``/surprisal.sqlite."""

    def __init__(self, model: Predictor, folder: Path) -> None:
        self._model = model
        folder.mkdir(parents=True, exist_ok=True)
        self._store = sqlite3.connect(folder / "surprisal.sqlite")
        self._store.execute(
            "CREATE TABLE IF NOT EXISTS surprisal (key TEXT PRIMARY KEY, tokens BLOB) STRICT"
        )
        self._prefix = f"{model.identity}\0{INPUT_BUILDER_VERSION}\0".encode()

    def get(self, text: str) -> TokenSurprisal:
        """Return the surprisal of a document's tokens, from disk if it was computed before."""
        key = hashlib.sha256(self._prefix + text.encode("utf-8", "surrogatepass")).hexdigest()
        row = self._store.execute("SELECT tokens FROM surprisal WHERE key = ?", (key,)).fetchone()
        if row is not None:
            table = np.frombuffer(row[0], np.float64).reshape(4, -1)
        else:
            table = self._compute(parse(text))
            with self._store:
                self._store.execute(
                    "INSERT OR REPLACE INTO surprisal VALUES (?, ?)", (key, table.tobytes())
                )
        starts, ends = table[:2].astype(np.int64)
        return TokenSurprisal(starts, ends, table[2], table[3])

    def fill(
        self,
        texts: Sequence[str],
        progress: Callable[[int, int], None] = lambda _done, _total: None,
    ) -> None:
        """Compute what is missing."""
        for number, text in enumerate(texts):
            progress(number, len(texts))
            self.get(text)
        progress(len(texts), len(texts))

    def _compute(self, syntax: Syntax) -> Floats:
        parts = [np.empty((4, 0))]
        for each in document_inputs(syntax, code_lines(syntax), self._model):
            logp, entropy = self._model.surprisal(each.ids)
            parts.append(
                np.stack((each.starts, each.ends, logp[each.scored], entropy[each.scored])).astype(
                    np.float64
                )
            )
        return np.concatenate(parts, axis=1)
