"""Reading source files: every encoding Python knows, and a reason for every refusal."""

import codecs
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linewise.files import IN_EDITOR, Skipped, Source, decode_source, decoded_source, read_source
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
            "declares latin-1, which its byte order mark contradicts: save it without the mark, "
            "or correct the declaration",
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
    assert read_source(pipe, SMALL) == Skipped("not a regular file", lasting=False)
    assert read_source(tmp_path, SMALL) == Skipped("a folder that cannot be listed", lasting=False)
    assert read_source(tmp_path / "gone.py", SMALL) == Skipped("no longer there", lasting=False)
    assert read_source(tmp_path / "a.py" / "b.py", SMALL) == Skipped(
        "no longer there", lasting=False
    )
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
    assert read_source(path, SMALL) == Skipped("permission denied", lasting=False)


ENDS = pytest.mark.parametrize("end", ["\n", "\r", "\r\n"])
KLINGON = "coding: klingon"


@ENDS
@pytest.mark.parametrize(
    "lines",
    [
        ["x = 1", "y = 2", f"# {KLINGON}"],
        ["x = 1", f"# {KLINGON}", ""],
        ["", "# one", f"# {KLINGON}"],
        ["x = 1", "", "", f"# {KLINGON}"],
        [f"x = 1  # {KLINGON}"],
        [f"{KLINGON} = 'é'"],
    ],
)
def test_only_a_comment_in_the_first_two_lines_declares_an_encoding(lines, end):
    text = end.join(lines)
    assert decode_source(text.encode(), SMALL) == Source(text, "utf-8")


@ENDS
@pytest.mark.parametrize("before", ["", "\f# a comment: é", "#!/usr/bin/env python"])
@pytest.mark.parametrize("name", ["cp1251", "koi8-r", "shift_jis", "euc-jp", "gb18030"])
def test_the_second_line_declares_if_the_first_holds_no_code(before, name, end):
    sign = "я" if name in ("cp1251", "koi8-r") else "語"
    text = end.join(
        [before.replace("é", "e"), f"# vim: set fileencoding={name} :", f"x = '{sign}'"]
    )
    assert decode_source(text.encode(name), SMALL) == Source(text, name)


def test_mixed_line_ends_count_as_two_lines():
    text = "# one\r# two\n# coding: klingon\r\nx = 'é'"
    assert decode_source(text.encode(), SMALL) == Source(text, "utf-8")


@pytest.mark.parametrize(
    "name",
    ["utf-16", "UTF_16_LE", "utf-16-be", "utf-32", "utf-32-le", "cp037", "cp500", "cp1140", "rot13",
     "hex", "Base64", "zlib", "unicode_escape", "raw_unicode_escape", "idna", "punycode"],
)  # fmt: skip
@ENDS
def test_a_declaration_that_cannot_be_read_in_its_encoding_is_refused_by_its_name(name, end):
    # A length that every width of code units divides, or none does.
    for blanks in range(4):
        data = f"# coding: {name}{end}x = [1]{' ' * blanks}{end}".encode()
        decoded = decode_source(data, SMALL)
        assert isinstance(decoded, Skipped)
        assert name in decoded.reason
        assert "not" in decoded.reason


@pytest.mark.parametrize("name", ["cp1252", "iso-8859-15", "mac-roman", "utf-8-sig", "utf-7"])
def test_what_is_in_its_encoding_is_read(name):
    text = f"# coding: {name}\nx = 'ü'\n"
    decoded = decode_source(text.encode(name), SMALL)
    assert isinstance(decoded, Source)
    assert decoded.text == text


@pytest.mark.parametrize("name", ["latin-1", "Cp1252", "ascii", "rot13"])
def test_a_mark_contradicts_any_other_declaration(name):
    text = f"\ufeff# coding: {name}\nx = 1\n"
    for decoded in (decode_source(text.encode(), SMALL), decoded_source(text, SMALL)):
        assert isinstance(decoded, Skipped)
        assert decoded.reason.startswith(f"declares {name}, which its byte order mark contradicts")


@pytest.mark.parametrize("name", ["utf-8", "UTF8", "utf-8-sig", "utf_8-unix"])
def test_a_mark_and_a_declaration_may_say_the_same(name):
    text = f"# coding: {name}\nx = 1\n"
    assert decode_source(codecs.BOM_UTF8 + text.encode(), SMALL) == Source(text, "utf-8-sig")
    assert decoded_source("\ufeff" + text, SMALL) == Source(text, "utf-8")


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n"])
@pytest.mark.parametrize("last", [True, False])
@pytest.mark.parametrize("lines", [9, 10, 11])
def test_every_reader_counts_the_same_lines(lines, end, last):
    text = "x" + (end + "x") * (lines - 1) + end * last
    for decoded in (decode_source(text.encode(), SMALL), decoded_source(text, SMALL)):
        if lines <= 10:
            assert isinstance(decoded, Source)
        else:
            assert decoded == Skipped("11 lines, above the limit of 10: raise it with --max-lines")


def test_a_refusal_names_what_its_reader_can_raise():
    for text in ("x\n" * 11, "x" * 1_001):
        decoded = decoded_source(text, SMALL, IN_EDITOR)
        assert isinstance(decoded, Skipped)
        assert "linewise.maxFile" in decoded.reason
        assert "--" not in decoded.reason


@ENDS
def test_a_nul_byte_is_named_with_its_line(end):
    text = f"a{end}b{end}c\0"
    for decoded in (decode_source(text.encode(), SMALL), decoded_source(text, SMALL)):
        assert decoded == Skipped("binary (a NUL byte in line 3)")
