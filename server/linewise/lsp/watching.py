"""Files that decide what is shown, watched by the client: it hears of them before anyone does."""

from __future__ import annotations

from lsprotocol import types

from linewise.lsp.client import Client
from linewise.settings import Settings

_PROJECTS = "**/.linewise.toml", "**/pyproject.toml"
_HEAD = "**/.git/logs/HEAD"
_SOURCES = "**/*.py"


async def watch(client: Client, settings: Settings) -> None:
    """Ask to be told of changes to projects' settings, baselines, commits and sources."""
    if not client.watches_files:
        return
    globs = (*_PROJECTS, f"**/{settings.baseline}", _HEAD, _SOURCES)
    watchers = [types.FileSystemWatcher(glob_pattern=glob) for glob in globs]
    await client.register(
        types.WORKSPACE_DID_CHANGE_WATCHED_FILES,
        types.DidChangeWatchedFilesRegistrationOptions(watchers=watchers),
    )


def only_sources(params: types.DidChangeWatchedFilesParams) -> bool:
    """Whether nothing but source files changed: what is open is known without reading them."""
    return all(change.uri.endswith(".py") for change in params.changes)
