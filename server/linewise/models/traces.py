"""What torch's exporter leaves in a graph beside the computation."""

from __future__ import annotations

import onnx_ir as ir


def drop_traces(graph: ir.Graph) -> None:
    """Remove the stack trace of every node: they name the files of whoever exported it."""
    for node in graph.all_nodes():
        node.metadata_props.clear()
