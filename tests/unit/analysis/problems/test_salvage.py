"""Texts of which some statements do not parse: all others keep what is known of them."""

import ast
import random
import re
import time
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import linewise
from linewise.analysis.code_lines import code_lines
from linewise.analysis.line_facts import line_facts
from linewise.analysis.problems.find import find, problems
from linewise.analysis.problems.mentions import mentions, stand_in
from linewise.analysis.problems.newer import native, older
from linewise.analysis.problems.problem import LeftOut, Problem
from linewise.analysis.syntax import parse
from linewise.results import Omission, OmissionKind

PACKAGE = Path(linewise.__file__).parent
SYNTAX, NESTING = OmissionKind.SYNTAX, OmissionKind.NESTING
WHOLE = """\
import os


def larger(a, b):
    '''Return the larger one.'''
    if a > b:
        return b
    x = undefined_name[0]
    return a


class Shop:
    '''Where
    things are sold.
    '''

    prices = [
        1,
        missing,
    ]

    def total(self):
        for each in self.prices:
            found = each
        return nobody


print(larger(1, 2))
"""
UNITS = (0, 3, 11, 27)
INSIDE = (5, 18, 24)
BROKEN = [
    *("y = (", "y = [1, 2", "for", "for i in x:", "while", "if x = 1:", "else:", "elif y:", "try:"),
    *("pip install x", "print 'a'", "exec 'a' in y", "raise E, 'x'", "y = 0777", "a b c", "x <> y"),
    *("y = 'abc", 'y = "abc', "y = '''abc", 'y = """', "f'{", 'f"{y', "y = f'{x!", "\0", "$", "?"),
    *("def g(", "def g(a, (:", "class C(:", "class", "lambda", "return (", "del", "@dec("),
    *(
        "import",
        "import os.",
        "from x import (",
        "import x, (",
        "y = 1)",
        "]",
        "y = {1: 2",
        "y = (1]",
    ),
    *("with open(x) as", "x = = 1", "<<<<<<< HEAD", "async", "match y:", "f(a, b=1, 2)", "y ="),
]


def told(text):
    return [(each.line, each.kind, each.name) for each in problems(text)]


def with_line(at, line):
    lines = WHOLE.split("\n")
    indent = re.match(" *", lines[at])[0]
    return "\n".join((*lines[:at], indent + line, *lines[at:]))


def test_what_is_known_of_the_whole():
    assert told(WHOLE) == [
        (0, "unused import", "os"),
        (7, "undefined", "undefined_name"),
        (7, "unused", "x"),
        (18, "undefined", "missing"),
        (23, "unused", "found"),
        (24, "undefined", "nobody"),
    ]


@pytest.mark.parametrize("line", BROKEN)
@pytest.mark.parametrize("at", [*UNITS, len(WHOLE.split("\n")) - 1])
def test_a_broken_line_between_units_costs_none_of_them_anything(line, at):
    text = with_line(at, line)
    moved = [(place + (place >= at), kind, name) for place, kind, name in told(WHOLE)]
    # What the line mentions is not unused.
    mentioned = {name for names in mentions(line) for name in names}
    expected, found = (
        [each for each in every if not (each[1] == "unused import" and each[2] in mentioned)]
        for every in (moved, told(text))
    )
    assert found == expected
    (left,) = find(text).left_out
    assert (left.first, left.kind) == (at, SYNTAX)
    assert left.last == at


@pytest.mark.parametrize("line", BROKEN)
@pytest.mark.parametrize("at", INSIDE)
def test_a_broken_line_within_a_unit_costs_the_others_nothing(line, at):
    text = with_line(at, line)
    own = range(3, 9) if at < 9 else range(11, 25)
    kept = {(place + (place >= at), *rest) for place, *rest in told(WHOLE) if place not in own}
    mentioned = {name for names in mentions(line) for name in names}
    kept = {each for each in kept if not (each[1] == "unused import" and each[2] in mentioned)}
    assert kept <= set(told(text))
    lines = text.count("\n") + 1
    assert all(0 <= place < lines for place, *_ in told(text))
    assert find(text).left_out


def test_methods_of_a_broken_class_keep_their_facts():
    text = "class Shop(Base:\n    def total(self):\n        return nobody\n"
    assert told(text) == [(2, "undefined", "nobody")]
    assert find(text).left_out == (LeftOut(0, 0, SYNTAX),)


