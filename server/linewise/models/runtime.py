"""A converted model in use: text to tokens, tokens to hidden states and surprisal.

Imports neither torch nor transformers nor onnx: a server that only scores never pays for them.
"""

from __future__ import annotations

import os
import re
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from attrs import frozen

from linewise.errors import LinewiseError
from linewise.models import cache, providers
from linewise.models.cache import InstalledModel

if TYPE_CHECKING:
    import onnxruntime
    from tokenizers import Tokenizer

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]


@frozen(eq=False)
class Encoding:
    """A text's tokens: ``ids`` (int64), ``starts`` and ``ends`` (int32), all of shape (T,).

    Offsets count code points, ends exclusive. Tokens that are bytes of one character share it.
    """

    ids: Ints
    starts: npt.NDArray[np.int32]
    ends: npt.NDArray[np.int32]


class TargetModel:
    """An installed model with its ONNX Runtime sessions. Not safe for several threads at once."""

    def __init__(self, installed: InstalledModel, threads: int | None = None) -> None:
        self._installed = installed
        self._threads = threads or _default_threads()
        self.manifest = installed.manifest
        self._tokenizer = _tokenizer(installed)
        self._trunk = self._session("trunk")

    @classmethod
    def load(cls, name: str, *, threads: int | None = None) -> TargetModel:
        """Load an installed model, ready to compute hidden states.

        ``threads`` defaults to ``LINEWISE_THREADS``, then to the number of cores this process
        may use.

        Raises
        ------
        ModelNotFoundError
            If it is not installed.
        ModelCorruptError
            If a file is not the one that was converted.
        """
        return cls(cache.find(name), threads)

    @property
    def installed(self) -> InstalledModel:
        """Where its files lie."""
        return self._installed

    @property
    def threads(self) -> int:
        """How many threads a pass uses."""
        return self._threads

    @property
    def name(self) -> str:
        """The name the model was installed under."""
        return self.manifest.name

    @property
    def identity(self) -> str:
        """What caches of this model's outputs key on."""
        return self.manifest.identity

    @property
    def weights_sha256(self) -> str:
        """The SHA-256 of the weights the model was converted from."""
        return self.manifest.weights_sha256

    @property
    def layers(self) -> tuple[int, ...]:
        """The probed layers: after how many transformer blocks, ascending."""
        return self.manifest.layers

    @property
    def hidden_size(self) -> int:
        """The width d of a hidden state."""
        return self.manifest.hidden_size

    @property
    def context_length(self) -> int:
        """The most tokens one pass may read."""
        return self.manifest.context_length

    @property
    def provider(self) -> str:
        """What the trunk runs on, as ONNX Runtime calls it."""
        return str(self._trunk.get_providers()[0])

    def encode(self, text: str) -> Encoding:
        """Split ``text`` into tokens, none of them special, whatever the text spells.

        A lone surrogate, which has no UTF-8 form, counts as U+FFFD; offsets are unaffected.
        """
        encoding = self._tokenizer.encode(
            _LONE_SURROGATE.sub("\ufffd", text), add_special_tokens=False
        )
        offsets = np.array(encoding.offsets, np.int32).reshape(-1, 2)
        return Encoding(np.array(encoding.ids, np.int64), offsets[:, 0], offsets[:, 1])

    def hidden_states(
        self, ids: npt.ArrayLike, position_ids: npt.ArrayLike | None = None
    ) -> Floats:
        """Return the hidden states at the probed layers.

        Parameters
        ----------
        ids
            Token ids of shape (T,), or (B, T) for sequences of equal length.
        position_ids
            Positions of that shape; 0, 1, … where None.

        Returns
        -------
        ndarray
            float32 of shape (L, T, d) or (L, B, T, d), in the order of `layers`.

        Raises
        ------
        LinewiseError
            If T exceeds `context_length`.
        """
        tokens, positions = self._inputs(ids, position_ids)
        hidden = self._hidden(tokens, positions)
        return hidden if np.ndim(ids) == 2 else hidden[:, 0]

    def surprisal(self, ids: npt.ArrayLike, chunk: int = 64) -> tuple[Floats, Floats]:
        """Return how expected each token is, given those before it.

        Parameters
        ----------
        ids
            Token ids of shape (T,).
        chunk
            How many predictions over the vocabulary are held at a time.

        Returns
        -------
        tuple of ndarray
            The log-probability of each token and the entropy of the prediction it was drawn from,
            in nats, float32 of shape (T,). Both are nan for the first token: nothing predicts it.

        Raises
        ------
        LinewiseError
            If T exceeds `context_length`.
        ModelCorruptError
            If the files only this needs are not the ones that were converted.
        """
        tokens, positions = self._inputs(ids, None)
        count = tokens.shape[1]
        logp, entropy = np.full((2, count), np.nan, np.float32)
        if count < 2:
            return logp, entropy
        deepest = self._hidden(tokens, positions)[-1]
        feed = {"deepest": deepest, "input_ids": tokens, "position_ids": positions}
        final = _run(self._tail, feed)[0][0]
        for start in range(0, count - 1, chunk):
            end = min(start + chunk, count - 1)
            feed = {"final": final[start:end], "next_ids": tokens[0, start + 1 : end + 1]}
            logp[start + 1 : end + 1], entropy[start + 1 : end + 1] = _run(self._head, feed)
        return logp, entropy

    @cached_property
    def _tail(self) -> onnxruntime.InferenceSession:
        return self._session("tail")

    @cached_property
    def _head(self) -> onnxruntime.InferenceSession:
        return self._session("head")

    def _hidden(self, tokens: Ints, positions: Ints) -> Floats:
        if not tokens.size:
            return np.zeros((len(self.layers), *tokens.shape, self.hidden_size), np.float32)
        hidden: Floats = _run(self._trunk, {"input_ids": tokens, "position_ids": positions})[0]
        return hidden

    def _inputs(self, ids: npt.ArrayLike, position_ids: npt.ArrayLike | None) -> tuple[Ints, Ints]:
        tokens = np.atleast_2d(np.asarray(ids, np.int64))
        if tokens.shape[1] > self.context_length:
            raise LinewiseError(
                f"{self.name} reads at most {self.context_length} tokens at once, not "
                f"{tokens.shape[1]}: split the text"
            )
        positions = np.arange(tokens.shape[1]) if position_ids is None else position_ids
        return tokens, np.broadcast_to(np.asarray(positions, np.int64), tokens.shape)

    def _session(self, part: str) -> onnxruntime.InferenceSession:
        for name in self.manifest.files:
            if name.startswith(f"{part}."):
                cache.verified(self._installed, name)
        import onnxruntime

        return onnxruntime.InferenceSession(
            self._installed.folder / f"{part}.onnx",
            session_options(self._threads),
            providers=providers.chain_for(self.manifest.scheme),
        )


def session_options(threads: int) -> onnxruntime.SessionOptions:
    """Return options for a process that shares the machine with its user."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # Idle threads would otherwise spin for a while after every pass, at the cost of the battery.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options


def _run(session: onnxruntime.InferenceSession, feed: dict[str, npt.NDArray[Any]]) -> list[Any]:
    """Run a graph on those of the values it reads."""
    names = {value.name for value in session.get_inputs()}
    outputs: list[Any] = session.run(None, {k: v for k, v in feed.items() if k in names})
    return outputs


def _tokenizer(installed: InstalledModel) -> Tokenizer:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(cache.verified(installed, "tokenizer.json")))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    tokenizer.encode_special_tokens = True  # "<|endoftext|>" in a source file is a string
    return tokenizer


def _default_threads() -> int:
    chosen = os.environ.get("LINEWISE_THREADS", "")
    if chosen.isdecimal() and int(chosen) > 0:
        return int(chosen)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
