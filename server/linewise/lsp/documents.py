"""The open Python documents, each version an immutable snapshot that knows when it is outdated."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from attrs import field, frozen

from linewise.errors import LinewiseError
from linewise.lsp.cells import Cell
from linewise.lsp.client import path_of
from linewise.settings import Settings

if TYPE_CHECKING:
    from linewise.analysis.syntax import Syntax

PYTHON = "python"


@frozen(eq=False)
class Document:
    """One version of a document.

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
    outdated: threading.Event = field(factory=threading.Event, repr=False)

    @property
    def path(self) -> Path | None:
        """The path of its file or of its notebook's, None if there is none."""
        return path_of(self.uri) if self.cell is None else self.cell.notebook.path

    @property
    def content(self) -> tuple[str, str, int]:
        """What its scores depend on: its text and, of a cell, where it stands in which notebook."""
        cell = self.cell
        return (self.text, "", 0) if cell is None else (self.text, cell.notebook.text, cell.start)

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
        return self._open.get(_key(uri))

    def open(self, uri: str, language: str, version: int, text: str) -> Document | None:
        """Take in an opened document; one in another language is none of ours."""
        return self.put(Document(uri, version, text)) if language == PYTHON else None

    def change(self, uri: str, version: int, text: str) -> Document | None:
        """Replace an open document by its next version."""
        if (before := self.get(uri)) is None:
            return None
        return self.put(Document(before.uri, version, text, edited_at=time.monotonic()))

    def save(self, uri: str) -> Document | None:
        """Note that a document is on the disk as it is now."""
        self._unsaved.discard(_key(uri))
        return self.get(uri)

    def is_unsaved(self, document: Document) -> bool:
        """Whether a document was edited since it was saved; what is no file never is."""
        return document.path is not None and _key(document.uri) in self._unsaved

    def close(self, uri: str) -> Document | None:
        """Let go of a document."""
        self._unsaved.discard(_key(uri))
        return self._drop(uri)

    def close_all(self) -> None:
        """Let go of every document: what is being computed for them stops."""
        for document in self:
            self.close(document.uri)

    def put(self, document: Document) -> Document:
        """Let a version of a document take the place of the one before."""
        if document.edited_at is not None:
            self._unsaved.add(_key(document.uri))
        self._drop(document.uri)
        self._open[_key(document.uri)] = document
        return document

    def _drop(self, uri: str) -> Document | None:
        document = self._open.pop(_key(uri), None)
        if document is not None:
            document.outdated.set()
        return document


def read_closed(uri: str, settings: Settings) -> Document:
    """Read a document that is not open from the disk.

    Raises
    ------
    LinewiseError
        If it is not a file that can be scored.
    """
    # On the worker thread, and only once somebody asks for such a document.
    from linewise.files import Skipped, read_source

    path = path_of(uri)
    if path is None:
        raise LinewiseError("the document is neither open nor a file; open it first")
    source = read_source(path, settings)
    if isinstance(source, Skipped):
        raise LinewiseError(f"the file is not scored: {source.reason}")
    return Document(uri, None, source.text)


def refusal(document: Document, settings: Settings) -> str | None:
    """Return why a document is too large to be scored and what to do, None if it is not."""
    text = document.text
    size = len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
    if size > settings.max_file_bytes:
        return (
            f"is not scored: it is larger than {settings.max_file_bytes:,} bytes "
            "(setting linewise.maxFileBytes)"
        )
    lines = 1 + text.count("\n") + text.count("\r") - text.count("\r\n")
    if lines > settings.max_file_lines:
        return (
            f"is not scored: it has {lines:,} lines, more than {settings.max_file_lines:,} "
            "(setting linewise.maxFileLines)"
        )
    return None


def _key(uri: str) -> str:
    # Clients are free to escape characters differently from one message to the next.
    return unquote(uri)
