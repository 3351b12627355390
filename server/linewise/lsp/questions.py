"""What a command asks about: a document, open or not, and a line of it, scored now."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from linewise.errors import LinewiseError
from linewise.lsp.addresses import path_of
from linewise.lsp.configuration import Configuration
from linewise.lsp.documents import Document, Documents, read_closed
from linewise.lsp.model import LoadedModel, ModelHost
from linewise.lsp.outcome import Outcome
from linewise.lsp.scoring import Scorer, Superseded
from linewise.results import LineScore


@contextmanager
def answering() -> Iterator[None]:
    """Turn what the user can act on into an error of the request that is being answered.

    Raises
    ------
    JsonRpcException
        RequestFailed, with a message for the user.
    """
    try:
        yield
    except LinewiseError as error:
        raise JsonRpcException(str(error), types.LSPErrorCodes.RequestFailed.value) from error


class Questions:
    """Finds out about documents for commands: somebody waits, so they outlast what is loading."""

    def __init__(
        self,
        host: ModelHost,
        documents: Documents,
        scorer: Scorer,
        configuration: Configuration,
    ) -> None:
        self._host = host
        self._documents = documents
        self._scorer = scorer
        self._configuration = configuration

    async def outcome(self, uri: str, *, any_language: bool = False) -> Outcome:
        """Return what is known of a Python document, open or not.

        What is not open may be in ``any_language``, for answers that name the language.

        Raises
        ------
        LinewiseError
            If it cannot be scored, or was edited meanwhile.
        """
        document = self._documents.get(uri) or await self._read(uri, any_language=any_language)
        try:
            outcome = await self._scorer.outcome(document, patience=None)
        except Superseded:
            raise LinewiseError("the document changed meanwhile; ask again") from None
        if outcome is None:
            raise LinewiseError(
                self._host.failure or "this document is not scored; the log of Linewise says why"
            )
        return outcome

    async def line(self, uri: str, line: int) -> tuple[Outcome, LineScore]:
        """Return what is known of a document and of a 0-based line of it.

        Raises
        ------
        LinewiseError
            If the document cannot be scored, or the line holds no code.
        """
        outcome = await self.outcome(uri)
        if (score := outcome.scored.line(line)) is None:
            raise LinewiseError(f"there is no code in line {line + 1}")
        return outcome, score

    async def model(self) -> LoadedModel:
        """Return the model.

        Raises
        ------
        LinewiseError
            If it cannot be loaded.
        """
        if (model := await self._host.model(None)) is None:
            raise LinewiseError(self._host.failure or "there is no model")
        return model

    async def _read(self, uri: str, *, any_language: bool) -> Document:
        settings = self._configuration.of(path_of(uri))
        return await self._host.run(lambda _: read_closed(uri, settings, any_language=any_language))