def test_a_broken_header_goes_with_its_block_and_a_broken_clause_with_its_own():
    text = "for i in (1:\n    nobody\nmissing\n"
    assert (told(text), find(text).left_out) == (
        [(2, "undefined", "missing")],
        (LeftOut(0, 1, SYNTAX),),
    )
    text = "if 1:\n    nobody\nelif (:\n    someone\nelse:\n    missing\n"
    assert told(text) == [(1, "undefined", "nobody"), (5, "undefined", "missing")]
    assert find(text).left_out == (LeftOut(2, 3, SYNTAX),)


def test_both_sides_of_a_conflict_are_read():
    text = "def f():\n<<<<<<< HEAD\n    a()\n=======\n    b()\n>>>>>>> other\n    c()\n"
    assert [name for _, _, name in told(text)] == ["a", "b", "c"]
    assert [each.first for each in find(text).left_out] == [1, 3, 5]


def test_indentation_that_belongs_to_nothing():
    text = "def f():\n    a()\n      b()\n    c()\n"
    assert [name for _, _, name in told(text)] == ["a", "c"]
    text = "def f():\n        a()\n    b()\nc()\n"
    assert [name for _, _, name in told(text)] == ["a", "c"]


@pytest.mark.parametrize(
    ("half", "use"),
    [
        ("df = pd.read_csv(", "df"),
        ("import os, (", "os"),
        ("from x import (y, z", "z"),
        ("import a.b as c, (", "c"),
        ("def f(", "f"),
        ("class C(", "C"),
        ("for i, (j in", "j"),
        ("with open(x) as file, (", "file"),
        ("a, *b = (", "b"),
        ("a = b = (", "a"),
        ("x: int = (", "x"),
        ("(y := ", "y"),
        ("if (y := 1:", "y"),
    ],
)
def test_names_that_somebody_is_about_to_bind_are_not_undefined(half, use):
    assert [each for each in told(f"{half}\n{use}\n") if each[0] == 1] == []


@pytest.mark.parametrize(
    "half", ["print(os.", "y = [os", "return os +", 'f"{os', "pip os x", "@os("]
)
def test_names_that_are_mentioned_are_not_unused(half):
    assert told(f"import os\n{half}\n") == []
    text = f"def f(a):\n    os = a\n    {half}\n    return a\n"
    assert [each for each in told(text) if each[1] == "unused"] == []


def test_names_that_nothing_binds_are_still_undefined():
    assert told("y = f(name[\nname\n") == [(1, "undefined", "name")]
    text = "def f():\n    y = (\n\ndef g():\n    return y\n"
    assert told(text) == [(4, "undefined", "y")]


def test_functions_are_not_judged_as_a_whole_while_a_part_is_missing():
    text = "def f(a):\n    if a:\n        return 1\n{}\ndef g(a):\n    while a:\n        {}\n"
    text += "        b()\n"
    kinds = [kind for _, kind, _ in told(text.format("", "pass"))]
    assert sorted(kinds) == ["endless loop", "no value", "undefined"]
    assert [kind for _, kind, _ in told(text.format("    y = (", "pip install x"))] == ["undefined"]
    assert told("def f(a):\n    pip install x\n") == []


def test_what_is_left_out_is_said():
    text = "y = (\nprint 'a'\nx = " + "-" * 9000 + "1\n"
    assert find(text).omissions == (
        Omission(SYNTAX, 2, ("1", "2")),
        Omission(NESTING, 1, ("3",)),
    )
    assert find(WHOLE).omissions == ()


def test_stand_ins_bind_and_read():
    assert stand_in("df = pd.read_csv(path, sep=s") == "df = (path, pd, s, )"
    assert stand_in("for") == "pass"
    assert stand_in("__all__ = ['a', 'b'") == "(a, b, )"
    assert mentions("x.y.z(a=b, *c)") == (set(), {"x", "b", "c"})


