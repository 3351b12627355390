"""How probabilities are worded, the same wherever they are shown."""

from __future__ import annotations

CAP = "linewise.maxFindingsPerFile"


def percent(probability: float) -> str:
    """Write a probability in whole percents, without rounding it to impossible or certain."""
    if probability < 0.01:
        return "<1 %"
    return ">99 %" if probability > 0.99 else f"{100 * probability:.0f} %"


def edit_message(probability: float, base_rate: float, *, calibrated: bool = True) -> str:
    """Write a probability with the base rate it must be read against, and whether it holds."""
    message = f"Edit probability {percent(probability)} (base rate {percent(base_rate)})"
    return message if calibrated else f"{message}, uncalibrated here"


def with_reason(message: str, reason: str | None, more: int = 0) -> str:
    """Add the strongest reason to a message, and how many lines the cap left out below it."""
    message = message if reason is None else f"{message}: {reason}"
    return f"{message}; {more} more below the cut ({CAP})" if more else message


def ordinal(number: int) -> str:
    """Write 1 as 1st, 2 as 2nd, 11 as 11th."""
    suffixes = {1: "st", 2: "nd", 3: "rd"}
    return f"{number}{'th' if number % 100 in (11, 12, 13) else suffixes.get(number % 10, 'th')}"
