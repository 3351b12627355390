"""A converted model that goes on from what it has read: keys and values in, keys and values out.

Sequences that begin alike need their common beginning computed once. The installed graphs have no
way in for it, so they are extended in memory: each fused `Attention` node (ONNX opset 23) gets its
optional inputs ``past_key``, ``past_value`` and its outputs ``present_key``, ``present_value``.
Weights stay where they are, and results are those of the installed graphs, bit for bit in float32.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from attrs import frozen

from linewise.errors import LinewiseError
from linewise.models import cache, providers
from linewise.models.runtime import Floats, Ints, TargetModel, session_options

if TYPE_CHECKING:
    import onnx
    import onnxruntime

Mask = npt.NDArray[np.bool_]

_LOGPS = "logps"
_VISIBLE = "visible"


@frozen(eq=False)
class States:
    """The keys and values of B token sequences of length P.

    ``arrays`` are float32 of shape (B, heads, P, size): the keys of the first block, its values,
    those of the second, and so on.
    """

    arrays: tuple[Floats, ...]

    @property
    def count(self) -> int:
        """How many sequences, B."""
        return len(self.arrays[0])

    @property
    def length(self) -> int:
        """How many tokens each of them has, P."""
        return int(self.arrays[0].shape[2])

    def rows(self, index: npt.ArrayLike, length: int | None = None) -> States:
        """Return the sequences at ``index`` (repeats allowed), cut to their first ``length``."""
        chosen = np.asarray(index, np.intp)
        return States(tuple(array[chosen, :, :length] for array in self.arrays))


def joined(parts: Sequence[States]) -> States:
    """Return the sequences of all ``parts``, which have one length."""
    if len(parts) == 1:
        return parts[0]
    return States(
        tuple(
            np.concatenate(arrays) for arrays in zip(*(part.arrays for part in parts), strict=True)
        )
    )


class IncrementalModel:
    """A target model that continues sequences. Not safe for several threads at once."""

    def __init__(self, model: TargetModel) -> None:
        """Extend the graphs of ``model``; what lies above the probed layers, when first needed.

        Raises
        ------
        LinewiseError
            If its attention is not the fused operator or it takes no positions.
        """
        self.target = model
        self._trunk = _Graph(model, "trunk")

    @cached_property
    def _tail(self) -> _Graph:
        return _Graph(self.target, "tail")

    @cached_property
    def _head(self) -> onnxruntime.InferenceSession:
        return _head(self.target)

    def start(self, count: int, *, deep: bool = True) -> States:
        """Return ``count`` empty sequences; ``deep`` ones can be continued through all blocks."""
        shapes = self._trunk.shapes + (self._tail.shapes if deep else [])
        return States(
            tuple(np.zeros((count, heads, 0, size), np.float32) for heads, size in shapes)
        )

    def hidden_states(
        self,
        past: States,
        ids: npt.ArrayLike,
        positions: npt.ArrayLike,
        visible: Mask | None = None,
    ) -> tuple[Floats, States]:
        """Continue sequences up to the deepest probed layer.

        ``ids`` and ``positions`` are (B, M) with M ≥ 1. ``visible`` (M, P + M) says which of the
        tokens read and of the new ones each new token sees, itself among them; by default all
        before it. So one pass can read several continuations that do not see each other.

        Returns the hidden states of the new tokens at the probed layers, (L, B, M, d), and the
        longer states, of those blocks only.

        Raises
        ------
        LinewiseError
            If a position lies beyond the model's context.
        """
        tokens, places = self._inputs(ids, positions)
        feed = {
            "input_ids": tokens,
            "position_ids": places,
            _VISIBLE: _causal(past, places) if visible is None else visible,
        }
        hidden, arrays = self._trunk.run(feed, past.arrays[: len(self._trunk.names)])
        return hidden, States(arrays)

    def final(
        self, past: States, ids: npt.ArrayLike, positions: npt.ArrayLike
    ) -> tuple[Floats, States]:
        """Continue sequences through all blocks.

        Returns what predicts the token after each sequence, (B, d), and the longer states.

        Raises
        ------
        LinewiseError
            If a position lies beyond the model's context.
        """
        hidden, trunk = self.hidden_states(past, ids, positions)
        tokens, places = self._inputs(ids, positions)
        feed = {
            "deepest": hidden[-1],
            "input_ids": tokens,
            "position_ids": places,
            _VISIBLE: _causal(past, places),
        }
        final, tail = self._tail.run(feed, past.arrays[len(trunk.arrays) :])
        return final[:, -1], States(trunk.arrays + tail)

    def logp(self, final: Floats, next_ids: npt.ArrayLike) -> Floats:
        """Return the log-probability in nats of one token after each sequence, (B,)."""
        found: Floats = self._vocabulary(final, next_ids, "logp")
        return found

    def logps(self, final: Floats) -> Floats:
        """Return the log-probabilities in nats of the whole vocabulary, (B, V)."""
        found: Floats = self._vocabulary(final, np.zeros(len(final), np.int64), _LOGPS)
        return found

    def _vocabulary(self, final: Floats, next_ids: npt.ArrayLike, output: str) -> Any:
        feed = {"final": final, "next_ids": np.asarray(next_ids, np.int64)}
        return self._head.run([output], feed)[0]

    def _inputs(self, ids: npt.ArrayLike, positions: npt.ArrayLike) -> tuple[Ints, Ints]:
        tokens, places = np.asarray(ids, np.int64), np.asarray(positions, np.int64)
        if (length := int(places.max()) + 1) > self.target.context_length:
            raise LinewiseError(
                f"{self.target.name} reads at most {self.target.context_length} tokens at once, "
                f"not {length}: shorten the context"
            )
        return tokens, places


def _causal(past: States, places: Ints) -> Mask:
    """Return which tokens each new token sees: all before it, and itself."""
    count = places.shape[1]
    return np.tri(count, past.length + count, past.length, bool)


class _Graph:
    """One part of a model with its attention opened; ``shapes`` are (heads, size) per array."""

    def __init__(self, model: TargetModel, part: str) -> None:
        proto = _proto(model, part)
        nodes = [node for node in proto.graph.node if node.op_type == "Attention"]
        self._reads = {value.name for value in proto.graph.input} | {_VISIBLE}
        below = model.layers[-1]
        blocks = below if part == "trunk" else model.manifest.total_layers - below
        if len(nodes) != blocks or (part == "trunk" and "position_ids" not in self._reads):
            raise LinewiseError(
                f"{model.name} has attention of its own or takes no positions, so it cannot read "
                "parts of a text where they stand; use a model such as Llama, Qwen2 or GPT-2"
            )
        self.names = [f"{kind}.{block}" for block in range(blocks) for kind in ("key", "value")]
        heads = [_heads(node) for node in nodes for _ in ("key", "value")]
        width = self._width(model, part, nodes[0].input[1]) if nodes else 0
        self.shapes = [(count, width // count) for count in heads]
        for node, pair in zip(
            nodes, zip(self.names[::2], self.names[1::2], strict=True), strict=True
        ):
            causal = next(each for each in node.attribute if each.name == "is_causal")
            causal.i = 0
            node.input.append(_VISIBLE)
            node.input.extend(f"past.{name}" for name in pair)
            node.output.extend(pair)
        if nodes:
            proto.graph.input.append(_value(_VISIBLE, rank=2, boolean=True))
        proto.graph.input.extend(_value(f"past.{name}") for name in self.names)
        proto.graph.output.extend(_value(name) for name in self.names)
        self._session = _session(model, proto)

    def run(
        self, feed: dict[str, npt.NDArray[Any]], past: Sequence[Floats]
    ) -> tuple[Floats, tuple[Floats, ...]]:
        """Return the part's own output and the longer keys and values."""
        read = {name: array for name, array in feed.items() if name in self._reads}
        read |= {f"past.{name}": array for name, array in zip(self.names, past, strict=True)}
        output, *arrays = self._session.run(None, read)
        return output, tuple(arrays)

    def _width(self, model: TargetModel, part: str, keys: str) -> int:
        """Return how wide the keys of all heads are: a graph need not say, so one token is run."""
        proto = _proto(model, part)
        del proto.graph.output[:]
        proto.graph.output.append(_value(keys, rank=3))
        feed = {
            "input_ids": np.zeros((1, 1), np.int64),
            "position_ids": np.zeros((1, 1), np.int64),
            "deepest": np.zeros((1, 1, model.hidden_size), np.float32),
        }
        session = _session(model, proto)
        reads = {value.name for value in session.get_inputs()}
        found = session.run(None, {name: feed[name] for name in reads})[0]
        return int(found.shape[-1])


