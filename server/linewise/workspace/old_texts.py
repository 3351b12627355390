"""The lines of a text as it once was, whatever it holds: it is only ever compared with.

Each line is decoded as the file says it is encoded; where that fails it is compared as if it was
UTF-8 or Latin-1, so that no byte gets lost and every other line is recognized.
"""

from __future__ import annotations

import codecs
import io
import tokenize

from linewise.analysis.lines import LineTable
from linewise.files import encoding_by_mark

_EVERY_BYTE = "latin-1"


def lines_of(data: bytes) -> list[str]:
    """Return the lines of a file's content, without terminators and byte order mark."""
    marked = encoding_by_mark(data)
    encoding = marked or _declared(data)
    text = data.decode(marked, "replace") if marked else _decoded(data, encoding)
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


def _declared(data: bytes) -> str:
    try:
        return tokenize.detect_encoding(io.BytesIO(data).readline)[0]
    except SyntaxError:  # none that there is, or the first lines are not what they should be
        return "utf-8"


def _decoded(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except (UnicodeError, LookupError):
        return None