NEWER = {
    'print(f"{d["a"]}")': ["d"],
    'print(f"{d["a"]:{w["b"]}}" "c" f"{e}")': ["d", "w", "e"],
    "print(f'{\"\\n\".join(a)}')": ["a"],
    'f"{\n    a  # why\n}"': ["a"],
    'f"{f"{f"{a}"}"}"': ["a"],
    'f"{a["x"]!r:>{b}} {c = }"': ["a", "b", "c"],
    't"{a} {b["x"]}"': ["a", "b"],
    "rt'{a}'": ["a"],
    "type X = a": ["a"],
    "type X[T: a = b, *Ts, **P] = list[T, Ts, P, c]": ["a", "b", "c"],
    "def f[T: a, *Ts](x: T, y: b) -> T:\n    return c": ["a", "b", "c"],
    "async def f[T](): T; a": ["a"],
    "class C[T](a[T]):\n    x: T\n    y: b": ["a", "b"],
    "class C[\n    T,  # why\n    U = a,\n]:\n    x: U": ["a"],
    "try:\n    pass\nexcept a, b:\n    c": ["a", "b", "c"],
    "try:\n    pass\nexcept* a, b:\n    c": ["a", "b", "c"],
    "lazy import x": [],
    "lazy from x import y": [],
    "[*x for x in a]": ["a"],
    "{**x for x in a}": ["a"],
}


@pytest.mark.parametrize("text", NEWER)
@pytest.mark.parametrize("after", ["", "\ny = (\n"])
def test_newer_syntax_is_no_broken_place(text, after):
    found = find(f"{text}\n{after}zz\n")
    undefined = [each.name for each in found.problems if each.kind == "undefined"]
    assert sorted(undefined) == sorted([*NEWER[text], "zz"])
    assert len(found.left_out) == bool(after)
    last = text.count("\n") + 1 + after.count("\n")
    assert [each.line for each in found.problems if each.name == "zz"] == [last]


@pytest.mark.parametrize("text", NEWER)
def test_newer_syntax_stays_on_its_lines(text):
    written = older(text, (3, 11))
    assert written.count("\n") == text.count("\n")
    assert older(written, (3, 11)) == written
    native(ast.parse(written))


def test_a_type_parameter_is_known_where_it_is_bound_only():
    assert told("def f[T](x: T) -> T:\n    return x\n\nT\n") == [(3, "undefined", "T")]
    assert told("class C[T]:\n    x: T\n\n\ntype X[U] = list[U]\nU\n") == [(5, "undefined", "U")]
    assert told("class C:\n    type A = int\n    type B = list[A]\n") == []
    assert told("type A = B\ntype B = int\n") == []


@pytest.mark.parametrize(
    "line",
    [
        "x = " + " + ".join(["a"] * 400),
        "x = b()" + ".add(1)" * 250,
        "x = " + "lambda: " * 300 + "a",
        "x = " + "a if b else " * 400 + "a",
        "x" + "[0]" * 400 + " = 1",
        "x = " + "[" * 300 + "]" * 300,
        "x = " + "-" * 9000 + "a",
        "x = " + " + ".join(["a"] * 5000),
        "if 1: pass\n" + "elif 2: pass\n" * 400,
        "if 1: pass\n" + "elif 2: pass\n" * 4000,
        "def f(a):\n    b = undefined_here\n    return " + " + ".join(["a"] * 5000),
        "def f(a):\n    if a: return undefined_here\n" + "    elif a: return 1\n" * 400,
        "\n".join(f"{' ' * n}if 1:" for n in range(150)) + f"\n{' ' * 150}pass",
        "x = " + "".join(f"(y{n} := " for n in range(150)) + "a" + ")" * 150,
        "x = " + "[" * 150 + "a" + " for a in b]" * 150,
    ],
)
def test_a_deep_statement_costs_no_other_anything(line):
    text = f"zero\n{line}\ny = [1]\nprint(y[undefq])\n"
    found = told(text)
    assert found[0] == (0, "undefined", "zero")
    assert (text.count("\n") - 1, "undefined", "undefq") in found
    assert ("undefined_here" in line) == ("undefined_here" in {name for *_, name in found})


def test_what_a_deep_statement_reads_is_known_once_a_line():
    text = "import os\nx = " + " + ".join(["os.name", "a"] * 300) + "\n"
    assert told(text) == [(1, "undefined", "a")]
    text = "if 1:\n    def f(): pass\n" + "elif 2:\n    def f(): pass\n" * 400
    assert told(text) == []  # they exclude each other


