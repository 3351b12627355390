"""Quantization schemes: from a float32 graph to the one that runs, a registry of functions.

Figures for each, on the probe's quality and on speed: docs/quantization.md.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime as ort
from onnx import helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer
from onnxruntime.quantization.onnx_model import ONNXModel

from linewise.models.quiet import quiet

Feeds = Sequence[Mapping[str, npt.NDArray[np.generic]]]
Scheme = Callable[[onnx.ModelProto, Feeds], onnx.ModelProto]

SMOOTHING = 0.75
"""How much of an outlier channel's range moves into the weights (SmoothQuant's alpha)."""


def quantize(source: Path, target: Path, scheme: str, feeds: Feeds) -> None:
    """Write ``source`` (float32) to ``target`` under ``scheme``; weights go beside it.

    ``feeds`` are typical inputs, on which a scheme may measure the range of activations.
    """
    with quiet():
        model = SCHEMES[scheme](onnx.load(source), feeds)
    weights = f"{target.stem}.bin"
    (target.parent / weights).unlink(missing_ok=True)
    onnx.save(model, target, save_as_external_data=True, location=weights, size_threshold=1024)


def fp32(model: onnx.ModelProto, _feeds: Feeds) -> onnx.ModelProto:
    """Leave the graph as it is."""
    return model


def int8(model: onnx.ModelProto, _feeds: Feeds) -> onnx.ModelProto:
    """Quantize every matrix product to int8: weights per channel, activations as they come."""
    prepared = _prepared(model)
    with tempfile.TemporaryDirectory() as folder:
        before, after = Path(folder) / "before.onnx", Path(folder) / "after.onnx"
        onnx.save(prepared, before, save_as_external_data=True, location="before.bin")
        quantize_dynamic(
            before,
            after,
            weight_type=QuantType.QInt8,
            per_channel=True,
            op_types_to_quantize=["MatMul"],
            use_external_data_format=True,
        )
        return onnx.load(after)


def int8_smooth(model: onnx.ModelProto, feeds: Feeds) -> onnx.ModelProto:
    """Even out the activations' channels first (SmoothQuant, arXiv 2211.10438 eq. 4), then int8."""
    return int8(_smoothed(_prepared(model), feeds), feeds)


def w8(model: onnx.ModelProto, _feeds: Feeds) -> onnx.ModelProto:
    """Quantize weights alone, 8 bits in blocks of 32."""
    return _weight_only(model, bits=8)


def w4(model: onnx.ModelProto, _feeds: Feeds) -> onnx.ModelProto:
    """Quantize weights alone, 4 bits in blocks of 32."""
    return _weight_only(model, bits=4)


SCHEMES: Mapping[str, Scheme] = {
    "fp32": fp32,
    "int8": int8,
    "int8-smooth": int8_smooth,
    "w8": w8,
    "w4": w4,
}


def _prepared(model: onnx.ModelProto) -> onnx.ModelProto:
    """Turn Gemm into MatMul, which alone has dynamic int8, and halve the embedding table."""
    wrapped = ONNXModel(model)
    wrapped.replace_gemm_with_matmul()
    _halve_embeddings(wrapped.model.graph)
    return wrapped.model


def _halve_embeddings(graph: onnx.GraphProto) -> None:
    """Keep tables that rows are looked up in as float16: half the memory, cast after look-up."""
    tables = {each.name: each for each in graph.initializer}
    uses = [name for node in graph.node for name in node.input]
    for index, node in reversed(list(enumerate(graph.node))):
        table = tables.get(node.input[0]) if node.op_type == "Gather" else None
        if table is None or table.data_type != onnx.TensorProto.FLOAT or len(table.dims) != 2:
            continue
        if uses.count(table.name) > 1:
            continue
        values = numpy_helper.to_array(table).astype(np.float16)
        table.CopyFrom(numpy_helper.from_array(values, table.name))
        output, half = node.output[0], f"{node.output[0]}_half"
        node.output[0] = half
        cast = helper.make_node("Cast", [half], [output], to=onnx.TensorProto.FLOAT)
        graph.node.insert(index + 1, cast)
    # Shapes and types stated for values in between are no longer true.
    del graph.value_info[:]


