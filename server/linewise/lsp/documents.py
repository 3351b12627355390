"""The open Python documents, each version an immutable snapshot that knows when it is outdated."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import field, frozen

from linewise.analysis.lines import BYTE_ORDER_MARK, LineTable
from linewise.errors import LinewiseError
from linewise.languages import NOTEBOOK_SUFFIX
from linewise.lsp.addresses import normal, path_of
from linewise.lsp.cells import Cell
from linewise.settings import Settings

if TYPE_CHECKING:
    from linewise.analysis.syntax import Syntax

PYTHON = "python"


@frozen(eq=False)
class Document:
    """One version of a document.

    A byte order mark that a client sends is no part of ``text``: it is ``marked`` then, and
    positions count the mark as the character that it is to the client.
    ``cell`` is where it stands in a notebook, if it does; another version of the notebook makes
    another version of each cell. ``edited_at`` is when it came on the monotonic clock, None unless
    somebody is typing.
    ``outdated`` is set once a newer version arrived or the document was closed; the worker thread
    reads it between forward passes.
    """

    uri: str
    version: int | None
    text: str
    cell: Cell | None = None
    edited_at: float | None = None
    marked: bool = False
    outdated: threading.Event = field(factory=threading.Event, repr=False)

    @classmethod
    def received(
        cls,
        uri: str,
        version: int | None,
        text: str,
        *,
        cell: Cell | None = None,
        edited_at: float | None = None,
    ) -> Document:
        """Return a version of a document as a client has it, perhaps with a mark before it."""
        marked = text.startswith(BYTE_ORDER_MARK)
        return cls(uri, version, text.removeprefix(BYTE_ORDER_MARK), cell, edited_at, marked)

    @property
    def path(self) -> Path | None:
        """The path of its file or of its notebook's, None if there is none."""
        return path_of(self.uri) if self.cell is None else self.cell.notebook.path

    @property
    def content(self) -> tuple[str, bool, str, int]:
        """What its scores depend on: its text and, of a cell, where it stands in which notebook."""
        notebook, start = (
            ("", 0) if self.cell is None else (self.cell.notebook.text, self.cell.start)
        )
        return self.text, self.marked, notebook, start

    @cached_property
    def table(self) -> LineTable:
        """The lines of the text, with positions as its client has them."""
        return LineTable(self.text, marked=self.marked)

    @cached_property
    def syntax(self) -> Syntax:
        """The parsed text."""
        # Not before somebody needs it: `initialize` is answered without tree-sitter.
        from linewise.analysis.syntax import parse

        return parse(self.text)


class Documents:
    """The newest version of each open Python document. Used on the event loop only."""

    def __init__(self) -> None:
        self._open: dict[str, Document] = {}
        self._unsaved: set[str] = set()

    def __iter__(self) -> Iterator[Document]:
        return iter(tuple(self._open.values()))

    def get(self, uri: str) -> Document | None:
        """Return the newest version, None if the document is not open."""
        return self._open.get(normal(uri))

    def open(self, uri: str, language: str, version: int, text: str) -> Document | None:
        """Take in an opened document; one in another language is none of ours."""
        return self.put(Document.received(uri, version, text)) if language == PYTHON else None

    def change(self, uri: str, version: int, text: str) -> Document | None:
        """Replace an open document by its next version."""
        if (before := self.get(uri)) is None:
            return None
        edited_at = time.monotonic()
        return self.put(Document.received(before.uri, version, text, edited_at=edited_at))

    def save(self, uri: str) -> Document | None:
        """Note that a document is on the disk as it is now."""
        self._unsaved.discard(normal(uri))
        return self.get(uri)

    def is_unsaved(self, document: Document) -> bool:
        """Whether a document was edited since it was saved; what is no file never is."""
        return document.path is not None and normal(document.uri) in self._unsaved

    def close(self, uri: str) -> Document | None:
        """Let go of a document."""
        self._unsaved.discard(normal(uri))
        return self._drop(uri)

    def close_all(self) -> None:
        """Let go of every document: what is being computed for them stops."""
        for document in self:
            self.close(document.uri)

    def put(self, document: Document) -> Document:
        """Let a version of a document take the place of the one before."""
        if document.edited_at is not None:
            self._unsaved.add(normal(document.uri))
        self._drop(document.uri)
        self._open[normal(document.uri)] = document
        return document

    def _drop(self, uri: str) -> Document | None:
        document = self._open.pop(normal(uri), None)
        if document is not None:
            document.outdated.set()
        return document


def read_closed(uri: str, settings: Settings, *, any_language: bool) -> Document:
    """Read a document that is not open from the disk; ``any_language`` as in `read_source`.

    Raises
    ------
    LinewiseError
        If it is not a file that can be scored.
    """
    # On the worker thread, and only once somebody asks for such a document.
    from linewise.files import IN_EDITOR, Skipped, read_source

    path = path_of(uri)
    if path is None:
        raise LinewiseError("the document is neither open nor a file; open it first")
    if path.suffix.lower() == NOTEBOOK_SUFFIX:
        raise LinewiseError("the notebook is not open; open it and ask about one of its cells")
    source = read_source(path, settings, IN_EDITOR, any_language=any_language)
    if isinstance(source, Skipped):
        raise LinewiseError(f"the file is not scored: {source.reason}")
    return Document(uri, None, source.text)


def refusal(document: Document, settings: Settings) -> str | None:
    """Return why a document is not scored and what to do, None if it is: the same as of a file.

    Of a cell, why its notebook is not.
    """
    # Not before a document is opened: `initialize` is answered without it.
    from linewise.files import IN_EDITOR, Skipped, decoded_source

    text = document.text if document.cell is None else document.cell.notebook.text
    content = BYTE_ORDER_MARK + text if document.marked else text
    source = decoded_source(content, settings, IN_EDITOR)
    return f"is not scored: {source.reason}" if isinstance(source, Skipped) else None
