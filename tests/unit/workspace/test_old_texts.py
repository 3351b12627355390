"""Old texts: whatever they hold, every line that did not change is recognized."""

import codecs
import time

import pytest

from linewise.analysis.lines import LineTable
from linewise.files import Source, decode_source
from linewise.settings import Settings
from linewise.workspace.changes import Changes
from linewise.workspace.old_texts import lines_of

NEW = "# café\nx = 1\ny = 22\nz = 'ü'\n"
OLD = NEW.replace("22", "2")


def changed(repository, old, new=NEW):
    repository.commit(1, {"a.py": old})
    changes = Changes(repository.root)
    found = changes.lines("a.py", LineTable(new), "HEAD")
    assert changes.problem is None
    return found


@pytest.mark.parametrize(
    "old",
    [
        OLD.encode(),
        OLD.encode("latin-1"),
        codecs.BOM_UTF8 + OLD.encode(),
        OLD.encode("utf-16"),
        OLD.encode("utf-32"),
        OLD.replace("\n", "\r\n").encode(),
        OLD.replace("\n", "\r").encode("latin-1"),
    ],
)
def test_the_encoding_does_not_matter(repository, old):
    assert changed(repository, old) == {2}


def test_a_text_that_is_cut_within_a_character(repository):
    assert changed(repository, OLD.encode("utf-16") + b"\0") == {2, 4}


@pytest.mark.parametrize("declared", ["latin-1", "cp1252", "utf-8", "nonsense", "hex", "ascii"])
@pytest.mark.parametrize("encoding", ["latin-1", "utf-8"])
def test_nor_does_what_is_declared(repository, declared, encoding):
    first = f"# coding: {declared}\n"
    new = first + NEW
    if isinstance(source := decode_source(new.encode(encoding), Settings()), Source):
        new = source.text
    found = changed(repository, (first + OLD).encode(encoding), new)
    assert 3 in found
    assert found.isdisjoint({0, 2, 5})


def test_one_line_that_cannot_be_read_changes_no_other(repository):
    old = NEW.encode().replace(b"x = 1", b"x = '\xff'")
    assert changed(repository, old) == {1}
    assert changed(repository, old, NEW.replace("x = 1", "x = 'ÿ'")) == frozenset()


def test_bytes_that_make_it_binary(repository):
    assert changed(repository, OLD.encode().replace(b"x = 1", b"x = '\0'")) == {1, 2}


def test_there_are_no_limits(repository):
    long = "#\n" * 50_000 + f"big = '{'x' * 2_000_000}'\n"
    begun = time.process_time()
    assert changed(repository, OLD + long) == {2}
    assert changed(repository, long + OLD) == {2}
    assert time.process_time() - begun < 5


def test_what_was_empty_or_a_folder(repository):
    assert changed(repository, b"", "") == frozenset()
    repository.commit(2, {"b.py/c.py": "x = 1\n"})
    changes = Changes(repository.root)
    assert changes.lines("b.py", LineTable("x = 1"), "HEAD") == {0}
    assert changes.problem is None


@pytest.mark.parametrize("text", ["", "a", "a\n", "a\r\nb\rc\n", "\ufeffa\u2028b\x0cc\n"])
def test_lines_are_those_of_the_new_text(text):
    table = LineTable(text.removeprefix("\ufeff"))
    assert lines_of(text.encode()) == [table.content(line) for line in range(len(table))]


def test_the_same_is_not_compared_twice(repository, monkeypatch):
    repository.commit(1, {"a.py": OLD})
    changes = Changes(repository.root)
    assert changes.lines("a.py", LineTable(NEW), "HEAD") == {2}
    monkeypatch.setattr("linewise.workspace.changes.changed_lines", None)
    assert changes.lines("a.py", LineTable(NEW), "HEAD") == {2}
    with pytest.raises(TypeError):
        changes.lines("a.py", LineTable(NEW + "more"), "HEAD")
