"""The open notebooks: which cells there are, in which order, and what they say.

pygls keeps notebooks too, but takes each change of a cell's text for the whole text where full
synchronization was agreed on, and clients send changes of cells bit by bit all the same.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from attrs import define, frozen
from lsprotocol import types

from linewise.analysis.lines import BYTE_ORDER_MARK
from linewise.lsp.cells import Cell, Notebook
from linewise.lsp.client import Client
from linewise.lsp.convert import offsets
from linewise.lsp.documents import PYTHON, Document, Documents

if TYPE_CHECKING:
    from collections.abc import Iterable

SYNC = types.NotebookDocumentSyncOptions(
    notebook_selector=[
        types.NotebookDocumentFilterWithCells(cells=[types.NotebookCellLanguage(PYTHON)])
    ],
    save=True,
)


@frozen
class CellChanges:
    """What became of a notebook's cells: new ones, others to be shown anew, addresses of gone ones.

    ``moved`` says that cells came, went or changed places: no client asks about the others then.
    """

    opened: tuple[Document, ...] = ()
    changed: tuple[Document, ...] = ()
    closed: tuple[str, ...] = ()
    moved: bool = False


@define
class _Sheet:
    """An open notebook: its cells' addresses in order, and the Python cells by address."""

    uri: str
    order: list[str]
    texts: dict[str, tuple[int, str]]


class Notebooks:
    """Keeps the cells of open notebooks as documents. Used on the event loop only."""

    def __init__(self, client: Client, documents: Documents) -> None:
        self._client = client
        self._documents = documents
        self._sheets: dict[str, _Sheet] = {}

    def open(self, params: types.DidOpenNotebookDocumentParams) -> CellChanges:
        """Take in an opened notebook."""
        opened = params.notebook_document
        sheet = _Sheet(opened.uri, [cell.document for cell in opened.cells], {})
        self._sheets[opened.uri] = sheet
        _take_in(sheet, params.cell_text_documents)
        return CellChanges(opened=self._put(sheet, edited=False))

    def change(self, params: types.DidChangeNotebookDocumentParams) -> CellChanges:
        """Follow a change; that a cell ran, or other data of cells, is none."""
        sheet, cells = self._sheets.get(params.notebook_document.uri), params.change.cells
        if sheet is None or cells is None or not (cells.structure or cells.text_content):
            return CellChanges()
        before = set(sheet.texts)
        if cells.structure is not None:
            _restructure(sheet, cells.structure)
        for each in cells.text_content or ():
            self._edit(sheet, each)
        after = self._put(sheet, edited=True)
        return CellChanges(
            opened=tuple(each for each in after if each.uri not in before),
            changed=tuple(each for each in after if each.uri in before),
            closed=tuple(uri for uri in before if uri not in sheet.texts),
            moved=cells.structure is not None,
        )

    def cells(self, uri: str) -> tuple[str, ...]:
        """Return the addresses of an open notebook's Python cells."""
        sheet = self._sheets.get(uri)
        return tuple(sheet.texts) if sheet is not None else ()

    def close(self, uri: str) -> CellChanges:
        """Let go of a notebook."""
        sheet = self._sheets.pop(uri, None)
        return CellChanges(closed=tuple(sheet.texts) if sheet is not None else ())

    def _edit(self, sheet: _Sheet, edit: types.NotebookDocumentCellContentChanges) -> None:
        uri = edit.document.uri
        if uri not in sheet.texts:
            return  # a cell in another language
        _, text = sheet.texts[uri]
        for change in edit.changes:
            text = self._edited(text, change)
        sheet.texts[uri] = edit.document.version, text

    def _edited(self, text: str, change: types.TextDocumentContentChangeEvent) -> str:
        if isinstance(change, types.TextDocumentContentChangeWholeDocument):
            return change.text
        # Not before somebody edits a cell: `initialize` is answered without it.
        from linewise.analysis.lines import LineTable

        start, end = offsets(change.range, LineTable(text), self._client.encoding)
        return text[:start] + change.text + text[end:]

    def _put(self, sheet: _Sheet, *, edited: bool) -> tuple[Document, ...]:
        """Make a document of each cell: another version of one is another of all."""
        from linewise.analysis.notebooks import join_cells

        chosen = [uri for uri in sheet.order if uri in sheet.texts]
        joined = join_cells([sheet.texts[uri][1].removeprefix(BYTE_ORDER_MARK) for uri in chosen])
        notebook = Notebook(sheet.uri, joined.text, len(chosen), edited, joined.names)
        edited_at = time.monotonic() if edited else None
        documents = []
        places = zip(chosen, joined.spans, joined.first_lines, strict=True)
        for number, (uri, (start, end), line) in enumerate(places):
            version, text = sheet.texts[uri]
            cell = Cell(notebook, start, end, line, number in joined.foreign)
            document = Document.received(uri, version, text, cell=cell, edited_at=edited_at)
            documents.append(self._documents.put(document))
        return tuple(documents)


def _take_in(sheet: _Sheet, cells: Iterable[types.TextDocumentItem]) -> None:
    sheet.texts |= {
        each.uri: (each.version, each.text) for each in cells if each.language_id == PYTHON
    }


def _restructure(sheet: _Sheet, change: types.NotebookDocumentCellChangeStructure) -> None:
    array: types.NotebookCellArrayChange = change.array
    inserted: Sequence[types.NotebookCell] = array.cells or ()
    place = slice(array.start, array.start + array.delete_count)
    sheet.order[place] = [cell.document for cell in inserted]
    for closed in change.did_close or ():
        sheet.texts.pop(closed.uri, None)
    _take_in(sheet, change.did_open or ())
