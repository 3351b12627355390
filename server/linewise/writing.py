"""Writing what others read: JSON that is strict whatever names are in it, and files that are whole.

A file's name is bytes on most systems, and those that are not UTF-8 are lone surrogates in Python's
texts. Neither UTF-8 nor most parsers of JSON take those.
"""

from __future__ import annotations

import json
import os
import re
import secrets
from pathlib import Path

from linewise.analysis.lines import without_surrogates

_SURROGATE = re.compile("[\ud800-\udfff]")
_PRIVATE, _AS_USUAL, _AS_ANY = 0o600, 0o666, 0o777


def to_json(value: object, *, indent: int | None = 2, read_back: bool = False) -> str:
    """Return a value as strict JSON, in which each lone surrogate is U+FFFD.

    For a file that Linewise itself will ``read_back`` it is escaped, so that names stay the same.

    Raises
    ------
    ValueError
        If a number is not finite: JSON has no such number.
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, indent=indent)
    if read_back:
        return _SURROGATE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
    return without_surrogates(text)


def replace_file(path: Path, content: str | bytes, *, private: bool = False) -> None:
    """Write a file so that a reader sees the old content or the new, whole.

    Whatever goes wrong, nothing else stays behind. Others may read it as they might before, or as
    the system has it for new files; nobody else if it is ``private``. What is no regular file, such
    as a terminal or a pipe, is written to, and what a link leads to is replaced.

    Raises
    ------
    OSError
        If that is not possible; the file is left as it is.
    """
    data = content.encode("utf-8") if isinstance(content, str) else content
    target = Path(os.path.realpath(path))
    if target.exists() and not target.is_file():
        path.write_bytes(data)
        return
    partial = target.with_name(f"{target.name}.partial")
    if partial.is_file():  # left behind, or somebody else is writing
        partial = target.with_name(f"{target.name}.{secrets.token_hex(8)}.partial")
    partial.touch(_PRIVATE if private else _AS_USUAL, exist_ok=False)
    try:
        if not private and target.exists():
            partial.chmod(target.stat().st_mode & _AS_ANY)
        partial.write_bytes(data)
        partial.replace(target)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
