"""How probabilities are worded, the same wherever they are shown."""

from __future__ import annotations

from linewise.results import Omission, OmissionKind, SpanLevel

CAP = "linewise.maxFindingsPerFile"
SHOWN = 5
"""How many names a sentence holds at most."""
_OMITTED: dict[OmissionKind, tuple[str, str]] = {
    OmissionKind.SKIPPED: ("file skipped", "files skipped"),
    OmissionKind.SUBMODULE: (
        "submodule is a repository of its own and left out, name it to have it checked",
        "submodules are repositories of their own and left out, name them to have them checked",
    ),
    OmissionKind.REPOSITORY: (
        "folder is a repository of its own and left out, name it to have it checked",
        "folders are repositories of their own and left out, name them to have them checked",
    ),
    OmissionKind.SPARSE: (
        "Python file is not in the work tree (sparse checkout) and left out",
        "Python files are not in the work tree (sparse checkout) and left out",
    ),
    OmissionKind.LINK: (
        "link is not followed, name it to have what it leads to checked",
        "links are not followed, name them to have what they lead to checked",
    ),
    OmissionKind.UNLISTED: ("folder cannot be listed", "folders cannot be listed"),
    OmissionKind.GIT: (
        "repository is read without git, as a plain folder: what git ignores is read too, and "
        "there is no history",
        "repositories are read without git, as plain folders: what git ignores is read too, and "
        "there is no history",
    ),
    OmissionKind.HISTORY: (
        "repository has less history than was asked for",
        "repositories have less history than was asked for",
    ),
    OmissionKind.SYNTAX: (
        "statement does not parse and is judged without known problems",
        "statements do not parse and are judged without known problems",
    ),
    OmissionKind.NESTING: (
        "statement is nested too deeply to look for known problems in it",
        "statements are nested too deeply to look for known problems in them",
    ),
    OmissionKind.CHECKER: (
        "place could not be looked at by a check for known problems, please report this",
        "places could not be looked at by a check for known problems, please report this",
    ),
    OmissionKind.CUT: (
        "line is longer than the model reads of one, and judged by its beginning",
        "lines are longer than the model reads of one, and judged by their beginnings",
    ),
    OmissionKind.CELL: (
        "cell is in another language than Python and left out",
        "cells are in other languages than Python and left out",
    ),
    OmissionKind.TIME: ("answer is late and left out", "answers are late and left out"),
}


def omitted(omission: Omission) -> str:
    """Say what an answer leaves out and, where something helps, what to do about it."""
    one, many = _OMITTED[omission.kind]
    text = f"{omission.count:,} {one if omission.count == 1 else many}"
    if omission.names:
        more = omission.count - len(omission.names[:SHOWN])
        named = ", ".join(omission.names[:SHOWN])
        text += f": {named}" + (f" and {more:,} more" if more > 0 else "")
    return f"{text} ({omission.detail})" if omission.detail else text


def percent(probability: float) -> str:
    """Write a probability in whole percents, without rounding it to impossible or certain."""
    if probability < 0.01:
        return "<1 %"
    return ">99 %" if probability > 0.99 else f"{100 * probability:.0f} %"


def edit_message(
    probability: float,
    base_rate: float,
    level: SpanLevel = SpanLevel.LINE,
    *,
    calibrated: bool = True,
    cell: int | None = None,
) -> str:
    """Write a probability with the base rate it must be read against, and whether it holds.

    ``cell`` is named where nothing else can say in which cell of a notebook the line stands.
    """
    of = "" if level is SpanLevel.LINE else f" of a {level}"
    message = f"Edit probability {percent(probability)} (base rate{of} {percent(base_rate)})"
    if cell is not None:
        message = f"Cell {cell}: {message}"
    return message if calibrated else f"{message}, uncalibrated here"


def with_reason(message: str, reason: str | None, more: int = 0) -> str:
    """Add the strongest reason to a message, and how many lines the cap left out below it."""
    message = message if reason is None else f"{message}: {reason}"
    return f"{message}; {more} more below the cut ({CAP})" if more else message


def ordinal(number: int) -> str:
    """Write 1 as 1st, 2 as 2nd, 11 as 11th."""
    suffixes = {1: "st", 2: "nd", 3: "rd"}
    return f"{number}{'th' if number % 100 in (11, 12, 13) else suffixes.get(number % 10, 'th')}"
