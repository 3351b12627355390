"""Reading source files: every encoding Python knows, and a reason for every refusal."""

import codecs
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linewise.files import Skipped, Source, decode_source, read_source
from linewise.settings import Settings

SMALL = Settings(max_file_lines=10, max_file_bytes=1_000)


@pytest.mark.parametrize(
    ("data", "text", "encoding"),
    [
        (b"", "", "utf-8"),
        (b"x = 1\n", "x = 1\n", "utf-8"),
        (codecs.BOM_UTF8 + b"x = 1\n", "x = 1\n", "utf-8-sig"),
        ("é = 1\n".encode(), "é = 1\n", "utf-8"),
        (b"# -*- coding: latin-1 -*-\nx = '\xe9'\n", None, "iso-8859-1"),
        (b"#!/usr/bin/python\n# vim: set fileencoding=cp1252 :\nx = '\x80'\n", None, "cp1252"),
        ("é = 1\n".encode("utf-16"), "é = 1\n", "utf-16"),
        (codecs.BOM_UTF16_BE + "é".encode("utf-16-be"), "é", "utf-16"),
        (codecs.BOM_UTF32_LE + "é".encode("utf-32-le"), "é", "utf-32"),
        (codecs.BOM_UTF32_BE + "é".encode("utf-32-be"), "é", "utf-32"),
        (b"a\r\nb\rc\n\x0cd\x0b", "a\r\nb\rc\n\x0cd\x0b", "utf-8"),
    ],
)
def test_decodes_as_python_does_and_keeps_newlines(data, text, encoding):
    expected = data.decode(encoding) if text is None else text
    assert decode_source(data, SMALL) == Source(expected, encoding)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"x = '\0'\n", "binary (a NUL byte in line 1)"),
        (
            b"a\r\nb\rc = '\xe9'\n",
            "not UTF-8 (byte 0xe9 in line 3): save it as UTF-8 or declare its encoding in line 1",
        ),
        (
            b"x = '\xe9'\n",
            "not UTF-8 (byte 0xe9 in line 1): save it as UTF-8 or declare its encoding in line 1",
        ),
        (
            b"x = '\xed\xa0\x80'\n",
            "not UTF-8 (byte 0xed in line 1): save it as UTF-8 or declare its encoding in line 1",
        ),
        (
            b"# coding: ascii\n\nx = '\xe9'\n",
            "not ascii, as it declares (byte 0xe9 in line 3): save it as UTF-8",
        ),
        (
            b"# coding: klingon\n",
            "unknown encoding: klingon: correct the encoding declared in its first lines",
        ),
        (
            codecs.BOM_UTF8 + b"# coding: latin-1\n",
            "encoding problem: utf-8: correct the encoding declared in its first lines",
        ),
        (
            b"# coding: rot13\n",
            "rot13, which it declares, is not a text encoding: save it as UTF-8",
        ),
        (codecs.BOM_UTF16_LE + b"a", "not utf-16, as it declares (byte 0x61 in line 1): "
         "save it as UTF-8"),
        (b"x\n" * 11, "11 lines, above the limit of 10: raise it with --max-lines"),
        (b"x" * 1_001, "larger than the limit of 1.0 kB: raise it with --max-bytes"),
    ],
)  # fmt: skip
def test_says_why_a_file_is_skipped(data, reason):
    assert decode_source(data, SMALL) == Skipped(reason)


@pytest.mark.parametrize("data", [b"x\n" * 10, b"x\n" * 9 + b"x", b"x\r" * 10, b"x\r\n" * 10])
def test_ten_lines_are_within_a_limit_of_ten(data):
    assert isinstance(decode_source(data, SMALL), Source)


@given(st.binary(max_size=300))
def test_any_bytes_are_a_text_or_a_reason(data):
    decoded = decode_source(data, SMALL)
    assert isinstance(decoded, Source) or decoded.reason


def test_reads_from_the_disk(tmp_path):
    path = tmp_path / "a.py"
    path.write_bytes(b"a\r\nb\r")
    assert read_source(path, SMALL) == Source("a\r\nb\r", "utf-8")


def test_a_large_file_is_refused_unread(tmp_path):
    path = tmp_path / "a.py"
    with path.open("wb") as file:
        file.truncate(2 * 1024**3)  # sparse: takes no room
    assert read_source(path, Settings()) == Skipped(
        "larger than the limit of 1.0 MB: raise it with --max-bytes"
    )


def test_what_is_not_a_file(tmp_path):
    pipe = tmp_path / "pipe.py"
    os.mkfifo(pipe)
    assert read_source(pipe, SMALL) == Skipped("not a regular file")
    assert read_source(tmp_path, SMALL) == Skipped("a folder that cannot be listed")
    assert read_source(tmp_path / "gone.py", SMALL) == Skipped("no longer there")
    assert read_source(tmp_path / "a.py" / "b.py", SMALL) == Skipped("no longer there")
    loop = tmp_path / "loop.py"
    loop.symlink_to(loop)
    assert isinstance(read_source(loop, SMALL), Skipped)


def test_permission_denied(tmp_path, monkeypatch):
    path = tmp_path / "a.py"
    path.write_text("x = 1\n")

    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    # Tests may run as root, whom no permission bit stops.
    monkeypatch.setattr(type(path), "open", refuse)
    assert read_source(path, SMALL) == Skipped("permission denied")
