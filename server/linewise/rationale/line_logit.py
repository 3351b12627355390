"""How much of a line's logit is owed to facts, and how much to what the head read.

The lines graph answers L(facts, heads). With the n code lines of the file as background, two
players, the line's facts f and the head's logits h, have the coalition values

    v(∅) = mean of L(f[j], h[j])    v(f) = mean of L(f, h[j])
    v(h) = mean of L(f[j], h)       v(f, h) = L(f, h)

and their shares are the Shapley values, ½ (v(f) - v(∅) + v(f, h) - v(h)) and so on. They add up
to L(f, h) - v(∅) whatever the graph is; where it is a sum of both, as the shipped one, each share
is what its own term differs by from the file's mean.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from linewise.probe.runtime import Float32s, Probe
from linewise.rationale.explanation import LogitShares


def logit_shares(probe: Probe, facts: Float32s, heads: Float32s, row: int) -> LogitShares:
    """Return what moves the logit of line ``row`` among n lines, from (n, F) and (n, 2).

    Costs 4 n evaluations of the lines graph.
    """

    def mean(some_facts: npt.NDArray[np.float32], some_heads: npt.NDArray[np.float32]) -> float:
        return float(probe.line_logits(some_facts, some_heads).astype(np.float64).mean())

    own_facts = np.broadcast_to(facts[row], facts.shape).copy()
    own_heads = np.broadcast_to(heads[row], heads.shape).copy()
    neither, both = mean(facts, heads), mean(own_facts, own_heads)
    with_facts, with_heads = mean(own_facts, heads), mean(facts, own_heads)
    return LogitShares(
        logit=both,
        mean=neither,
        facts=(with_facts - neither + both - with_heads) / 2,
        head=(with_heads - neither + both - with_facts) / 2,
    )
