"""Notebooks as Python: nothing moves, and what is IPython's alone is no code."""

import ast

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from linewise.analysis.lines import LineTable
from linewise.analysis.notebooks import join_cells, python_of
from linewise.analysis.problems.find import problems

cells = st.text(st.sampled_from("%!?#x=\\ \t\n\r\f.'()"), max_size=40)


@given(cells)
@example("%time\r")
@example("!")
@example("  %x")
@example("x = !x'(\nx")
@example("(\n%x")
def test_every_character_keeps_its_place(cell):
    python = python_of(cell)
    assert len(python) == len(cell)
    table, read = LineTable(cell), LineTable(python)
    assert read.starts == table.starts[: len(read)]
    assert len(table) - len(read) == cell.endswith("\r")
    assert all(now == before or now in "0# if1:" for now, before in zip(python, cell, strict=True))


@given(st.lists(cells, max_size=5))
def test_cells_begin_on_lines_of_their_own(texts):
    joined = join_cells(texts)
    table = LineTable(joined.text)
    for text, (start, end), line in zip(texts, joined.spans, joined.first_lines, strict=True):
        assert joined.text[start:end] == python_of(text)
        assert table.starts[line] == start


@pytest.mark.parametrize(
    ("cell", "python"),
    [
        ("%matplotlib inline\nx = 1", "#matplotlib inline\nx = 1"),
        ("!pip install \\\n  x\ny = 1", "#pip install \\\n# x\ny = 1"),
        ("if x:\n    !ls {x}\n", "if x:\n    0#s {x}\n"),
        ("files = !ls\nfor f in files: pass", "files = 0#s\nfor f in files: pass"),
        ("a = %time f()", "a = 0#ime f()"),
        ("print?", "#rint?"),
        ("??os.path", "#?os.path"),
        ("%%time\nx = 1", "#%time\nx = 1"),
        ("\n%%bash\nls -l\n\nif true", "\n#%bash\n#s -l\n\n#f true"),
        ("x = 7 \\\n  % 2\ny = x != 1", "x = 7 \\\n  % 2\ny = x != 1"),
        ("a %= 2\nb = '%s' % a", "a %= 2\nb = '%s' % a"),
        ("%time x = f()", "if 1: x = f()"),
        ("if y:\n    %timeit -n 10 -r3 f(x)", "if y:\n    if 1:             f(x)"),
        ("%%timeit x = 1\nx", "if 1:    x = 1\nx"),
        ("%time", "#time"),
        ("x = !ls 'it's (\ny = 1", "x = 0#s 'it's (\ny = 1"),
        ("x = %env HOME\ny = 1", "x = 0#nv HOME\ny = 1"),
        ("%%time?\nx = 1", "#%time?\nx = 1"),
        ("f(x)[0].y??", "#(x)[0].y??"),
        ("if x:\n    !ls \\\n  -l\ny", "if x:\n    0#s \\\n# -l\ny"),
    ],
)
def test_what_only_ipython_understands(cell, python):
    assert python_of(cell) == python
    ast.parse(python)


@pytest.mark.parametrize(
    "cell",
    [
        "x = (a\n     %b)",
        "x = [a\n%b]",
        "x = {a: a\n%b}",
        "print('%d'\n      %b)",
        "x = a \\\n  %b",
        "x = '''\n%b\n!ls\nwhat?\n'''",
        'x = f"""\n%b\n{a}?\n"""',
        "x = (a  # (\n%b)",
        "f(a\n%b, '?',\n'!ls')",
        "x = a if a == b else '!x'",
        "x != y\nx == b  # why?",
        "def f(a=(1\n%b)):\n    return a\n",
    ],
)
def test_what_is_within_a_statement_is_python(cell):
    assert python_of(cell) == cell
    ast.parse(cell)


def undefined(*cells):
    joined = join_cells(cells)
    found = problems(joined.text, joined.names)
    return [each.name for each in found if each.kind == "undefined"]


@pytest.mark.parametrize(
    "cells",
    [
        ["df = 1\ndisplay(df)"],
        ["get_ipython().run_line_magic('time', 'x')"],
        ["print(_, __, ___, _1, _23, Out[1], In[1])"],
        ["print(_i, _ii, _iii, _i7, _ih, _oh, _dh, _exit_code)\nexit\nquit()"],
        ["%time x = len('a')", "x"],
        ["%timeit -o -n 10 x = 1", "x"],
        ["%%time\nx = 1", "x"],
        ["%%time x = 1\n", "x"],
        ["%%capture out\nprint(1)", "out.show()"],
        ["%%capture --no-stderr out\nprint(1)", "out.show()"],
        ["%%sql res <<\nselect 1", "res"],
        ["%%sql sqlite:// res << select 1", "res"],
        ["%sql res << select 1", "res"],
        ["x = %sql select 1", "x"],
        ["x = !ls", "x"],
        ["x, y = %magic", "x, y"],
        ["%store -r a b", "a, b"],
        ["%store -r", "anything"],
        ["%%bash --out a --err b\nls", "a, b"],
        ["%%script bash --out=a\nls", "a"],
        ["%%bigquery df --project p\nselect 1", "df"],
        ["%%R -o a\na <- 1", "a"],
        ["%macro again 1-2", "again"],
        ["%pylab inline", "plot(linspace(0, 1))"],
        ["%run other.py", "anything"],
        ["%%cython\ncdef int f(): return 1", "f()"],
    ],
)
def test_names_that_ipython_gives_are_defined(cells):
    assert undefined(*cells) == []


def test_names_that_nothing_gives_are_not():
    assert undefined("print(_nothing, _i_, out)") == ["_nothing", "_i_", "out"]
    assert undefined("%time print(nobody)") == ["nobody"]
    assert undefined("%matplotlib inline\n%load_ext a\n%env b\n!ls c", "a, b, c") == ["a", "b", "c"]
    assert undefined("%%capture\nx = 1", "capture") == ["capture"]
    assert [each.name for each in problems("display(_)\n") if each.kind == "undefined"] == [
        "display",
        "_",
    ]


@pytest.mark.parametrize(
    "broken", ["pip install x", "y = (", "for", "x = '''", "if 1:", "%%bash\nls"]
)
def test_a_cell_that_is_no_python_costs_the_others_nothing(broken):
    assert undefined("first", broken, "def f():\n    '''Say.'''\n    return nobody") == [
        "first",
        "nobody",
    ]
    assert join_cells(["x", broken]).foreign == ((1,) if broken.startswith("%%") else ())
