"""Reading source files: decoded as Python would, newlines as found, refusals with a reason."""

from __future__ import annotations

import codecs
import io
import re
import stat
import tokenize
from pathlib import Path

from attrs import frozen
from rich.filesize import decimal

from linewise.analysis.lines import BYTE_ORDER_MARK, count_lines, first_lines
from linewise.languages import (
    PYTHON_SUFFIXES,
    has_python_shebang,
    is_python,
    why_not_python,
)
from linewise.settings import Settings

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    # UTF-32 first: its little-endian mark begins with that of UTF-16.
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# As PEP 263 and CPython have them.
_DECLARATION = re.compile(r"[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)", re.ASCII)
_NO_CODE = re.compile(r"[ \t\f]*(?:#|$)")
_SHEBANG_BYTES = 512
_ESCAPES = frozenset({"unicode-escape", "raw-unicode-escape", "idna", "punycode"})
"""Python takes them for encodings of text, but what they give has other lines and columns."""


@frozen
class Advice:
    """What the reader of a refusal can raise: the limit of lines, and that of bytes."""

    lines: str
    size: str


ON_COMMAND_LINE = Advice("--max-lines", "--max-bytes")
IN_EDITOR = Advice("the setting linewise.maxFileLines", "the setting linewise.maxFileBytes")


@frozen
class Source:
    """The text of a file; newlines are the file's own, a byte order mark is not part of it."""

    text: str
    encoding: str


@frozen
class Skipped:
    """Why a file is not scored and, where something helps, what to do about it.

    Where not ``lasting``, it may be scored the next time though nothing of the file has changed.
    """

    reason: str
    lasting: bool = True


def read_source(
    path: Path,
    settings: Settings,
    advice: Advice = ON_COMMAND_LINE,
    *,
    any_language: bool = False,
) -> Source | Skipped:
    """Read a file within the limits of ``settings``; whatever is wrong with it is a `Skipped`.

    So is a file that is not Python, unless it may be in ``any_language``.
    """
    try:
        return _read(path, settings, advice, any_language=any_language)
    except FileNotFoundError:
        return Skipped("no longer there", lasting=False)
    except PermissionError:
        return Skipped("permission denied", lasting=False)
    except OSError as error:
        return Skipped(f"cannot be read: {error.strerror}", lasting=False)


def _read(
    path: Path, settings: Settings, advice: Advice, *, any_language: bool
) -> Source | Skipped:
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        return Skipped(
            "a folder that cannot be listed"
            if stat.S_ISDIR(status.st_mode)
            else "not a regular file",
            lasting=False,
        )
    with path.open("rb") as file:
        named = any_language or path.suffix.lower() in PYTHON_SUFFIXES
        if not named:
            named = has_python_shebang(file.read(_SHEBANG_BYTES).decode("latin-1"))
            file.seek(0)
        if path.suffix and not named:
            return Skipped(why_not_python(path))
        if status.st_size > settings.max_file_bytes:
            return _too_large(settings, advice)
        # The file may have grown meanwhile; one byte more than allowed is enough to see it.
        source = decode_source(file.read(settings.max_file_bytes + 1), settings, advice)
    if not named and isinstance(source, Source) and not is_python(path, source.text):
        return Skipped(why_not_python(path))
    return source


def decode_source(
    data: bytes, settings: Settings, advice: Advice = ON_COMMAND_LINE
) -> Source | Skipped:
    """Decode a file's content by its byte order mark, its PEP 263 declaration or as UTF-8."""
    if len(data) > settings.max_file_bytes:
        return _too_large(settings, advice)
    mark = encoding_by_mark(data)
    if mark not in ("utf-16", "utf-32") and b"\0" in data:
        return Skipped(_binary(data[: data.index(0) + 1].decode("latin-1")))
    if mark is not None:
        decoded = _decode(data, mark, mark)
    elif (declared := _declared(data.decode("latin-1"))) is None:
        decoded = _decode(data, "utf-8", None)
    elif isinstance(encoding := _encoding(declared), Skipped):
        decoded = encoding
    else:
        decoded = _decode(data, encoding, declared)
        if isinstance(decoded, Source) and _declared(decoded.text) != declared:
            decoded = Skipped(f"the text is not in {declared}, which it declares: save it as UTF-8")
    if isinstance(decoded, Skipped):
        return decoded
    return _within(decoded.text, decoded.encoding, settings, advice, marked=mark is not None)


