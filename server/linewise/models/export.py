"""Torch model to ONNX graphs; the only module, with `convert`, that needs torch and transformers.

A causal language model becomes three graphs, so that scoring pays for no more than it uses:

trunk
    ``input_ids``, ``position_ids`` (int64, B x T) -> ``hidden`` (float32, L x B x T x d): the value
    after each probed transformer block. The blocks above the deepest one are not in it.
tail
    ``deepest``, the last of those values (B x T x d) -> ``final`` (B x T x d), after the last norm.
head
    ``final`` (N x d), ``next_ids`` (int64, N) -> ``logp``, ``entropy`` (float32, N), in nats.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import onnx_ir as ir
import torch
from onnx_ir.convenience import extract
from transformers import AttentionInterface, PreTrainedModel
from transformers.masking_utils import AttentionMaskInterface
from transformers.modeling_outputs import BaseModelOutputWithPastAndCrossAttentions

from linewise.errors import ConversionError
from linewise.models.quiet import first_line, quiet
from linewise.models.traces import drop_traces

OPSET = 23  # the first with the fused Attention operator
_FUSED = "linewise_fused"
_DEEPEST = "deepest"


def _fused_attention(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    _mask: torch.Tensor | None,
    **options: Any,
) -> tuple[torch.Tensor, None]:
    """Emit one causal `Attention` node; only ever called while the model is being exported.

    ``query`` is B x H x T x D, ``key`` and ``value`` B x K x T x D with K dividing H. Exported as
    torch writes it, attention would instead be a dozen nodes and a T x T mask per layer.
    """
    if options.get("s_aux") is not None or not getattr(module, "is_causal", True):
        raise NotImplementedError("attention sinks and two-way attention have no fused operator")
    batch, heads, tokens, size = query.shape
    scale = options.get("scaling")
    flat = [x.transpose(1, 2).flatten(2) for x in (query, key, value)]
    attributes: dict[str, Any] = {
        "q_num_heads": heads,
        "kv_num_heads": key.shape[1],
        "scale": float(size**-0.5 if scale is None else scale),
        "is_causal": 1,
    }
    if options.get("softcap") is not None:
        attributes["softcap"] = float(options["softcap"])
    output = torch.onnx.ops.symbolic(
        "Attention",
        flat,
        attrs=attributes,
        dtype=query.dtype,
        shape=(batch, tokens, heads * value.shape[-1]),
        version=OPSET,
    )
    return output.reshape(batch, tokens, heads, value.shape[-1]), None


AttentionInterface.register(_FUSED, _fused_attention)
AttentionMaskInterface.register(_FUSED, lambda *_, **__: None)


def blocks_of(model: PreTrainedModel) -> torch.nn.ModuleList:
    """Return the transformer blocks of a causal language model, first to last."""
    depth = getattr(model.config.get_text_config(), "num_hidden_layers", None)
    for module in model.base_model.modules():
        if isinstance(module, torch.nn.ModuleList) and len(module) == depth:
            return module
    raise ConversionError(
        f"{type(model).__name__} has no list of {depth} transformer blocks to read hidden states "
        "from; choose a decoder-only model such as Llama, Qwen2 or GPT-2"
    )


@contextmanager
def captured(model: PreTrainedModel, layers: Sequence[int]) -> Iterator[dict[int, torch.Tensor]]:
    """Collect, during a forward pass, the value after each of ``layers`` (blocks from 1)."""
    values: dict[int, torch.Tensor] = {}

    def keep(layer: int) -> Any:
        def hook(_module: torch.nn.Module, _inputs: object, output: Any) -> None:
            values[layer] = output[0] if isinstance(output, tuple) else output

        return hook

    blocks = blocks_of(model)
    handles = [blocks[layer - 1].register_forward_hook(keep(layer)) for layer in layers]
    try:
        yield values
    finally:
        for handle in handles:
            handle.remove()


class _Body(torch.nn.Module):
    """Everything but the vocabulary: the probed hidden states, the deepest one, the final one."""

    def __init__(self, model: PreTrainedModel, layers: Sequence[int]) -> None:
        super().__init__()
        self.model = model
        self.layers = layers
        self.positions = "position_ids" in inspect.signature(model.base_model.forward).parameters

    def forward(
        self, input_ids: torch.Tensor, position_ids: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        positions = {"position_ids": position_ids} if self.positions else {}
        with captured(self.model, self.layers) as values:
            output = self.model.base_model(input_ids=input_ids, use_cache=False, **positions)
        # The deepest is an output of its own so that the graph can be cut there by name.
        deepest = values[self.layers[-1]]
        hidden = torch.stack([values[layer] for layer in self.layers])
        return hidden, deepest, output.last_hidden_state


class _Ready(torch.nn.Module):
    """Stands in for the base model when its final hidden state is already known."""

    def forward(
        self, *_: Any, inputs_embeds: torch.Tensor, **__: Any
    ) -> BaseModelOutputWithPastAndCrossAttentions:
        return BaseModelOutputWithPastAndCrossAttentions(last_hidden_state=inputs_embeds)


class _Head(torch.nn.Module):
    """The model's own path from final hidden state to logits, with whatever it scales or caps."""

    def __init__(self, model: PreTrainedModel) -> None:
        super().__init__()
        self.model = model

    def forward(
        self, final: torch.Tensor, next_ids: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        logits = self.model(inputs_embeds=final[None], use_cache=False).logits[0]
        logps = torch.log_softmax(logits, dim=-1)
        logp = logps.gather(-1, next_ids[:, None])[:, 0]
        return logp, -(logps.exp() * logps).sum(-1)


@contextmanager
def _bypassed(model: PreTrainedModel) -> Iterator[None]:
    """Replace the base model by one that returns the final hidden state it is given."""
    base = model.base_model
    setattr(model, model.base_model_prefix, _Ready())
    try:
        yield
    finally:
        setattr(model, model.base_model_prefix, base)


@contextmanager
def _fused(model: PreTrainedModel) -> Iterator[None]:
    """Let the model emit fused attention, if its code goes through the attention interface."""
    before = model.config._attn_implementation
    if getattr(model, "_supports_attention_backend", False):
        model.set_attn_implementation(_FUSED)
    try:
        yield
    finally:
        model.set_attn_implementation(before)


def export_body(model: PreTrainedModel, layers: Sequence[int], folder: Path) -> None:
    """Write ``trunk.onnx`` and ``tail.onnx`` (with their ``.bin`` weights) in float32.

    ``layers`` ascend; they count transformer blocks from 1.
    """
    ids = torch.arange(2 * 6).reshape(2, 6) % model.config.get_text_config().vocab_size
    positions = torch.arange(6).expand(2, 6)
    batch, tokens = torch.export.Dim.DYNAMIC, torch.export.Dim.DYNAMIC
    axes = {0: batch, 1: tokens}
    with _fused(model):
        graph = _export(
            _Body(model, layers),
            (ids, positions),
            {"input_ids": axes, "position_ids": axes},
            ("hidden", _DEEPEST, "final"),
        )
    _save(extract(graph, ["input_ids", "position_ids"], ["hidden"]), folder / "trunk.onnx")
    _save(extract(graph, [_DEEPEST, "position_ids", "input_ids"], ["final"]), folder / "tail.onnx")


def export_head(model: PreTrainedModel, folder: Path) -> None:
    """Write ``head.onnx`` (with its ``.bin`` weights) in float32."""
    config = model.config.get_text_config()
    rows = {0: torch.export.Dim.DYNAMIC}
    with _bypassed(model):
        graph = _export(
            _Head(model),
            (torch.zeros(6, config.hidden_size), torch.arange(6) % config.vocab_size),
            {"final": rows, "next_ids": rows},
            ("logp", "entropy"),
        )
    _save(graph, folder / "head.onnx")


def _export(
    module: torch.nn.Module,
    example: tuple[torch.Tensor, ...],
    axes: dict[str, dict[int, Any]],
    outputs: Sequence[str],
) -> ir.Graph:
    try:
        with quiet(), torch.no_grad():
            program = torch.onnx.export(
                module.eval(),
                example,
                input_names=list(axes),
                output_names=list(outputs),
                dynamic_shapes=axes,
                opset_version=OPSET,
                verbose=False,
            )
    except Exception as error:
        raise ConversionError(
            "this model's code cannot be exported to ONNX; choose another model, or report this "
            f"cause: {first_line(error.__cause__ or error)}"
        ) from error
    # Typed as optional because the TorchScript exporter writes to a file and returns nothing.
    return cast("torch.onnx.ONNXProgram", program).model.graph


def _save(graph: ir.Graph, path: Path) -> None:
    """Write a graph without the inputs it does not read; weights go to a file beside it.

    Weights outside the protobuf have no 2 GB limit, and ONNX Runtime maps them instead of
    copying them.
    """
    for value in [value for value in graph.inputs if not value.uses()]:
        graph.inputs.remove(value)
    drop_traces(graph)
    ir.save(ir.Model(graph, ir_version=10), path, external_data=f"{path.stem}.bin")
