"""The settings in force: those of the editor above those of each file's project."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from linewise.lsp.addresses import path_of
from linewise.lsp.client import Client
from linewise.settings import Settings, from_untrusted

if TYPE_CHECKING:
    from linewise.workspace.project import Project, Projects

SECTION = "linewise"


class Configuration:
    """Fetches the editor's settings if it answers for them, else takes them as they are sent.

    A value that is not allowed is named once, and what it would have replaced is used.
    ``defaults`` are the settings where nobody says otherwise.
    """

    def __init__(self, client: Client, defaults: Settings) -> None:
        self._client = client
        self._defaults = defaults
        self._reported: set[str] = set()
        self._pushed: object = None
        self._sent: dict[str | None, object] = {None: None}
        self._read: dict[tuple[str | None, Project | None], Settings] = {}
        self._found: Projects | None = None

    @property
    def defaults(self) -> Settings:
        """The settings where nobody says otherwise."""
        return self._defaults

    @property
    def settings(self) -> Settings:
        """The settings of no folder in particular, and of the server itself."""
        return self.of(None)

    def of(self, path: Path | None) -> Settings:
        """Return the settings for a file or folder: those of the editor above its project's.

        What is no file has those that the editor scopes to none, and the first folder's project.
        """
        folder, project = self._sources(path)
        known = self._read.get((folder, project))
        if known is None:
            below = self._defaults if project is None else project.settings
            known, problems = from_untrusted(self._sent.get(folder, self._sent[None]), below)
            self._report((*(project.problems if project else ()), *problems))
            self._read[folder, project] = known
        return known

    def above(self, folder: Path) -> Callable[[Settings], Settings]:
        """Return what puts the editor's settings of a folder above those of any project in it."""
        sent = self._sent.get(self._client.folder_of(folder), self._sent[None])
        return lambda below: from_untrusted(sent, below)[0]

    def root_of(self, path: Path) -> Path:
        """Return what the patterns of a file's settings are relative to.

        The folder of its project's settings if it says them; those of the editor are relative to
        the project of the workspace folder, else to that folder, else to the one the file is in.
        """
        folder, project = self._sources(path)
        if (
            project is not None
            and project.path
            and self.of(path).exclude == project.settings.exclude
        ):
            return project.root
        opened = path_of(folder) or path.parent
        around = self._projects.of(opened)
        return opened if around.path is None else around.root

    async def watch(self) -> None:
        """Ask to hear of changes, where the client wants to be asked."""
        if self._client.registers_configuration:
            await self._client.register(
                types.WORKSPACE_DID_CHANGE_CONFIGURATION,
                types.DidChangeConfigurationRegistrationOptions(section=SECTION),
            )

    async def update(self, sent: object) -> None:
        """Bring the settings up to date; ``sent`` is what came along, used if asking gives none."""
        self._pushed = sent[SECTION] if isinstance(sent, Mapping) and SECTION in sent else sent
        await self.ask()

    async def ask(self) -> None:
        """Bring the settings up to date: folders were opened or closed."""
        values = self._pushed
        found: dict[str | None, object] = {None: values}
        if self._client.configures:
            scopes = (None, *self._client.folders)
            try:
                answers = await self._client.configuration(SECTION, scopes)
            except JsonRpcException as error:
                self._client.log_failure("asking for the settings", error)
            else:
                # Null: the client can be asked, but its user wrote the settings elsewhere.
                found |= {
                    scope: values if answer is None else answer
                    for scope, answer in zip(scopes, answers, strict=False)
                }
        self._sent = found
        self.expire()

    def expire(self) -> None:
        """Read everything again: settings or the files of projects changed."""
        self._read.clear()
        if self._found is not None:
            self._found.expire()

    def _sources(self, path: Path | None) -> tuple[str | None, Project | None]:
        """Return the URI of the workspace folder of a file (or folder), and its project."""
        folder = None if path is None else self._client.folder_of(path)
        asked = self._client.root if path is None else path
        return folder, None if asked is None else self._projects.of(asked)

    @property
    def _projects(self) -> Projects:
        if self._found is None:
            # Not before a folder or file is known: `initialize` is answered without it.
            from linewise.workspace.project import Projects

            self._found = Projects(self._defaults)
        return self._found

    def _report(self, problems: tuple[str, ...]) -> None:
        for problem in problems:
            if problem not in self._reported:
                self._reported.add(problem)
                self._client.log(problem, types.MessageType.Warning)
                self._client.show(problem, types.MessageType.Warning)
