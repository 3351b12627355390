"""Probe heads (arXiv 2512.24560 §2.2): project each token once, pool over any span, read out.

A head is two functions, because the product runs them apart: ``project`` once per unit, ``read``
for every span asked about. They differ in how they pool; `HEADS` names them.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

VOTES = 4
"""How many pieces the attention head divides its evidence into, each pooled by its own votes."""


class Head(nn.Module):
    """Dropout → Linear(d, h) → GELU → pool over the span → Linear(pooled, 1).

    ``mean`` and ``scale`` (d,) standardize the hidden states: a few channels of a language model
    are hundreds of times larger than the rest, and would drown them. Dropout takes whole channels
    for a batch: as good a regularizer as taking single values, and far cheaper.
    """

    mean: Tensor
    scale: Tensor

    def __init__(self, mean: Tensor, scale: Tensor, width: int = 32, dropout: float = 0.2) -> None:
        super().__init__()
        self.register_buffer("mean", mean)
        self.register_buffer("scale", scale)
        self.dropout = dropout
        self.down = nn.Linear(len(mean), width)
        self.out = nn.Linear(self.pooled_width(width), 1)

    def pooled_width(self, width: int) -> int:
        """Return how many numbers are left of ``width`` after pooling."""
        return width

    def pool(self, evidence: Tensor, member: Tensor) -> Tensor:
        """Return (S, pooled) of spans given as membership (S, T) over evidence (T, h)."""
        raise NotImplementedError

    def pool_runs(self, evidence: Tensor, lengths: Tensor) -> Tensor:
        """Return (S, pooled) of runs of tokens that lie one after the other: `pool`, in training.

        Takes memory in the number of tokens covered, not spans times tokens.
        """
        raise NotImplementedError

    def project(self, hidden: Tensor) -> Tensor:
        """Return evidence (T, h) for hidden states (T, d)."""
        if self.training:
            return torch.nn.functional.gelu(self._project_without_some(hidden))
        return torch.nn.functional.gelu(self.down((hidden - self.mean) / self.scale))

    def each(self, evidence: Tensor) -> Tensor:
        """Return the logits (T,) of single tokens with evidence (T, h)."""
        logits: Tensor = self.out(self.pool_single(evidence))
        return logits.squeeze(-1)

    def pool_single(self, evidence: Tensor) -> Tensor:
        """Return (T, pooled) of spans of one token each."""
        return evidence

    def _project_without_some(self, hidden: Tensor) -> Tensor:
        # Standardizing and dropping channels of the weights, not of all the states they meet,
        # is the same sum and spares most of the time of training.
        kept = torch.rand(len(self.mean)) >= self.dropout
        weight = self.down.weight / self.scale * (kept / (1.0 - self.dropout))
        return torch.nn.functional.linear(hidden, weight, self.down.bias - weight @ self.mean)

    def read(self, evidence: Tensor, member: Tensor) -> Tensor:
        """Return logits (S,) of spans given as membership (S, T) over evidence (T, h)."""
        logits: Tensor = self.out(self.pool(evidence, member))
        return logits.squeeze(-1)

    def read_ranges(self, evidence: Tensor, ranges: Tensor) -> Tensor:
        """Return logits (S,) of contiguous spans given as rows (first, end)."""
        lengths = ranges[:, 1] - ranges[:, 0]
        before = torch.repeat_interleave(torch.cumsum(lengths, 0) - lengths, lengths)
        firsts = torch.repeat_interleave(ranges[:, 0], lengths)
        tokens = evidence[firsts + torch.arange(len(firsts)) - before]
        logits: Tensor = self.out(self.pool_runs(tokens, lengths))
        return logits.squeeze(-1)


class MaxPoolHead(Head):
    """Each channel speaks for the token that raises it most: the paper's default."""

    def pool(self, evidence: Tensor, member: Tensor) -> Tensor:  # noqa: D102
        floor = torch.finfo(evidence.dtype).min
        return torch.where(member[:, :, None], evidence[None], floor).amax(dim=1)

    def pool_runs(self, evidence: Tensor, lengths: Tensor) -> Tensor:  # noqa: D102
        return torch.segment_reduce(evidence, "max", lengths=lengths)


class MeanPoolHead(Head):
    """All tokens speak alike."""

    def pool(self, evidence: Tensor, member: Tensor) -> Tensor:  # noqa: D102
        weight = member.to(evidence.dtype)
        return (weight @ evidence) / weight.sum(dim=1, keepdim=True)

    def pool_runs(self, evidence: Tensor, lengths: Tensor) -> Tensor:  # noqa: D102
        return torch.segment_reduce(evidence, "mean", lengths=lengths)


class AttentionPoolHead(Head):
    """Tokens speak by votes: the paper's "4-head" pooling.

    The first `VOTES` channels are votes; each weighs, by softmax over the span, a quarter of the
    channels that are left.
    """

    def pooled_width(self, width: int) -> int:  # noqa: D102
        return width - VOTES

    def pool_single(self, evidence: Tensor) -> Tensor:  # noqa: D102
        return evidence[:, VOTES:]

    def pool(self, evidence: Tensor, member: Tensor) -> Tensor:  # noqa: D102
        floor = torch.finfo(evidence.dtype).min
        votes = torch.where(member[:, :, None], evidence[None, :, :VOTES], floor).softmax(dim=1)
        values = torch.unflatten(evidence[:, VOTES:], 1, (VOTES, -1))
        return torch.einsum("stv,tvw->svw", votes, values).flatten(1)

    def pool_runs(self, evidence: Tensor, lengths: Tensor) -> Tensor:  # noqa: D102
        owner = torch.repeat_interleave(torch.arange(len(lengths)), lengths)
        votes = evidence[:, :VOTES]
        most = torch.segment_reduce(votes.detach(), "max", lengths=lengths)
        raw = (votes - most[owner]).exp()
        weight = raw / torch.segment_reduce(raw, "sum", lengths=lengths)[owner]
        values = torch.unflatten(evidence[:, VOTES:], 1, (VOTES, -1)) * weight[:, :, None]
        return torch.segment_reduce(values.flatten(1), "sum", lengths=lengths)


HEADS: dict[str, type[Head]] = {
    "max": MaxPoolHead,
    "mean": MeanPoolHead,
    "attention": AttentionPoolHead,
}
"""Heads by the name of their pooling."""
