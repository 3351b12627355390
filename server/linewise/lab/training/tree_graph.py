"""A line model as an ONNX graph: trees, then a weighted sum."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from onnx import TensorProto, checker, helper, numpy_helper, save

from linewise.lab.training.line_model import LineModel

OPSETS = {"": 18, "ai.onnx.ml": 3}


def write_lines_graph(model: LineModel, facts: int, path: Path) -> None:
    """Write ``lines.onnx``: facts (n, F) and heads (n, 2) to logit (n,)."""
    trees = helper.make_node(
        "TreeEnsembleRegressor",
        ["facts"],
        ["margin"],
        domain="ai.onnx.ml",
        n_targets=1,
        post_transform="NONE",
        # The base value stands in the weighted sum, where no tree's rounding touches it.
        **_ensemble(model.trees._predictors),
    )
    weights = np.array(model.weights, np.float32)[:, None]
    baseline = float(np.ravel(model.trees._baseline_prediction)[0])
    bias = np.array([model.bias + model.weights[0] * baseline], np.float32)
    graph = helper.make_graph(
        [
            trees,
            helper.make_node("Concat", ["margin", "heads"], ["table"], axis=1),
            helper.make_node("MatMul", ["table", "weights"], ["weighed"]),
            helper.make_node("Add", ["weighed", "bias"], ["column"]),
            helper.make_node("Squeeze", ["column", "axis"], ["logit"]),
        ],
        "lines",
        [
            helper.make_tensor_value_info("facts", TensorProto.FLOAT, ["lines", facts]),
            helper.make_tensor_value_info("heads", TensorProto.FLOAT, ["lines", 2]),
        ],
        [helper.make_tensor_value_info("logit", TensorProto.FLOAT, ["lines"])],
        [
            numpy_helper.from_array(weights, "weights"),
            numpy_helper.from_array(bias, "bias"),
            numpy_helper.from_array(np.array([1], np.int64), "axis"),
        ],
    )
    opsets = [helper.make_opsetid(domain, version) for domain, version in OPSETS.items()]
    proto = helper.make_model(graph, opset_imports=opsets, ir_version=10)
    checker.check_model(proto)
    save(proto, path)


def _ensemble(predictors: list[list[Any]]) -> dict[str, Any]:
    """Return the operator's attributes: every node of every tree in one row of numbers."""
    names = ("featureids", "values", "truenodeids", "falsenodeids", "missing_value_tracks_true")
    columns: dict[str, list[npt.NDArray[Any]]] = {name: [] for name in names}
    trees, numbers, modes = [], [], []
    target_trees, target_nodes, target_weights = [], [], []
    for tree, (predictor,) in enumerate(predictors):
        nodes = predictor.nodes
        leaf = nodes["is_leaf"].astype(bool)
        trees.append(np.full(len(nodes), tree))
        numbers.append(np.arange(len(nodes)))
        modes += ["LEAF" if each else "BRANCH_LEQ" for each in leaf]
        columns["featureids"].append(np.where(leaf, 0, nodes["feature_idx"]))
        columns["values"].append(np.where(leaf, 0.0, _floor(nodes["num_threshold"])))
        columns["truenodeids"].append(np.where(leaf, 0, nodes["left"]))
        columns["falsenodeids"].append(np.where(leaf, 0, nodes["right"]))
        columns["missing_value_tracks_true"].append(np.where(leaf, 0, nodes["missing_go_to_left"]))
        target_trees.append(np.full(leaf.sum(), tree))
        target_nodes.append(np.flatnonzero(leaf))
        target_weights.append(nodes["value"][leaf])
    whole = {f"nodes_{name}": np.concatenate(found) for name, found in columns.items()}
    values = whole.pop("nodes_values").astype(float).tolist()
    return {
        **{name: found.astype(int).tolist() for name, found in whole.items()},
        "nodes_values": values,
        "nodes_modes": modes,
        "nodes_treeids": np.concatenate(trees).tolist(),
        "nodes_nodeids": np.concatenate(numbers).tolist(),
        "target_ids": [0] * sum(map(len, target_nodes)),
        "target_treeids": np.concatenate(target_trees).tolist(),
        "target_nodeids": np.concatenate(target_nodes).tolist(),
        "target_weights": np.concatenate(target_weights).astype(float).tolist(),
    }


def _floor(thresholds: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the largest float32 not above each threshold: every float32 falls on the same side."""
    with np.errstate(over="ignore"):
        near = thresholds.astype(np.float32)
    lower = np.nextafter(near, np.float32(-np.inf))
    return np.where(near > thresholds, lower, near).astype(np.float64)
