"""Hidden states of texts under one model, computed once per text and kept on disk.

States go to one float16 file as they come, so memory does not grow with the number of programs;
an index says where each text's begin. A run that was killed goes on where it stopped: what the
index does not name is overwritten.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt
from attrs import frozen
from filelock import FileLock

from linewise.analysis.code_lines import code_lines
from linewise.analysis.model_input import INPUT_BUILDER_VERSION, Tokenizer, document_inputs
from linewise.analysis.syntax import parse
from linewise.errors import LabDataError

Ints = npt.NDArray[np.int64]
Progress = Callable[[int, int], None]


class Model(Tokenizer, Protocol):
    """What this needs of a target model."""

    @property
    def identity(self) -> str: ...  # noqa: D102
    @property
    def layers(self) -> tuple[int, ...]: ...  # noqa: D102
    @property
    def hidden_size(self) -> int: ...  # noqa: D102
    def hidden_states(self, ids: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]: ...  # noqa: D102


@frozen(eq=False)
class Activations:
    """One text's scored tokens, in the order of its forward passes.

    ``hidden`` is (T, layers, d), float16, of the tokens whose code-point offsets are ``starts``
    and ``ends`` (T,). ``passes`` (P, 2) are ranges (first, end) of tokens scored in one pass,
    ``units`` (P,) the first line of the unit each pass is of.
    """

    hidden: npt.NDArray[np.float16]
    starts: Ints
    ends: Ints
    passes: Ints
    units: Ints


class ActivationStore:
    """Activations by text, in ``folder``/activations-KEY for the model and its probed layers."""

    def __init__(self, model: Model, folder: Path) -> None:
        self.model = model
        parts = json.dumps([model.identity, list(model.layers), INPUT_BUILDER_VERSION])
        self.folder = folder / f"activations-{hashlib.sha256(parts.encode()).hexdigest()[:16]}"
        self.folder.mkdir(parents=True, exist_ok=True)
        self._states = self.folder / "hidden.f16"
        self._states.touch()
        self._width = len(model.layers) * model.hidden_size
        self._index = sqlite3.connect(self.folder / "index.sqlite")
        self._index.execute(
            "CREATE TABLE IF NOT EXISTS texts"
            " (key TEXT PRIMARY KEY, first INTEGER, tokens INTEGER, spans BLOB, passes BLOB) STRICT"
        )

    def fill(self, texts: Iterable[str], progress: Progress = lambda _done, _total: None) -> None:
        """Compute what is missing; one process at a time writes, others may read meanwhile.

        Raises
        ------
        LabDataError
            If a hidden state is not finite; the message names the text by its first line.
        """
        wanted = {_key(text): text for text in texts}
        if not self._missing(wanted):
            return
        with FileLock(self.folder / "lock"), self._states.open("r+b") as file:
            missing = self._missing(wanted)
            (end,) = self._index.execute("SELECT coalesce(max(first + tokens), 0) FROM texts")
            at = int(end[0])
            file.seek(at * self._width * 2)
            for number, (key, text) in enumerate(missing):
                progress(number, len(missing))
                made = self._compute(text)
                file.write(made.hidden.tobytes())
                file.flush()
                spans = np.stack((made.starts, made.ends)).tobytes()
                passes = np.concatenate((made.passes, made.units[:, None]), axis=1).tobytes()
                with self._index:
                    self._index.execute(
                        "INSERT INTO texts VALUES (?, ?, ?, ?, ?)",
                        (key, at, len(made.starts), spans, passes),
                    )
                at += len(made.starts)
            file.truncate()
            progress(len(missing), len(missing))

    def _missing(self, wanted: Mapping[str, str]) -> list[tuple[str, str]]:
        known = {row[0] for row in self._index.execute("SELECT key FROM texts")}
        return [(key, text) for key, text in wanted.items() if key not in known]

    def read(self, texts: Sequence[str]) -> list[Activations]:
        """Return the activations of texts that were filled in, their states mapped from disk."""
        # Whole rows only: another process may be in the middle of writing one.
        rows = self._states.stat().st_size // (self._width * 2)
        if not rows:
            states = np.empty((0, self._width), np.float16)
        else:
            states = np.memmap(self._states, np.float16, "r", shape=(rows, self._width))
        return [self._row(text, states) for text in texts]

    def _row(self, text: str, states: npt.NDArray[np.float16]) -> Activations:
        query = "SELECT first, tokens, spans, passes FROM texts WHERE key = ?"
        row = self._index.execute(query, (_key(text),)).fetchone()
        if row is None:
            raise LabDataError("activations were asked for before they were computed")
        first, tokens, spans, passes = row
        starts, ends = np.frombuffer(spans, np.int64).reshape(2, -1)
        table = np.frombuffer(passes, np.int64).reshape(-1, 3)
        hidden = states[first : first + tokens]
        shape = (tokens, len(self.model.layers), self.model.hidden_size)
        return Activations(hidden.reshape(shape), starts, ends, table[:, :2], table[:, 2])

    def _compute(self, text: str) -> Activations:
        syntax = parse(text)
        inputs = document_inputs(syntax, code_lines(syntax), self.model)
        layers, width = len(self.model.layers), self.model.hidden_size
        hidden = [np.empty((0, layers, width), np.float16)]
        passes, used = [], 0
        for each in inputs:
            states = self.model.hidden_states(each.ids)[:, each.scored]
            if not np.isfinite(states).all():
                raise LabDataError(
                    f"the model's activations of {text.strip().splitlines()[0]!r} are not finite: "
                    "its files are damaged; pull it again with `linewise models pull --force`"
                )
            hidden.append(np.ascontiguousarray(states.transpose(1, 0, 2), np.float16))
            passes.append((used, used + len(each.starts)))
            used += len(each.starts)
        none = [np.empty(0, np.int64)]
        return Activations(
            np.concatenate(hidden),
            np.concatenate(none + [each.starts for each in inputs]),
            np.concatenate(none + [each.ends for each in inputs]),
            np.array(passes, np.int64).reshape(-1, 2),
            np.array([each.unit.first_line for each in inputs], np.int64),
        )


def _key(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
