"""Units cover every line once, whatever the text; code lines are code."""

import sysconfig
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linewise.analysis.code_lines import code_lines
from linewise.analysis.syntax import parse
from linewise.analysis.units import UnitKind, find_units

STDLIB = Path(sysconfig.get_path("stdlib"))

SOURCE = '''\
#!/usr/bin/env python
"""Count things."""

import os
from typing import Any

LIMIT = 10


# How to add.
@staticmethod
def add(a, b):
    """Add."""
    return a + b


class Counter(dict):
    """Counts."""

    start = 0

    def more(self, n):
        # one more
        def inner():
            return n
        return inner()

    class Inner:
        def deep(self): ...

    stop = 1

if LIMIT:
    def late(): pass
print(add(1, 2))
'''


def units(text):
    return [
        (unit.kind.value, unit.name, unit.first_line + 1, unit.last_line + 1)
        for unit in find_units(parse(text))
    ]


def test_functions_methods_and_the_runs_between_them():
    assert units(SOURCE) == [
        ("module", "<module>", 1, 7),
        ("function", "add", 10, 14),
        ("class body", "Counter", 17, 20),
        ("method", "Counter.more", 22, 26),
        ("class body", "Counter.Inner", 28, 28),
        ("method", "Counter.Inner.deep", 29, 29),
        ("class body", "Counter", 31, 31),
        ("module", "<module>", 33, 33),
        ("function", "late", 34, 34),
        ("module", "<module>", 35, 35),
    ]


def test_the_header_carries_docstring_imports_and_class_signatures():
    deep = next(u for u in find_units(parse(SOURCE)) if u.name == "Counter.Inner.deep")
    assert [SOURCE[start:end] for start, end in deep.header] == [
        '"""Count things."""',
        "import os",
        "from typing import Any",
        'class Counter(dict):\n    """Counts."""',
        "class Inner:",
    ]
    assert SOURCE[slice(*deep.signature)] == "def deep(self):"


def test_the_opening_run_is_not_its_own_header():
    assert find_units(parse(SOURCE))[0].header == ()


def test_the_header_is_bounded():
    text = '"""' + "words " * 1000 + '"""\n' + "import a_module\n" * 100 + "def f(): pass\n"
    header = find_units(parse(text))[-1].header
    assert sum(end - start for start, end in header) <= 320 + 160


def test_code_lines_leave_out_blank_comment_and_docstring_lines():
    lines = SOURCE.split("\n")
    code = [lines[line] for line in code_lines(parse(SOURCE))]
    assert '    """Counts."""' not in code
    assert "# How to add." not in code
    assert not [line for line in code if not line.strip() or line.lstrip().startswith("#")]
    assert "@staticmethod" in code
    assert "        return inner()" in code


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('x = """a\n# not a comment\nb"""\n', [0, 1, 2]),
        ('"""doc\nmore\n"""; x = 1\n', [2]),
        ('def f():\n    "doc" # why\n    return 1 # why\n', [0, 2]),
        ("x = 1 \\\n\n    + 2\n", [0, 2]),
        ("", []),
        ("\n\n# only\n", []),
    ],
)
def test_code_lines_at_the_edges(text, expected):
    assert list(code_lines(parse(text))) == expected


def covered_once(text):
    """Every code line lies in exactly one unit, units are in order and do not overlap."""
    syntax = parse(text)
    ranges = [(unit.first_line, unit.last_line) for unit in find_units(syntax)]
    assert ranges == sorted(ranges)
    lines = [line for first, last in ranges for line in range(first, last + 1)]
    assert len(lines) == len(set(lines))
    assert set(code_lines(syntax)) <= set(lines)


@pytest.mark.parametrize("end", range(0, len(SOURCE), 3))
def test_unfinished_code_at_every_prefix_still_has_units(end):
    covered_once(SOURCE[:end])


@given(
    st.text(st.sampled_from("\r\n\t (){}[]:\"'#\\=abdefclsnw.,@漢🎉\x00\x0c\ud800"), max_size=200)
)
def test_any_text_has_units(text):
    covered_once(text)


@pytest.mark.parametrize("name", ["argparse.py", "shutil.py", "typing.py", "email/message.py"])
def test_real_modules(name):
    covered_once((STDLIB / name).read_text("utf-8"))


def test_deep_nesting_neither_crashes_nor_hangs():
    covered_once("(" * 3000 + ")" * 3000)
    covered_once("\n".join("  " * depth + f"if x{depth}:" for depth in range(300)))
    covered_once("\n".join(" " * depth + f"class C{depth}:" for depth in range(100)) + " pass")


def test_kinds_are_all_reachable():
    assert {unit.kind for unit in find_units(parse(SOURCE))} == set(UnitKind)
