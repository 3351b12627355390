"""What an explanation of a line holds: the payload that the command line and the hover render.

Lines and columns count from 0 and in code points; the command line adds one when it prints.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from attrs import field, frozen

from linewise.analysis.names import NameProblem
from linewise.rationale.study.target import Target


@frozen
class WeighedToken:
    """A token of what the model read, and how much it weighs.

    ``text`` stands at ``column`` of ``line``; model tokens that share a character are one.
    ``category`` is empty where the language has none.
    """

    text: str
    line: int
    column: int
    weight: float
    category: str = ""


@frozen
class CategoryShare:
    """A category of tokens: its ``share`` (0 to 1) of all absolute weight.

    ``weight`` is the sum of its ``tokens`` tokens' signed weights.
    """

    name: str
    group: str
    share: float
    weight: float
    tokens: int


@frozen
class Against:
    """A figure of the rationale beside the mean of random rationales of the same sizes.

    ``beaten`` (0 to 1) is the share of random ones that do worse; equal ones count half.
    """

    value: float
    random: float
    beaten: float


@frozen
class Trust:
    """The deletion tests of a rationale, in the unit of the weights, each a mean over ``fractions``.

    ``sufficiency`` is the score from the rationale's tokens alone, ``comprehensiveness`` what the
    score loses without them. Both are None, with a ``reason``, where no token is free to be left
    out.
    """

    fractions: tuple[float, ...]
    sufficiency: Against | None
    comprehensiveness: Against | None
    reason: str | None = None


@frozen
class Stability:
    """Whether harmless rewrites of the code leave the explanation as it is.

    ``snr`` is the first-order signal-to-noise ratio (`noise.snr`) of the categories' weights over
    ``repetitions`` (the code as it is and its rewrites), ``rank_snr`` that of their order, 0 to ∞.
    ``reliability`` (0 to 1) is the correlation to expect between two of them. Where there is no
    ratio, they are None and ``reason`` says why.
    """

    snr: float | None
    rank_snr: float | None
    reliability: float | None
    repetitions: int
    reason: str | None = None


@frozen
class Predicted:
    """A token that was explained, and whether its greedy rationale made it the most probable.

    ``rationale`` are the tokens it took, in the order they were added.
    """

    text: str
    line: int
    column: int
    reached_argmax: bool
    rationale: tuple[WeighedToken, ...]


@frozen
class LogitShares:
    """What moves a line's logit away from the mean over the file's code lines (`line_logit`).

    ``logit`` = ``mean`` + ``facts`` + ``head``, in log-odds before calibration.
    """

    logit: float
    mean: float
    facts: float
    head: float


@frozen(eq=False)
class Explanation:
    """Why a line was given its logit, or what its tokens are predicted from.

    ``tokens`` are in reading order. ``categories``, by descending share, are empty if
    ``without_categories`` says why. ``predicted`` is filled by greedy methods only. ``weights``
    (N, T) are those of the model's own tokens, nan where there is none.
    """

    line: int
    unit: str
    target: Target
    method: str
    weight_unit: str
    tokens: tuple[WeighedToken, ...]
    categories: tuple[CategoryShare, ...]
    weights: npt.NDArray[np.float64] = field(repr=False)
    without_categories: str | None = None
    predicted: tuple[Predicted, ...] = ()
    trust: Trust | None = None
    stability: Stability | None = None

    @property
    def reached_argmax(self) -> bool | None:
        """Whether all greedy rationales made their token the most probable; None for others."""
        return all(each.reached_argmax for each in self.predicted) if self.predicted else None

    def heaviest(self, count: int) -> tuple[WeighedToken, ...]:
        """Return the visible tokens that weigh most, whatever the sign; none without weight."""
        seen = (each for each in self.tokens if each.text.strip() and each.weight)
        return tuple(sorted(seen, key=lambda each: -abs(each.weight))[:count])


_PROBLEMS = {
    "undefined": "{} is not defined here",
    "unused": "{} is assigned but never used",
    "redefined": "{} replaces a definition that was never used",
    "unused import": "{} is imported but never used",
    "star import": "names from {} cannot be checked: it is imported with *",
}


def sentence(problem: NameProblem, code: Callable[[str], str] = "`{}`".format) -> str:
    """Say what is wrong with a name; ``code`` quotes it."""
    return _PROBLEMS[problem.kind].format(code(problem.name))