def encoding_by_mark(data: bytes) -> str | None:
    """Return the encoding that a byte order mark tells, None if there is none."""
    return next((name for mark, name in _BYTE_ORDER_MARKS if data.startswith(mark)), None)


def declared_encoding(data: bytes) -> str:
    """Return the encoding that a file's content declares, UTF-8 if none that there is."""
    declared = _declared(data.decode("latin-1"))
    encoding = "utf-8" if declared is None else _encoding(declared)
    return "utf-8" if isinstance(encoding, Skipped) else encoding


def decoded_source(
    text: str, settings: Settings, advice: Advice = ON_COMMAND_LINE
) -> Source | Skipped:
    """Take a text that others have decoded for a file's content, within the same limits."""
    if len(text.encode("utf-8", "surrogatepass")) > settings.max_file_bytes:
        return _too_large(settings, advice)
    marked = text.startswith(BYTE_ORDER_MARK)
    return _within(text.removeprefix(BYTE_ORDER_MARK), "utf-8", settings, advice, marked=marked)


def _within(
    text: str, encoding: str, settings: Settings, advice: Advice, *, marked: bool
) -> Source | Skipped:
    """Return a text unless it is binary, too long, or declares what its mark says it is not."""
    if "\0" in text:
        return Skipped(_binary(text[: text.index("\0") + 1]))
    if marked and (declared := _declared(text)) is not None:
        named = _encoding(declared)
        if isinstance(named, Skipped):
            return named
        if not codecs.lookup(named).name.startswith("utf-"):
            return Skipped(
                f"declares {declared}, which its byte order mark contradicts: save it without the "
                "mark, or correct the declaration"
            )
    lines, limit = count_lines(text), settings.max_file_lines
    if lines > limit:
        return Skipped(
            f"{lines:,} lines, above the limit of {limit:,}: raise it with {advice.lines}"
        )
    return Source(text, encoding)


def _declared(text: str) -> str | None:
    """Return the encoding that a text declares in its first two lines, as it spells it."""
    for line in first_lines(text, 2):
        if (found := _DECLARATION.match(line)) is not None:
            return found.group(1)
        if not _NO_CODE.match(line):
            return None
    return None


def _encoding(declared: str) -> str | Skipped:
    """Return the name by which Python knows an encoding that was declared."""
    try:
        # It knows which spellings editors have for the same (``utf-8-unix``).
        name, _ = tokenize.detect_encoding(io.BytesIO(f"# coding: {declared}".encode()).readline)
    except SyntaxError:
        return Skipped(
            f"unknown encoding: {declared}: correct the encoding declared in its first lines"
        )
    return name


def _decode(data: bytes, encoding: str, declared: str | None) -> Source | Skipped:
    if codecs.lookup(encoding).name.replace("_", "-") in _ESCAPES:
        return Skipped(
            f"the text is not in {declared}, which it declares and which is no text encoding: "
            "save it as UTF-8"
        )
    try:
        return Source(data.decode(encoding), encoding)
    except UnicodeDecodeError as error:
        line = count_lines(data[: error.start + 1].decode("latin-1"))
        where = f"byte 0x{data[error.start]:02x} in line {line}"
        if declared is None or encoding == "utf-8-sig":
            return Skipped(
                f"not UTF-8 ({where}): save it as UTF-8 or declare its encoding in line 1"
            )
        return Skipped(f"not {declared}, as it declares ({where}): save it as UTF-8")
    except (UnicodeError, LookupError):
        return Skipped(
            f"{declared or encoding}, which it declares, is not a text encoding: save it as UTF-8"
        )


def _binary(until: str) -> str:
    return f"binary (a NUL byte in line {count_lines(until)})"


def _too_large(settings: Settings, advice: Advice) -> Skipped:
    limit = decimal(settings.max_file_bytes)
    return Skipped(f"larger than the limit of {limit}: raise it with {advice.size}")