def _proto(model: TargetModel, part: str) -> onnx.ModelProto:
    import onnx

    for name in model.manifest.files:
        if name.startswith(f"{part}."):
            cache.verified(model.installed, name)
    return onnx.load(model.installed.folder / f"{part}.onnx", load_external_data=False)


def _heads(node: onnx.NodeProto) -> int:
    return int(next(each.i for each in node.attribute if each.name == "kv_num_heads"))


def _value(name: str, rank: int = 4, *, boolean: bool = False) -> onnx.ValueInfoProto:
    from onnx import TensorProto, helper

    kind = TensorProto.BOOL if boolean else TensorProto.FLOAT
    return helper.make_tensor_value_info(name, kind, [None] * rank)


def _head(model: TargetModel) -> onnxruntime.InferenceSession:
    """Return the head with the log-probabilities of the whole vocabulary in place of entropy."""
    proto = _proto(model, "head")
    node = next(each for each in proto.graph.node if each.op_type == "LogSoftmax")
    for each in proto.graph.node:
        for number, name in enumerate(each.input):
            if name == node.output[0]:
                each.input[number] = _LOGPS
    node.output[0] = _LOGPS
    # ONNX Runtime leaves out what no output needs: here, a pass over the vocabulary for entropy.
    for value in [value for value in proto.graph.output if value.name == "entropy"]:
        proto.graph.output.remove(value)
    proto.graph.output.append(_value(_LOGPS, rank=2))
    return _session(model, proto)


def _session(model: TargetModel, proto: onnx.ModelProto) -> onnxruntime.InferenceSession:
    options = session_options(model.threads)
    options.add_session_config_entry(
        "session.model_external_initializers_file_folder_path", str(model.installed.folder)
    )
    import onnxruntime

    return onnxruntime.InferenceSession(
        proto.SerializeToString(), options, providers=providers.chain_for(model.manifest.scheme)
    )
