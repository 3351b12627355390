"""The target model's own doubt: improbable lines, or lines where it was undecided.

Highlighting by these did nothing for programmers (arXiv 2302.07248); they are the bar any
supervised method must clear. How tokens make up a line is varied as in arXiv 2512.24560 §2.4.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from attrs import frozen

from linewise.analysis.code_lines import code_lines
from linewise.analysis.syntax import parse
from linewise.lab.baselines.surprisal import SurprisalCache
from linewise.lab.data import Document

Floats = npt.NDArray[np.float64]
Reduce = Callable[[Floats, Floats], float]
"""From a line's log-probabilities and entropies (nats) to a number in [0, 1]."""


def geometric_mean(logp: Floats, _entropy: Floats) -> float:
    """Return 1 - the geometric mean of the probabilities."""
    return float(1.0 - np.exp(logp.mean()))


def arithmetic_mean(logp: Floats, _entropy: Floats) -> float:
    """Return 1 - the mean of the probabilities."""
    return float(1.0 - np.exp(logp).mean())


def least(logp: Floats, _entropy: Floats) -> float:
    """Return 1 - the least probability."""
    return float(1.0 - np.exp(logp.min()))


def mean_entropy(_logp: Floats, entropy: Floats) -> float:
    """Return 1 - exp(-mean entropy): the doubt of a choice among so many equals."""
    return float(1.0 - np.exp(-entropy.mean()))


@frozen(eq=False)
class ModelDoubt:
    """Scores a line by what the target model predicted where its tokens stand."""

    cache: SurprisalCache
    reduce: Reduce

    def lines(self, doc: Document) -> dict[int, float]:
        """Return a number in [0, 1] per code line that has tokens."""
        syntax = parse(doc.text)
        tokens = self.cache.get(doc.text)
        found = {}
        for line, at in tokens.by_line(syntax.lines, code_lines(syntax)).items():
            known = at[np.isfinite(tokens.logp[at])]
            found[line] = (
                self.reduce(tokens.logp[known], tokens.entropy[known])
                if len(known)
                else float("nan")
            )
        return found
