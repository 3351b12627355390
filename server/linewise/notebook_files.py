"""Reading notebooks from files: the Python cells that an editor would open, in their order."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from attrs import evolve, frozen

from linewise.analysis.lines import BYTE_ORDER_MARK
from linewise.analysis.notebooks import JoinedCells, join_cells
from linewise.files import ON_COMMAND_LINE, Advice, Skipped, decoded_source, read_source
from linewise.settings import Settings

MOST_BYTES = 100_000_000
"""What is read of a notebook at most: its outputs are no code, and no limit is meant for them."""
_PYTHON = frozenset({"python", "python2", "python3", "ipython"})


@frozen
class CodeCell:
    """A Python cell; ``number`` counts all cells of the notebook, from 1."""

    number: int
    text: str


@frozen
class NotebookSource:
    """The Python cells of a notebook, joined.

    ``foreign`` are the numbers of the code cells in another language, by their own data or by what
    their first line says.
    """

    cells: tuple[CodeCell, ...]
    joined: JoinedCells
    encoding: str
    foreign: tuple[int, ...] = ()


class _NotANotebookError(Exception):
    """The file is no notebook that can be read; the message says why."""


def read_notebook(
    path: Path, settings: Settings, advice: Advice = ON_COMMAND_LINE
) -> NotebookSource | Skipped:
    """Read a notebook; the limits of ``settings`` hold for its Python, as they do in an editor."""
    most = max(MOST_BYTES, settings.max_file_bytes)
    unlimited = evolve(settings, max_file_bytes=most, max_file_lines=most)
    source = read_source(path, unlimited, advice, any_language=True)
    if isinstance(source, Skipped):
        return source
    try:
        document = json.loads(source.text)
        _refuse_other_languages(document)
        cells = list(_cells(document))
    except (_NotANotebookError, ValueError, RecursionError) as error:
        reason = error if isinstance(error, _NotANotebookError) else "its JSON cannot be read"
        return Skipped(f"not a notebook that can be read: {reason}")
    python = tuple(cell for cell, is_python in cells if is_python)
    joined = join_cells([cell.text for cell in python])
    content = decoded_source(joined.text, settings, advice)
    if isinstance(content, Skipped):
        return content
    foreign = {cell.number for cell, is_python in cells if not is_python}
    foreign |= {python[place].number for place in joined.foreign}
    return NotebookSource(python, joined, source.encoding, tuple(sorted(foreign)))


def _refuse_other_languages(document: Any) -> None:
    metadata = document.get("metadata") if isinstance(document, dict) else None
    if not isinstance(metadata, dict):
        return
    told = (
        each.get(key)
        for name, key in (("language_info", "name"), ("kernelspec", "language"))
        if isinstance(each := metadata.get(name), dict)
    )
    language = next((each for each in told if isinstance(each, str) and each), None)
    if language is not None and language.lower() not in _PYTHON:
        raise _NotANotebookError(f"its language is {language}, not Python")


def _cells(document: Any) -> Iterator[tuple[CodeCell, bool]]:
    """Yield the code cells, and whether each is Python; format 3 has them on worksheets."""
    if not isinstance(document, dict):
        raise _NotANotebookError("it holds no cells")
    listed: list[Any] = []
    sheets = document.get("worksheets")
    for sheet in sheets if isinstance(sheets, list) else [document]:
        cells = sheet.get("cells") if isinstance(sheet, dict) else None
        if not isinstance(cells, list):
            raise _NotANotebookError("it holds no cells")
        listed += cells
    for number, cell in enumerate(listed, 1):
        if not isinstance(cell, dict):
            raise _NotANotebookError(f"cell {number} is none")
        if cell.get("cell_type") != "code":
            continue
        text = cell.get("source", cell.get("input", ""))
        if isinstance(text, list) and all(isinstance(line, str) for line in text):
            text = "".join(text)
        if not isinstance(text, str):
            raise _NotANotebookError(f"the source of cell {number} is no text")
        language = _language(cell)
        yield CodeCell(number, text.removeprefix(BYTE_ORDER_MARK)), language in _PYTHON


def _language(cell: dict[str, Any]) -> str:
    metadata = cell.get("metadata")
    editor = metadata.get("vscode") if isinstance(metadata, dict) else None
    named = editor.get("languageId") if isinstance(editor, dict) else cell.get("language")
    return named.lower() if isinstance(named, str) and named else "python"
