"""`# linewise: ignore`: what it ignores, and the edits that write it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linewise.analysis.ignore_comments import (
    Edit,
    Scope,
    function_at,
    ignore_edit,
    ignored_lines,
)
from linewise.analysis.syntax import parse

TEXT = """\
#!/usr/bin/env python
# coding: utf-8
import os

x = 1  # why

class A:
    @property
    def f(self):  # noqa: N802
        y = '''
        z'''
        return y + \\
            x

    def g(self,
          a=1):
        def inner():
            return 2
        return inner
"""


def applied(text, edit):
    return text[: edit.start] + edit.text + text[edit.end :]


def ignoring(text, line, scope):
    edit = ignore_edit(parse(text), line, scope)
    return None if edit is None else applied(text, edit)


@pytest.mark.parametrize(
    ("text", "ignored"),
    [
        ("x = 1  # linewise: ignore\ny = 2\n", {0}),
        ("x = 1  #linewise:ignore\n", {0}),
        ("x = 1  # noqa: E501  # linewise: ignore - by hand\n", {0}),
        ("# linewise: ignore\n\n# more\nx = 1\ny = 2\n", {3}),
        ("x = 1\n# linewise: ignore", set()),
        ("x = 1  # linewise: ignored\ny = 1  # linewise: ignore-functional\n", set()),
        ("x = 1  # LINEWISE: ignore\n", set()),
        ("x = '# linewise: ignore'\n", set()),
        ("x = 1\n# linewise: ignore-file\ny = 2", {0, 1, 2}),
        ("def f():  # linewise: ignore-function\n  return 1\nx = 1\n", {0, 1}),
        ("# linewise: ignore-function\n@d\ndef f():\n  return 1\nx = 1\n", {0, 1, 2, 3}),
        ("def f():\n  def g():\n    x = 1  # linewise: ignore-function\n", {0, 1, 2}),
        ("x = 1  # linewise: ignore-function\n", set()),
        ("def f():\n  x = 1  # linewise: ignore, ignore-function\n  y = 1\n", {0, 1, 2}),
        ("x = 1  # linewise: ignore\ry = 2\r\n", {0}),
        ("def f(:\n  x = 1  # linewise: ignore\n", {1}),
    ],
)
def test_what_is_ignored(text, ignored):
    assert ignored_lines(text) == ignored


@pytest.mark.parametrize(
    ("line", "scope", "changed", "written"),
    [
        (2, Scope.LINE, 2, "import os  # linewise: ignore"),
        (4, Scope.LINE, 4, "x = 1  # why  # linewise: ignore"),
        (8, Scope.LINE, 8, "    def f(self):  # noqa: N802  # linewise: ignore"),
        (10, Scope.LINE, 10, "        z'''  # linewise: ignore"),
        (10, Scope.FUNCTION, 8, "    def f(self):  # noqa: N802  # linewise: ignore-function"),
        (17, Scope.FUNCTION, 14, "    def g(self,  # linewise: ignore-function"),
    ],
)
def test_where_a_comment_is_written(line, scope, changed, written):
    text = ignoring(TEXT, line, scope)
    before, after = TEXT.split("\n"), text.split("\n")
    assert after[changed] == written
    assert before[:changed] + before[changed + 1 :] == after[:changed] + after[changed + 1 :]
    assert line in ignored_lines(text)


def test_the_comment_for_a_file_stands_below_what_must_come_first():
    text = ignoring(TEXT, 4, Scope.FILE)
    assert text.split("\n")[:4] == [*TEXT.split("\n")[:2], "# linewise: ignore-file", "import os"]
    assert ignored_lines(text) == set(range(len(text.split("\n"))))
    assert ignoring("x = 1\r\ny = 2", 0, Scope.FILE) == "# linewise: ignore-file\r\nx = 1\r\ny = 2"
    assert ignoring("\ufeffx = 1", 0, Scope.FILE) == "\ufeff# linewise: ignore-file\nx = 1"


@pytest.mark.parametrize(
    ("line", "scope"),
    [(9, Scope.LINE), (11, Scope.LINE), (2, Scope.FUNCTION), (6, Scope.FUNCTION)],
)
def test_where_none_can_stand(line, scope):
    assert ignoring(TEXT, line, scope) is None


def test_a_comment_of_ours_is_extended():
    assert ignoring("x = 1  # linewise: ignore", 0, Scope.LINE) is None
    text = "def f():  # linewise: ignore (later)\n    return 1\n"
    assert ignoring(text, 1, Scope.FUNCTION) == text.replace("ignore", "ignore, ignore-function")
    head = "# Licence.\n# linewise: ignore\nx = 1\n"
    assert ignoring(head, 2, Scope.FILE) == head.replace("ignore", "ignore, ignore-file")
    assert ignoring("# linewise: ignore-file\n", 0, Scope.FILE) is None


def test_the_function_around_a_line():
    syntax = parse(TEXT)
    assert function_at(syntax, 17) == "A.g"
    assert function_at(syntax, 7) == "A.f"
    assert function_at(syntax, 4) is None
    assert function_at(syntax, 3) is None


CODE = st.lists(
    st.sampled_from(
        ["x = 1", "def f():", "    y = 2  # why", "'''", "# linewise: ignore", "", "é = '\x0c'"]
    ),
    min_size=1,
    max_size=8,
)


@given(CODE, st.sampled_from(["\n", "\r\n", "\r"]), st.sampled_from(list(Scope)), st.data())
def test_a_comment_that_was_written_is_heeded_and_changes_nothing_else(rows, newline, scope, data):
    text = newline.join(rows)
    line = data.draw(st.integers(0, len(rows) - 1))
    edit = ignore_edit(parse(text), line, scope)
    if edit is None:
        return
    assert isinstance(edit, Edit)
    text = applied(text, edit)
    moved = scope is Scope.FILE and edit.text.endswith(newline) and edit.start == edit.end
    if rows[line].strip() and not rows[line].startswith(("#", "'")):
        assert line + moved in ignored_lines(text)
    assert ignore_edit(parse(text), line + moved, scope) is None
