"""A tiny server's probe, and sessions with it: one event loop, hand-built capabilities."""

import hashlib
import sys
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import onnx
import pytest
import tiny_server
from lsp_session import Session, capabilities
from onnx import TensorProto, helper, numpy_helper
from tiny_probes import write_tiny_manifest
from tiny_server import BASE, BASE_RATE, serve_in_thread

from linewise.analysis.line_facts import FACTS
from linewise.probe.calibration import Platt


def save(path, nodes, inputs, outputs, constants=()):
    graph = helper.make_graph(nodes, path.stem, inputs, outputs, constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    onnx.save(model, path)
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture(scope="session", autouse=True)
def state_folder(tmp_path_factory):
    """Nothing of what the user calibrated."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LINEWISE_STATE_DIR", str(tmp_path_factory.mktemp("state")))
        yield


@pytest.fixture(scope="session")
def probe(tmp_path_factory):
    """A probe that adds: evidence is the hidden value, a span's logit the sum plus `BASE`."""
    folder = tmp_path_factory.mktemp("probe")
    value = helper.make_tensor_value_info
    files = {
        "probe.onnx": save(
            folder / "probe.onnx",
            [helper.make_node("Identity", ["hidden"], ["evidence"])],
            [value("hidden", TensorProto.FLOAT, ["T", 1])],
            [value("evidence", TensorProto.FLOAT, ["T", 1])],
        ),
        "query.onnx": save(
            folder / "query.onnx",
            [
                helper.make_node("Cast", ["member"], ["mask"], to=TensorProto.FLOAT),
                helper.make_node("MatMul", ["mask", "evidence"], ["sum"]),
                helper.make_node("Add", ["sum", "base"], ["raised"]),
                helper.make_node("Squeeze", ["raised", "axis"], ["logit"]),
            ],
            [
                value("evidence", TensorProto.FLOAT, ["T", 1]),
                value("member", TensorProto.BOOL, ["S", "T"]),
            ],
            [value("logit", TensorProto.FLOAT, ["S"])],
            [
                numpy_helper.from_array(np.array(BASE, np.float32), "base"),
                numpy_helper.from_array(np.array([1], np.int64), "axis"),
            ],
        ),
        # A line is what the query says of it, whatever the facts.
        "lines.onnx": save(
            folder / "lines.onnx",
            [
                helper.make_node("MatMul", ["heads", "first"], ["column"]),
                helper.make_node("Squeeze", ["column", "axis"], ["logit"]),
            ],
            [
                value("facts", TensorProto.FLOAT, ["n", len(FACTS)]),
                value("heads", TensorProto.FLOAT, ["n", 2]),
            ],
            [value("logit", TensorProto.FLOAT, ["n"])],
            [
                numpy_helper.from_array(np.array([[1], [0]], np.float32), "first"),
                numpy_helper.from_array(np.array([1], np.int64), "axis"),
            ],
        ),
    }
    platt = Platt(slope=1.0, intercept=0.0, base_rate=BASE_RATE, n=12_345)
    write_tiny_manifest(folder, files, 1, platt, threshold=0.2)
    return folder


@pytest.fixture
def connect(probe):
    """Open a session with a tiny server in this process; the keyword arguments shape the client."""

    @asynccontextmanager
    async def connected(*, settings=(), debounce=0.05, ready=True, **client):
        session = Session({} if settings == () else settings, capabilities(**client))
        await session.connect(*serve_in_thread(probe, debounce))
        try:
            if ready:
                await session.status("ready")
            yield session
        finally:
            await session.stop()

    return connected


@pytest.fixture
def launch(probe):
    """Open a session with a tiny server in a process of its own."""

    @asynccontextmanager
    async def launched(*, settings=(), debounce=0.05, ready=True, **client):
        session = Session({} if settings == () else settings, capabilities(**client))
        script = Path(tiny_server.__file__)
        await session.start([sys.executable, str(script), str(probe), str(debounce)])
        try:
            if ready:
                await session.status("ready")
            yield session
        finally:
            await session.stop()

    return launched