def _smoothed(model: onnx.ModelProto, feeds: Feeds) -> onnx.ModelProto:
    """Divide each matrix product's input channels by s and multiply its weights' rows by s.

    ``s_j = max|x_j|^a / max|w_j|^(1-a)``, normalized to geometric mean 1. Products of the same
    input share one s, so one elementwise product per input is all it costs.
    """
    graph = model.graph
    weights = {each.name: each for each in graph.initializer}
    products: dict[str, list[onnx.NodeProto]] = {}
    for node in graph.node:
        if node.op_type == "MatMul" and node.input[1] in weights:
            products.setdefault(node.input[0], []).append(node)
    ranges = _ranges(model, list(products), feeds)
    before: dict[str, onnx.NodeProto] = {}
    for name, nodes in products.items():
        matrices = [numpy_helper.to_array(weights[node.input[1]]) for node in nodes]
        widest = np.max([np.abs(matrix).max(axis=1) for matrix in matrices], axis=0)
        scale = np.maximum(ranges[name], 1e-5) ** SMOOTHING
        scale /= np.maximum(widest, 1e-5) ** (1 - SMOOTHING)
        scale = (scale / np.exp(np.log(scale).mean())).astype(np.float32)
        divisor, divided = f"{name}_smoothing", f"{name}_smoothed"
        graph.initializer.append(numpy_helper.from_array(1 / scale, divisor))
        before[nodes[0].output[0]] = helper.make_node("Mul", [name, divisor], [divided])
        for node, matrix in zip(nodes, matrices, strict=True):
            # A copy under a new name: another node may read the same weights.
            scaled = f"{node.input[1]}_{divided}"
            graph.initializer.append(numpy_helper.from_array(matrix * scale[:, None], scaled))
            node.input[0], node.input[1] = divided, scaled
    ordered = [
        onnx.NodeProto.FromString(each.SerializeToString())
        for node in graph.node
        for each in (before.get(node.output[0]), node)
        if each is not None
    ]
    del graph.node[:]
    graph.node.extend(ordered)
    _drop_unused(graph)
    return model


def _ranges(
    model: onnx.ModelProto, names: Sequence[str], feeds: Feeds
) -> dict[str, npt.NDArray[np.float64]]:
    """Return max|x| per channel of each named value, over the feeds."""
    watched = onnx.ModelProto()
    watched.CopyFrom(model)
    stated = {each.name for each in (*watched.graph.input, *watched.graph.output)}
    for name in names:
        if name not in stated:
            watched.graph.output.append(helper.make_tensor_value_info(name, 1, None))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "watched.onnx"
        onnx.save(watched, path, save_as_external_data=True, location="watched.bin")
        options = ort.SessionOptions()
        options.log_severity_level = 3
        session = ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        ranges: dict[str, npt.NDArray[np.float64]] = {}
        for feed in feeds:
            for name, value in zip(names, session.run(list(names), dict(feed)), strict=True):
                widest = np.abs(value.reshape(-1, value.shape[-1])).max(axis=0)
                ranges[name] = np.maximum(ranges.get(name, 0.0), widest)
    return ranges


def _drop_unused(graph: onnx.GraphProto) -> None:
    used = {name for node in graph.node for name in node.input}
    kept = [each for each in graph.initializer if each.name in used]
    del graph.initializer[:]
    graph.initializer.extend(kept)


def _weight_only(model: onnx.ModelProto, bits: int) -> onnx.ModelProto:
    quantizer = MatMulNBitsQuantizer(
        _prepared(model), bits=bits, block_size=32, is_symmetric=True, accuracy_level=4
    )
    quantizer.process()
    result: onnx.ModelProto = quantizer.model.model
    return result
