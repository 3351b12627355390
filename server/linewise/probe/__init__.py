"""Probe inference: hidden states → evidence per token → calibrated probability of any span."""
