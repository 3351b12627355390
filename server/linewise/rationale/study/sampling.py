"""A balanced draw: equal shares of each stratum, and within them of each file and unit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence

import numpy as np

Keys = Sequence[Hashable]


def balanced(keys: Sequence[Keys], count: int, seed: int = 0) -> list[int]:
    """Draw up to ``count`` positions of ``keys`` without replacement; the same for one ``seed``.

    A key is a candidate's labels, the most important first: (stratum, file, unit), say. Each draw
    takes a candidate whose first label was drawn least so far, among those one whose second was,
    and so on; what is still equal is left to chance. So shares are equal until labels run out.
    """
    ranks = np.random.default_rng(seed).permutation(len(keys)).tolist()
    left = set(range(len(keys)))
    drawn: Counter[tuple[int, Hashable]] = Counter()

    def order(number: int) -> tuple[list[int], int]:
        return [drawn[level, label] for level, label in enumerate(keys[number])], ranks[number]

    chosen = []
    for _ in range(min(count, len(keys))):
        best = min(left, key=order)
        left.remove(best)
        drawn.update(enumerate(keys[best]))
        chosen.append(best)
    return chosen
