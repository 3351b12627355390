"""Quantization schemes: a float32 graph in, a smaller and faster one out.

Measured on the default model, the dynamic int8 kernels run twice as fast as 8-bit weights with
float activations, but a few activation channels are so large that they take the whole int8 range.
``int8-smooth`` moves that range into the weights first (SmoothQuant, arXiv 2211.10438).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime
from attrs import frozen
from onnx import helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer
from onnxruntime.quantization.onnx_model import ONNXModel

from linewise.models.quiet import quiet

Feed = Mapping[str, npt.NDArray[Any]]
ALPHA = 0.75  # share of an activation channel's range that is moved into the weights
HALF_MAX = float(np.finfo(np.float16).max)


@frozen
class Scheme:
    """How to quantize, and the median relative error of hidden states above which to refuse."""

    apply: Callable[[Path, Path, Sequence[Feed]], None]
    bound: float


def _keep(source: Path, target: Path, feeds: Sequence[Feed]) -> None:
    del feeds
    _save(onnx.load(source), target)


def _int8(source: Path, target: Path, feeds: Sequence[Feed]) -> None:
    del feeds
    _dynamic(_loaded(source), target)


def _int8_smooth(source: Path, target: Path, feeds: Sequence[Feed]) -> None:
    model = _loaded(source)
    _smooth(model, _peaks(source, model, feeds))
    _dynamic(model, target)


def _weight_only(bits: int) -> Callable[[Path, Path, Sequence[Feed]], None]:
    def apply(source: Path, target: Path, feeds: Sequence[Feed]) -> None:
        del feeds
        quantizer = MatMulNBitsQuantizer(
            _loaded(source), bits=bits, block_size=32, is_symmetric=True, accuracy_level=4
        )
        with quiet():
            quantizer.process()
        _save(_halve_embeddings(quantizer.model.model), target)

    return apply


SCHEMES: Mapping[str, Scheme] = {
    "fp32": Scheme(_keep, bound=1e-3),
    "int8": Scheme(_int8, bound=0.5),
    "int8-smooth": Scheme(_int8_smooth, bound=0.2),
    "w8": Scheme(_weight_only(8), bound=0.06),
    "w4": Scheme(_weight_only(4), bound=0.35),
}


def _loaded(source: Path) -> onnx.ModelProto:
    """Load a graph with every product of activations and weights written as a MatMul."""
    model = onnx.load(source)
    ONNXModel(model).replace_gemm_with_matmul()  # in place
    return model


def _dynamic(model: onnx.ModelProto, target: Path) -> None:
    before, after = (target.with_name(f"{name}-{target.name}") for name in ("float", "int8"))
    _save(model, before)
    with quiet():
        quantize_dynamic(
            before,
            after,
            weight_type=QuantType.QInt8,
            per_channel=True,
            op_types_to_quantize=["MatMul"],
            use_external_data_format=True,
        )
    quantized = onnx.load(after)
    for path in (before, before.with_suffix(".bin"), after, Path(f"{after}.data")):
        path.unlink(missing_ok=True)
    _save(_halve_embeddings(quantized), target)


def _constant_products(model: onnx.ModelProto) -> list[onnx.NodeProto]:
    weights = {tensor.name for tensor in model.graph.initializer if len(tensor.dims) == 2}
    return [
        node for node in model.graph.node if node.op_type == "MatMul" and node.input[1] in weights
    ]


def _peaks(
    source: Path, model: onnx.ModelProto, feeds: Sequence[Feed]
) -> dict[str, npt.NDArray[np.float32]]:
    """Return the largest magnitude of every channel that enters a MatMul, over all ``feeds``."""
    names = sorted({node.input[0] for node in _constant_products(model)})
    probed = onnx.load(source, load_external_data=False)
    known = {value.name for value in (*probed.graph.input, *probed.graph.output)}
    for name in names:
        if name not in known:
            value = helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None)
            probed.graph.output.append(value)
    # Beside the source, because its weights are found relative to the graph's file.
    path = source.with_name(f"probed-{source.name}")
    onnx.save(probed, path)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    path.unlink()
    inputs = {value.name for value in session.get_inputs()}
    feeds = [{name: array for name, array in feed.items() if name in inputs} for feed in feeds]
    peaks: dict[str, npt.NDArray[np.float32]] = {}
    outputs = [name for name in names if name not in inputs]
    for feed in feeds:
        # Asked for no outputs, a session would return them all.
        computed = session.run(outputs, feed) if outputs else []
        values = dict(feed) | dict(zip(outputs, computed, strict=True))
        for name in names:
            array = values[name]
            peak = np.abs(array.reshape(-1, array.shape[-1])).max(axis=0)
            peaks[name] = np.maximum(peaks.get(name, 0.0), peak)
    return peaks


def _smooth(model: onnx.ModelProto, peaks: Mapping[str, npt.NDArray[np.float32]]) -> None:
    """Divide every MatMul's input channels by a scale and multiply its weight rows by it.

    The scales of one input have geometric mean 1 and are shared by all MatMuls that read it, so
    one Mul serves them all.
    """
    products = _constant_products(model)
    uses = Counter(name for node in model.graph.node for name in node.input)
    tensors = {tensor.name: tensor for tensor in model.graph.initializer}
    readers: defaultdict[str, list[onnx.NodeProto]] = defaultdict(list)
    for node in products:
        readers[node.input[0]].append(node)
    scaled: dict[str, onnx.NodeProto] = {}
    for name, nodes in readers.items():
        if any(uses[node.input[1]] > 1 for node in nodes):
            continue  # a weight with two readers cannot follow the scale of one
        weights = [numpy_helper.to_array(tensors[node.input[1]]) for node in nodes]
        rows = np.max([np.abs(weight).max(axis=1) for weight in weights], axis=0)
        log_scale = ALPHA * np.log(peaks[name].clip(1e-5)) - (1 - ALPHA) * np.log(rows.clip(1e-5))
        scale = np.exp(log_scale - log_scale.mean()).astype(np.float32)
        inverse, smoothed = f"{name}_inverse_scale", f"{name}_smoothed"
        model.graph.initializer.append(numpy_helper.from_array(1 / scale, inverse))
        scaled[nodes[0].output[0]] = helper.make_node("Mul", [name, inverse], [smoothed])
        for node, weight in zip(nodes, weights, strict=True):
            node.input[0] = smoothed
            tensor = numpy_helper.from_array(weight * scale[:, None], node.input[1])
            tensors[node.input[1]].CopyFrom(tensor)
    _insert_before(model, scaled)


def _insert_before(model: onnx.ModelProto, added: Mapping[str, onnx.NodeProto]) -> None:
    """Put each added node before the node that yields the output it is keyed by."""

    def ordered() -> Iterable[onnx.NodeProto]:
        for node in model.graph.node:
            if node.output and node.output[0] in added:
                yield added[node.output[0]]
            yield node

    nodes = list(ordered())
    del model.graph.node[:]
    model.graph.node.extend(nodes)


def _halve_embeddings(model: onnx.ModelProto) -> onnx.ModelProto:
    """Store look-up tables as float16 and cast the rows that are read.

    The default model's table is a third of its file; only a handful of its rows is in use.
    """
    uses = Counter(name for node in model.graph.node for name in node.input)
    tensors = {tensor.name: tensor for tensor in model.graph.initializer}
    nodes = []
    for node in model.graph.node:
        nodes.append(node)
        tensor = tensors.get(node.input[0]) if node.op_type == "Gather" else None
        if (
            tensor is None
            or tensor.data_type != onnx.TensorProto.FLOAT
            or len(tensor.dims) != 2
            or uses[tensor.name] > 1
        ):
            continue
        table = numpy_helper.to_array(tensor)
        if np.abs(table).max() > HALF_MAX:
            continue
        tensor.CopyFrom(numpy_helper.from_array(table.astype(np.float16), tensor.name))
        output = node.output[0]
        node.output[0] = f"{output}_half"
        nodes.append(
            helper.make_node("Cast", [node.output[0]], [output], to=onnx.TensorProto.FLOAT)
        )
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    # Inferred types of values in between would now be wrong, and nothing needs them.
    del model.graph.value_info[:]
    return model


def _save(model: onnx.ModelProto, path: Path) -> None:
    weights = path.with_suffix(".bin")
    weights.unlink(missing_ok=True)  # onnx appends to it
    onnx.save(model, path, save_as_external_data=True, location=weights.name, size_threshold=256)
