"""From a trained probe to the ONNX graphs the product runs, checked against what was trained."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime as ort
import torch
from torch import Tensor, nn

from linewise.errors import ConversionError
from linewise.lab.training.heads import Head
from linewise.lab.training.line_model import LineModel
from linewise.lab.training.tree_graph import write_lines_graph
from linewise.models.quiet import quiet
from linewise.models.traces import drop_traces

TOLERANCE = 1e-5
TREE_TOLERANCE = 1e-4
"""Hundreds of leaves are summed in single precision."""

Float32s = npt.NDArray[np.float32]


class _Project(nn.Module):
    def __init__(self, head: Head) -> None:
        super().__init__()
        self.head = head

    def forward(self, hidden: Tensor) -> Tensor:
        return self.head.project(hidden)


class _Read(nn.Module):
    def __init__(self, head: Head) -> None:
        super().__init__()
        self.head = head

    def forward(self, evidence: Tensor, member: Tensor) -> Tensor:
        return self.head.read(evidence, member)


def export_head(head: Head, folder: Path) -> dict[str, str]:
    """Write ``probe.onnx`` and ``query.onnx``; return their SHA-256 by file name.

    Raises
    ------
    ConversionError
        If either graph differs from torch by more than 1e-5 on standard-normal evidence.
    """
    tokens = torch.export.Dim("tokens", min=1)
    spans = torch.export.Dim("spans", min=1)
    hidden = head.mean + head.scale * torch.randn(7, len(head.mean))
    member = torch.rand(3, 7) < 0.5
    member[:, 0] = True
    evidence = head.project(hidden).detach()
    folder.mkdir(parents=True, exist_ok=True)
    probe, query = folder / "probe.onnx", folder / "query.onnx"
    _export(
        _Project(head),
        example=(hidden,),
        inputs=["hidden"],
        output="evidence",
        shapes=[{0: tokens}],
        path=probe,
    )
    _export(
        _Read(head),
        example=(evidence, member),
        inputs=["evidence", "member"],
        output="logit",
        shapes=[{0: tokens}, {0: spans, 1: tokens}],
        path=query,
    )
    _check(probe, {"hidden": hidden}, evidence)
    _check(query, {"evidence": evidence, "member": member}, head.read(evidence, member).detach())
    return _digests(probe, query)


def export_line_model(model: LineModel, facts: Float32s, folder: Path) -> dict[str, str]:
    """Write ``lines.onnx``; return its SHA-256 by file name. ``facts`` (n, F) are examples.

    Raises
    ------
    ConversionError
        If the graph's logits differ by more than 1e-4 from the model's on the examples.
    """
    path = folder / "lines.onnx"
    write_lines_graph(model, facts.shape[1], path)
    heads = np.random.default_rng(0).normal(size=(len(facts), 2)).astype(np.float32)
    feed = {"facts": torch.from_numpy(facts), "heads": torch.from_numpy(heads)}
    _check(path, feed, torch.from_numpy(model(facts, heads)), TREE_TOLERANCE)
    return _digests(path)


def _digests(*paths: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


def _export(
    module: nn.Module,
    *,
    example: tuple[Tensor, ...],
    inputs: list[str],
    output: str,
    shapes: list[dict[int, object]],
    path: Path,
) -> None:
    with quiet():
        program = torch.onnx.export(
            module.eval(),
            example,
            dynamo=True,
            input_names=inputs,
            output_names=[output],
            dynamic_shapes=tuple(shapes),
            external_data=False,
        )
    assert program is not None  # noqa: S101 - dynamo exports always return a program
    drop_traces(program.model.graph)
    program.save(path)


def _check(
    path: Path, feed: dict[str, Tensor], expected: Tensor, tolerance: float = TOLERANCE
) -> None:
    session = ort.InferenceSession(path, providers=["CPUExecutionProvider"])
    actual = session.run(None, {name: value.numpy() for name, value in feed.items()})[0]
    error = float(np.abs(actual - expected.numpy()).max())
    if error > tolerance:
        raise ConversionError(
            f"{path.name} differs from what was trained by {error:.1e}, more than {tolerance:.0e}: "
            "it uses an operation ONNX Runtime computes otherwise; report this probe"
        )
