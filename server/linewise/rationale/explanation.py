"""What an explanation of a line holds: the payload that the command line and the hover render.

Lines and columns count from 0 and in code points; what is printed counts from 1.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from attrs import frozen

from linewise.rationale.study.target import Target

if TYPE_CHECKING:
    from linewise.analysis.problems.problem import Problem

_BREAK = re.compile(r"\r\n|\n|\r")


@frozen
class WeighedToken:
    """A token of what the model read, and how much it weighs.

    ``text`` stands at ``column`` of ``line``; model tokens that share a character are one.
    Tokens of one ``group`` were left out together and share its weight equally. ``category`` is
    empty where the language has none.
    """

    text: str
    line: int
    column: int
    weight: float
    group: int
    category: str = ""


@frozen
class WeighedGroup:
    """The ``tokens`` tokens of a group: their text, where its first visible character stands.

    ``weight`` is that of all of them: what was measured.
    """

    text: str
    line: int
    weight: float
    tokens: int


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
    """A figure of the rationale beside the mean of random rationales of the same size.

    ``beaten`` (0 to 1) is the share of random ones that do worse; equal ones count half.
    """

    value: float
    random: float
    beaten: float


@frozen
class Trust:
    """The deletion tests of a rationale, in the unit of the weights.

    The rationale is the share of tokens that weigh most, for each of ``fractions``; figures are
    means over these. ``sufficiency`` is the score from the rationale's tokens alone,
    ``comprehensiveness`` what the score loses without them, each beside that of ``draws`` random
    rationales. Both are None, with a ``reason``, where no token is free to be left out.
    """

    fractions: tuple[float, ...]
    draws: int
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
    """What the model's reading of a line rests on, or what its tokens are predicted from.

    ``tokens`` are in reading order. ``categories``, by descending share, are empty if
    ``without_categories`` says why; otherwise their shares sum to 1. ``predicted`` is filled by
    greedy methods only. ``trust`` and ``stability`` are None while nobody looked.
    """

    line: int
    unit: str
    target: Target
    method: str
    weight_unit: str
    tokens: tuple[WeighedToken, ...]
    categories: tuple[CategoryShare, ...]
    without_categories: str | None = None
    predicted: tuple[Predicted, ...] = ()
    trust: Trust | None = None
    stability: Stability | None = None

    @property
    def reached_argmax(self) -> bool | None:
        """Whether all greedy rationales made their token the most probable; None for others."""
        return all(each.reached_argmax for each in self.predicted) if self.predicted else None

    def heaviest(self, count: int) -> tuple[WeighedGroup, ...]:
        """Return the visible groups that weigh most, whatever the sign; none without weight."""
        members: dict[int, list[WeighedToken]] = {}
        for token in self.tokens:
            members.setdefault(token.group, []).append(token)
        groups = (_grouped(each) for each in members.values())
        seen = (each for each in groups if each.text.strip() and each.weight)
        return tuple(sorted(seen, key=lambda each: -abs(each.weight))[:count])


def _grouped(tokens: list[WeighedToken]) -> WeighedGroup:
    first = next((each for each in tokens if each.text.strip()), tokens[0])
    blank = first.text[: len(first.text) - len(first.text.lstrip())]
    return WeighedGroup(
        "".join(each.text for each in tokens),
        first.line + len(_BREAK.findall(blank)),
        sum(each.weight for each in tokens),
        len(tokens),
    )


_PROBLEMS = {
    "undefined": "{} is not defined here",
    "unused": "{} is assigned but never used",
    "redefined": "{} replaces a definition that was never used",
    "unused import": "{} is imported but never used",
    "star import": "names from {} cannot be checked: it is imported with *",
    "no value": "{} returns values elsewhere, but none if it ends here",
    "ignored parameters": "{} reads none of its parameters",
    "empty": "{} does nothing yet",
    "idle": "{} is defined inside a function that never mentions it",
    "endless recursion": "{} calls itself without end",
    "endless loop": "nothing in this loop changes {}",
    "past the end": "this index runs past the end of {}",
    "changed while read": "{} is changed while it is looped over",
    "always the same": "{} turns out the same every time",
    "inexact": "{} asks a quotient to be exactly equal",
    "lost value": "the value of {} is not used",
    "returns nothing": "{} changes its object and returns None",
    "without self": "{} takes no self, so no instance can call it",
}


def sentence(problem: Problem, code: Callable[[str], str] = "`{}`".format) -> str:
    """Say what is wrong; ``code`` quotes the name or the code that it is about."""
    return _PROBLEMS[problem.kind].format(code(problem.name))
