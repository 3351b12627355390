"""What a client asks for once, with `initialize`, beside the settings."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import frozen


@frozen
class Options:
    """What there is to choose.

    ``line_scores``: send `linewise/lineScores`. ``diagnostics_in_hovers``: the client shows a
    line's diagnostic above its hover, so that a hover need not say the same. ``client_commands``
    are those that the client executes itself.
    """

    line_scores: bool = False
    diagnostics_in_hovers: bool = False
    client_commands: frozenset[str] = frozenset()


def read_options(sent: object) -> Options:
    """Read `initializationOptions`; whatever is not as it should be counts as not asked for."""
    if not isinstance(sent, Mapping):
        return Options()
    commands = sent.get("clientCommands")
    named = commands if isinstance(commands, list) else ()
    return Options(
        line_scores=sent.get("lineScores") is True,
        diagnostics_in_hovers=sent.get("diagnosticsInHovers") is True,
        client_commands=frozenset(each for each in named if isinstance(each, str)),
    )
