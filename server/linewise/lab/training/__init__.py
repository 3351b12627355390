"""Probes: heads on activations, the line model on top, and how they become ONNX."""
