"""The lines of a text as it once was, whatever it holds: it is only ever compared with.

Each line is decoded as the file says it is encoded; where that fails it is compared as if it was
UTF-8 or Latin-1, so that no byte gets lost and every other line is recognized.
"""

from __future__ import annotations

import codecs

from linewise.analysis.lines import LineTable
from linewise.files import declared_encoding, encoding_by_mark

_EVERY_BYTE = "latin-1"
_WIDE = ("utf-16", "utf-32")


def lines_of(data: bytes) -> list[str]:
    """Return the lines of a file's content, without terminators and byte order mark."""
    mark, encoding = encoding_by_mark(data), declared_encoding(data)
    text = data.decode(mark, "replace") if mark in _WIDE else _decoded(data, encoding)
    if text is not None:
        table = LineTable(text.removeprefix("\ufeff"))
        return [table.content(line) for line in range(len(table))]
    # By lines, one that cannot be read does not make others say something else.
    table = LineTable(data.removeprefix(codecs.BOM_UTF8).decode(_EVERY_BYTE))
    return [_line(table.content(line), encoding) for line in range(len(table))]


def _line(content: str, encoding: str) -> str:
    data = content.encode(_EVERY_BYTE)
    decoded = (_decoded(data, each) for each in (encoding, "utf-8"))
    return next((text for text in decoded if text is not None), content)


def _decoded(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except (UnicodeError, LookupError):
        return None
