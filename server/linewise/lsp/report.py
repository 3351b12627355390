"""The workspace rationale report, as a page for whoever shows it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from attrs import frozen

from linewise.errors import LinewiseError
from linewise.lsp.addresses import path_of
from linewise.lsp.background import Background
from linewise.lsp.client import Client
from linewise.lsp.model import LoadedModel
from linewise.lsp.questions import Questions

REPORT = "linewise.server.report"


@frozen
class ReportRequest:
    """The argument of `linewise.server.report`: the URI of a folder, or of a file in one."""

    uri: str | None = None


class Reports:
    """Answers `linewise.server.report`."""

    def __init__(self, client: Client, questions: Questions, background: Background) -> None:
        self._client = client
        self._questions = questions
        self._background = background

    async def answer(self, asked: ReportRequest) -> dict[str, Any]:
        """Return the page about a folder, whose places say where they lead in attributes.

        Without a ``uri``, it is about the first folder that is open. ``html`` is None where nothing
        was scanned yet; ``message`` then says so.

        Raises
        ------
        LinewiseError
            If no folder is open, there is no model, or the store cannot be read.
        """
        folder = self._folder(asked.uri)
        model = await self._questions.model()
        said: list[str] = []
        try:
            return await self._background.run(lambda: _answer(folder, model, said.append))
        finally:
            for message in said:
                self._client.log(message)

    def _folder(self, uri: str | None) -> Path:
        path = path_of(uri)
        if path is not None:
            return path_of(self._client.folder_of(path)) or path
        if not (folders := self._background.folders):
            raise LinewiseError("no folder is open: open one to see its report")
        return folders[0]


def _answer(folder: Path, model: LoadedModel, said: Callable[[str], None]) -> dict[str, Any]:
    # Charts and templates are not needed before somebody asks.
    from linewise.lsp.scans import reader_of
    from linewise.report.build import Subject, build
    from linewise.report.html import render
    from linewise.workspace.scan.formats import Links
    from linewise.workspace.scan.location import below, workspace_root
    from linewise.workspace.scan.store import NothingScannedError, Store

    root = workspace_root(folder)
    try:
        with Store.open_existing(root, said) as store:
            subject = Subject(
                store=store,
                root=root,
                within=below(root, folder),
                reader=reader_of(model),
                manifest=model.manifest,
                workspace=model.workspaces.of(folder),
            )
            page = render(build(subject), Links.NONE)
    except NothingScannedError as error:
        return {"root": root.as_uri(), "html": None, "message": str(error)}
    return {"root": root.as_uri(), "html": page, "message": None}
