"""What a client asks for once, with `initialize`, beside the settings."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import frozen


@frozen
class Options:
    """``line_scores``: send `linewise/lineScores`; ``client_commands`` are those it executes."""

    line_scores: bool = False
    client_commands: frozenset[str] = frozenset()


def read_options(sent: object) -> Options:
    """Read `initializationOptions`; whatever is not as it should be counts as not asked for."""
    if not isinstance(sent, Mapping):
        return Options()
    commands = sent.get("clientCommands")
    named = commands if isinstance(commands, list) else ()
    return Options(
        line_scores=sent.get("lineScores") is True,
        client_commands=frozenset(each for each in named if isinstance(each, str)),
    )
