"""Notebooks as Python: nothing moves, and what is IPython's alone is no code."""

import ast

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from linewise.analysis.lines import LineTable
from linewise.analysis.notebooks import join_cells, python_of

cells = st.text(st.sampled_from("%!?#x=\\ \t\n\r\f.'"), max_size=40)


@given(cells)
@example("%time\r")
@example("!")
@example("  %x")
def test_every_character_keeps_its_place(cell):
    python = python_of(cell)
    assert len(python) == len(cell)
    table, read = LineTable(cell), LineTable(python)
    assert read.starts == table.starts[: len(read)]
    assert len(table) - len(read) == cell.endswith("\r")
    assert all(now == before or now in "0# " for now, before in zip(python, cell, strict=True))


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
    ],
)
def test_what_only_ipython_understands(cell, python):
    assert python_of(cell) == python
    ast.parse(python)