@pytest.mark.parametrize("error", [ValueError, RecursionError])
def test_a_check_that_fails_costs_neither_other_checks_nor_other_code(error, monkeypatch):
    from linewise.analysis.problems import flow

    def fails(function, code):
        if function.name == "f":
            raise error
        yield Problem(function.lineno - 1, "inexact", function.name)

    monkeypatch.setattr(flow, "_OF_STATEMENTS", (fails, *flow._OF_STATEMENTS))
    text = "def f(x):\n    x == x\n    y\n\n\ndef g():\n    z\n"
    find.cache_clear()
    found = find(text)
    find.cache_clear()
    kinds = [(each.line, each.kind) for each in found.problems]
    expected = [(1, "always the same"), (1, "lost value"), (2, "undefined")]
    assert kinds == [*expected, (5, "inexact"), (6, "undefined")]
    kind = NESTING if error is RecursionError else OmissionKind.CHECKER
    assert found.left_out == (LeftOut(0, 0, kind),)


def test_a_statement_that_no_name_can_be_resolved_in_is_left_out_alone(monkeypatch):
    from linewise.analysis.problems import names

    def fails(self, node):
        raise ValueError

    monkeypatch.setattr(names._Checker, "DELETE", fails, raising=False)
    text = "import os\ndef f():\n    a\n    del b[os]\n    c\nd\n"
    find.cache_clear()
    found = find(text)
    find.cache_clear()
    assert [(each.line, each.name) for each in found.problems] == [(2, "a"), (4, "c"), (5, "d")]
    assert found.left_out == (LeftOut(3, 3, OmissionKind.CHECKER),)


FILES = sorted(PACKAGE.glob("analysis/**/*.py"))


@given(st.randoms(use_true_random=False))
@settings(max_examples=30, deadline=None)
def test_what_is_done_to_one_unit_changes_nothing_of_the_others(chance: random.Random):
    text = chance.choice(FILES).read_text("utf-8")
    lines = text.split("\n")
    tree = ast.parse(text)
    unit = chance.choice([each for each in tree.body if not getattr(each, "decorator_list", None)])
    line = chance.choice(BROKEN)
    broken = "\n".join((*lines[: unit.lineno - 1], line, *lines[unit.lineno - 1 :]))
    mentioned = {name for names in mentions(line) for name in names}
    moved = [(at + (at >= unit.lineno - 1), *rest) for at, *rest in told(text)]
    expected = [each for each in moved if each[2] not in mentioned]
    assert [each for each in told(broken) if each[2] not in mentioned] == expected


@given(st.randoms(use_true_random=False))
@settings(max_examples=30, deadline=None)
def test_no_edit_makes_a_text_that_cannot_be_read(chance: random.Random):
    text = chance.choice(FILES).read_text("utf-8")
    at = chance.randrange(len(text))
    new = chance.choice([*"()[]{}'\"\\:,;@%\n\t\0\r\f\x85", '"""', "\\\n", "f'{", ""])
    text = text[:at] + new + chance.choice((text[at:], text[at + 1 :], ""))
    began = time.process_time()
    found = find(text)
    assert time.process_time() - began < 2
    lines = len(parse(text).lines)
    assert all(0 <= each.line < lines for each in found.problems)
    assert all(0 <= each.first <= each.last < lines for each in found.left_out)


@given(st.text(alphabet="abdefimnprt =():[]{}\n\t '\"\\#@,;.f%\0\r", max_size=120))
@example("class A:\n@a\n")
@example("try: pass\nelse:\n")
@example("match a:\n case 1:\n")
@example("if a:\n\tb\n        c\n")
@settings(deadline=None)
def test_no_text_is_too_strange(text):
    found = find(text)
    lines = len(parse(text).lines)
    assert all(0 <= each.line < lines for each in found.problems)
    assert all(0 <= each.first <= each.last < lines for each in found.left_out)
    syntax = parse(text)
    assert len(line_facts(syntax, code_lines(syntax))) == len(code_lines(syntax))


@pytest.mark.parametrize(
    "text",
    [
        "def f{0}(a, b):\n    x = a + b\n    print x\n    y = g(x, [1, 2])\n    return y\n",
        "y = (\nx = [1, 2]\nz = 'a'\n",
        "x = '''abc\nfoo = 1\n",
    ],
)
def test_many_broken_statements_take_a_time_that_grows_with_the_text(text):
    began = time.process_time()
    found = find("".join(text.replace("{0}", str(n)) for n in range(500)))
    assert time.process_time() - began < 2
    assert 490 <= len(found.left_out) <= 500
