"""The user's settings: fetched when the client answers for them, taken as sent when it does not."""

from __future__ import annotations

from collections.abc import Mapping

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from linewise.lsp.client import Client
from linewise.settings import Settings, from_untrusted

SECTION = "linewise"


class Configuration:
    """The settings in force. A value that is not allowed is named once and its default used."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._reported: set[str] = set()
        self.settings = Settings()

    async def watch(self) -> None:
        """Ask to hear of changes, where the client wants to be asked."""
        if self._client.registers_configuration:
            await self._client.register(
                types.WORKSPACE_DID_CHANGE_CONFIGURATION,
                types.DidChangeConfigurationRegistrationOptions(section=SECTION),
            )

    async def update(self, sent: object) -> None:
        """Bring the settings up to date; ``sent`` is what came along, used if asking gives none."""
        values = sent[SECTION] if isinstance(sent, Mapping) and SECTION in sent else sent
        if self._client.configures:
            try:
                answer = await self._client.configuration(SECTION)
            except JsonRpcException as error:
                self._client.log_failure("asking for the settings", error)
            else:
                # Null: the client can be asked, but its user wrote the settings elsewhere.
                values = values if answer is None else answer
        self.settings, problems = from_untrusted(values)
        for problem in problems:
            if problem not in self._reported:
                self._reported.add(problem)
                self._client.log(problem, types.MessageType.Warning)
                self._client.show(problem, types.MessageType.Warning)
