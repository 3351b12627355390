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

from linewise.settings import Settings

_BYTE_ORDER_MARKS = (
    # UTF-32 first: its little-endian mark begins with that of UTF-16.
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@frozen
class Source:
    """The text of a file; newlines are the file's own, a byte order mark is not part of it."""

    text: str
    encoding: str


@frozen
class Skipped:
    """Why a file is not scored and, where something helps, what to do about it."""

    reason: str


def read_source(path: Path, settings: Settings) -> Source | Skipped:
    """Read a file within the limits of ``settings``; whatever is wrong with it is a `Skipped`."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            return Skipped(
                "a folder that cannot be listed"
                if stat.S_ISDIR(status.st_mode)
                else "not a regular file"
            )
        if status.st_size > settings.max_file_bytes:
            return _too_large(settings)
        with path.open("rb") as file:
            # The file may have grown meanwhile; one byte more than allowed is enough to see it.
            return decode_source(file.read(settings.max_file_bytes + 1), settings)
    except FileNotFoundError:
        return Skipped("no longer there")
    except PermissionError:
        return Skipped("permission denied")
    except OSError as error:
        return Skipped(f"cannot be read: {error.strerror}")


def decode_source(data: bytes, settings: Settings) -> Source | Skipped:
    """Decode a file's content by its byte order mark, its PEP 263 declaration or as UTF-8."""
    if len(data) > settings.max_file_bytes:
        return _too_large(settings)
    encoding = encoding_by_mark(data)
    if encoding is None:
        if b"\0" in data:
            return Skipped(f"binary (a NUL byte in line {_line_at(data, data.index(0))})")
        try:
            encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        except SyntaxError as error:
            # Either the declaration is wrong, or there is none and the first lines are not UTF-8.
            if not isinstance(decoded := _decode(data, "utf-8"), Skipped):
                decoded = Skipped(f"{error.msg}: correct the encoding declared in its first lines")
            return decoded
    decoded = _decode(data, encoding)
    return _within_lines(decoded, settings) if isinstance(decoded, Source) else decoded


def encoding_by_mark(data: bytes) -> str | None:
    """Return the encoding that a byte order mark tells, None if there is none of UTF-16 or 32."""
    return next((name for mark, name in _BYTE_ORDER_MARKS if data.startswith(mark)), None)


def decoded_source(text: str, settings: Settings) -> Source | Skipped:
    """Take a text that others have decoded for a file's content, within the same limits."""
    if len(text.encode("utf-8", "surrogatepass")) > settings.max_file_bytes:
        return _too_large(settings)
    if "\0" in text:
        return Skipped(
            f"binary (a NUL byte in line {text.count(chr(10), 0, text.index(chr(0))) + 1})"
        )
    return _within_lines(Source(text.removeprefix("\ufeff"), "utf-8"), settings)


def _within_lines(source: Source, settings: Settings) -> Source | Skipped:
    lines, limit = _count_lines(source.text), settings.max_file_lines
    if lines > limit:
        return Skipped(f"{lines:,} lines, above the limit of {limit:,}: raise it with --max-lines")
    return source


def _decode(data: bytes, encoding: str) -> Source | Skipped:
    try:
        return Source(data.decode(encoding), encoding)
    except UnicodeDecodeError as error:
        where = f"byte 0x{data[error.start]:02x} in line {_line_at(data, error.start)}"
        if encoding.startswith("utf-8"):
            return Skipped(
                f"not UTF-8 ({where}): save it as UTF-8 or declare its encoding in line 1"
            )
        return Skipped(f"not {encoding}, as it declares ({where}): save it as UTF-8")
    except (UnicodeError, LookupError):
        return Skipped(f"{encoding}, which it declares, is not a text encoding: save it as UTF-8")


def _too_large(settings: Settings) -> Skipped:
    limit = decimal(settings.max_file_bytes)
    return Skipped(f"larger than the limit of {limit}: raise it with --max-bytes")


def _line_at(data: bytes, offset: int) -> int:
    return len(re.findall(rb"\r\n|\n|\r", data[:offset])) + 1


def _count_lines(text: str) -> int:
    """Count lines as people do: a terminator at the very end begins no further line."""
    terminators = text.count("\n") + text.count("\r") - text.count("\r\n")
    return terminators + (bool(text) and text[-1] not in "\r\n")
