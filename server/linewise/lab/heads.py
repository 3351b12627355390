"""Probe heads (arXiv 2512.24560 §2.2): project each token once, pool over any span, read out.

A head is two modules, because the product runs them apart: ``project`` once per unit,
``read`` for every span asked about.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


class MaxPoolHead(nn.Module):
    """Dropout → Linear(d, h) → GELU → max over the span → Linear(h, 1).

    ``mean`` and ``scale`` (d,) standardize the hidden states: a few channels of a language model
    are hundreds of times larger than the rest, and would drown them.
    """

    mean: Tensor
    scale: Tensor

    def __init__(self, mean: Tensor, scale: Tensor, width: int = 32, dropout: float = 0.2) -> None:
        super().__init__()
        self.register_buffer("mean", mean)
        self.register_buffer("scale", scale)
        self.dropout = nn.Dropout(dropout)
        self.down = nn.Linear(len(mean), width)
        self.out = nn.Linear(width, 1)

    def project(self, hidden: Tensor) -> Tensor:
        """Return evidence (T, h) for hidden states (T, d)."""
        standard = (hidden - self.mean) / self.scale
        return torch.nn.functional.gelu(self.down(self.dropout(standard)))

    def read(self, evidence: Tensor, member: Tensor) -> Tensor:
        """Return logits (S,) of spans given as membership (S, T) over evidence (T, h)."""
        floor = torch.finfo(evidence.dtype).min
        pooled = torch.where(member[:, :, None], evidence[None], floor).amax(dim=1)
        logits: Tensor = self.out(pooled)
        return logits.squeeze(-1)

    def read_ranges(self, evidence: Tensor, ranges: Tensor) -> Tensor:
        """Return logits (S,) of contiguous spans given as rows (first, end): `read`, in training.

        Takes memory in the number of tokens covered, not spans times tokens.
        """
        lengths = ranges[:, 1] - ranges[:, 0]
        owner = torch.repeat_interleave(torch.arange(len(ranges)), lengths)
        offset = torch.arange(int(lengths.sum())) - torch.repeat_interleave(
            torch.cumsum(lengths, 0) - lengths, lengths
        )
        tokens = evidence[ranges[owner, 0] + offset]
        pooled = torch.segment_reduce(tokens, "max", lengths=lengths)
        logits: Tensor = self.out(pooled)
        return logits.squeeze(-1)
