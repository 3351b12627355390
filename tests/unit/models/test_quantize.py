"""Every scheme on a real exported graph."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from attrs import evolve

from linewise.models import manifest
from linewise.models.cache import InstalledModel, sha256
from linewise.models.manifest import FileEntry
from linewise.models.quantize import SCHEMES
from linewise.models.runtime import TargetModel

RNG = np.random.default_rng(0)
CALIBRATION = {"input_ids": RNG.integers(1, 384, (1, 200)), "position_ids": np.arange(200)[None]}
IDS = RNG.integers(1, 384, 120)


@pytest.fixture
def quantized(installed, tmp_path):
    """A function: scheme, kind -> (float32 model, its twin with a quantized trunk)."""

    def make(scheme, kind="llama"):
        exact = installed(kind)
        folder = tmp_path / "quantized"
        folder.mkdir()
        for path in exact.folder.iterdir():
            if not path.name.startswith("trunk"):
                (folder / path.name).write_bytes(path.read_bytes())
        source = exact.folder / "trunk.onnx"
        SCHEMES[scheme].apply(source, folder / "trunk.onnx", [CALIBRATION])
        files = {
            path.name: FileEntry(sha256(path), path.stat().st_size)
            for path in folder.iterdir()
            if path.name != manifest.FILE
        }
        changed = evolve(exact.manifest, files=files, scheme=scheme)
        return TargetModel(exact), TargetModel(InstalledModel(folder, changed))

    return make


def error(exact, other):
    expected, found = (model.hidden_states(IDS)[0] for model in (exact, other))
    return np.median(np.linalg.norm(found - expected, axis=-1) / np.linalg.norm(expected, axis=-1))


# Processors without these instructions let sums of two products saturate; tiny models with random
# weights, which nothing was trained to make small, lose the most by it.
EXACT_SUMS = not (CPU := Path("/proc/cpuinfo")).exists() or "vnni" in CPU.read_text("utf-8")


@pytest.mark.parametrize("kind", ["llama", "gpt2", "bloom"])
@pytest.mark.parametrize("scheme", SCHEMES)
def test_stays_close(scheme, kind, quantized):
    room = 1.0 if EXACT_SUMS or not scheme.startswith("int8") else 2.0
    assert error(*quantized(scheme, kind)) <= room * SCHEMES[scheme].bound


def graph(model):
    return onnx.load(model._installed.folder / "trunk.onnx")


@pytest.mark.parametrize("scheme", ["int8", "int8-smooth"])
@pytest.mark.parametrize("kind", ["llama", "gpt2"])
def test_every_product_becomes_an_integer_one(scheme, kind, quantized):
    model = graph(quantized(scheme, kind)[1])
    operators = [node.op_type for node in model.graph.node]
    assert "MatMulInteger" in operators
    assert "Gemm" not in operators
    weights = {tensor.name for tensor in model.graph.initializer}
    assert not [n for n in model.graph.node if n.op_type == "MatMul" and n.input[1] in weights]


def test_exact_scheme_is_exact(quantized):
    assert error(*quantized("fp32")) == 0


@pytest.mark.parametrize("scheme", ["int8", "int8-smooth", "w8", "w4"])
def test_embeddings_take_half_the_room(scheme, quantized):
    model = graph(quantized(scheme)[1])
    tables = [t for t in model.graph.initializer if list(t.dims) == [384, 32]]
    assert [table.data_type for table in tables] == [onnx.TensorProto.FLOAT16]


def test_leaves_nothing_but_the_graph_and_its_weights(quantized):
    folder = quantized("int8-smooth")[1]._installed.folder
    assert {path.name for path in folder.glob("*trunk*")} == {"trunk.onnx", "trunk.bin"}


def test_smoothing_saves_what_an_outlier_costs(installed, tmp_path):
    """A channel a hundred times the others: the int8 grid alone loses the others."""
    weight = RNG.normal(size=(32, 16)).astype(np.float32)
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("MatMul", ["x", "w"], ["y"])],
        "product",
        [onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, ["t", 32])],
        [onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, ["t", 16])],
        [onnx.numpy_helper.from_array(weight, "w")],
    )
    source = tmp_path / "source.onnx"
    opset = [onnx.helper.make_opsetid("", 23)]
    onnx.save(onnx.helper.make_model(graph, opset_imports=opset, ir_version=10), source)
    x = RNG.normal(size=(64, 32)).astype(np.float32)
    x[:, 5] *= 100
    errors = {}
    for scheme in ("int8", "int8-smooth"):
        target = tmp_path / f"{scheme}.onnx"
        SCHEMES[scheme].apply(source, target, [{"x": x}])
        import onnxruntime

        session = onnxruntime.InferenceSession(target, providers=["CPUExecutionProvider"])
        errors[scheme] = np.abs(session.run(None, {"x": x})[0] - x @ weight).mean()
    assert errors["int8-smooth"] < errors["int8"] / 3
